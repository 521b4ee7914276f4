//! The chart's documented values: a comment above each key, and from it the schema and the README.
//!
//! In a comment, lines that begin with `@` narrow the schema: `@enum A B`, `@min N`, `@max N`, `@items TYPE`, and `@free` for
//! a mapping of any keys.

mod readme;
mod schema;

use std::collections::BTreeMap;

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;

pub use readme::readme;
pub use schema::schema;

/// One key.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub key: String,
    /// Sentences.
    pub text: String,
    pub hints: Hints,
    pub default: Value,
    /// Of a mapping whose keys are known; empty otherwise.
    pub children: Vec<Entry>,
}

/// What narrows the schema.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hints {
    pub one_of: Vec<String>,
    pub minimum: Option<i64>,
    pub maximum: Option<i64>,
    pub items: Option<String>,
    pub free: bool,
}

/// Reads `values.yaml`. Fails on a key that no comment describes.
pub fn read(yaml: &str) -> anyhow::Result<Vec<Entry>> {
    let defaults: Value = serde_saphyr::from_str(yaml).context("values.yaml is not YAML")?;
    let comments = comments(yaml)?;
    entries(&defaults, "", &comments, &order(yaml))
}

/// The comment above each key, by path.
type Comments = BTreeMap<String, (String, Hints)>;

fn entries(
    mapping: &Value,
    path: &str,
    comments: &Comments,
    order: &BTreeMap<String, usize>,
) -> anyhow::Result<Vec<Entry>> {
    let Value::Object(fields) = mapping else { bail!("{path} is no mapping") };
    let mut entries = Vec::new();
    for (key, default) in fields {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        let (text, hints) = comments.get(&path).cloned().with_context(|| format!("{path} has no comment"))?;
        ensure!(text.ends_with('.'), "{path} is not described in a sentence");
        let known = default.is_object() && !hints.free;
        let children = if known { self::entries(default, &path, comments, order)? } else { Vec::new() };
        entries.push((
            order.get(&path).copied(),
            Entry { key: key.clone(), text, hints, default: default.clone(), children },
        ));
    }
    entries.sort_by_key(|(line, _)| *line);
    Ok(entries.into_iter().map(|(_, entry)| entry).collect())
}

/// A line of block YAML: how deep it stands, and its key.
fn key_of(line: &str) -> Option<(usize, &str)> {
    let depth = line.len() - line.trim_start().len();
    let (key, _) = line.trim_start().split_once(':')?;
    let plain = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric());
    plain.then_some((depth / 2, key))
}

/// Every key's path with its line, top to bottom.
fn paths(yaml: &str) -> Vec<(usize, String)> {
    let mut stack: Vec<&str> = Vec::new();
    let mut paths = Vec::new();
    for (number, line) in yaml.lines().enumerate() {
        if let Some((depth, key)) = key_of(line) {
            stack.truncate(depth);
            stack.push(key);
            paths.push((number, stack.join(".")));
        }
    }
    paths
}

fn order(yaml: &str) -> BTreeMap<String, usize> {
    paths(yaml).into_iter().map(|(line, path)| (path, line)).collect()
}

fn comments(yaml: &str) -> anyhow::Result<Comments> {
    let lines: Vec<&str> = yaml.lines().collect();
    let mut comments = Comments::new();
    for (number, path) in paths(yaml) {
        let above =
            lines[..number].iter().rev().map_while(|line| line.trim_start().strip_prefix('#')).collect::<Vec<_>>();
        let (mut text, mut hints) = (Vec::new(), Hints::default());
        for line in above.into_iter().rev().map(str::trim) {
            match line.strip_prefix('@') {
                Some(hint) => hints.add(hint).with_context(|| format!("above {path}"))?,
                None => text.push(line),
            }
        }
        if !text.is_empty() {
            comments.insert(path, (text.join(" "), hints));
        }
    }
    Ok(comments)
}

impl Hints {
    fn add(&mut self, hint: &str) -> anyhow::Result<()> {
        let (word, rest) = hint.split_once(' ').unwrap_or((hint, ""));
        match word {
            "enum" => self.one_of = rest.split(' ').map(str::to_owned).collect(),
            "min" => self.minimum = Some(rest.parse().context("@min takes a number")?),
            "max" => self.maximum = Some(rest.parse().context("@max takes a number")?),
            "items" => self.items = Some(rest.to_owned()),
            "free" => self.free = true,
            other => bail!("@{other} is no hint"),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const YAML: &str = "# The head.\n\n# Fruit.\nfruit:\n  # Its colour.\n  # @enum red green\n  colour: red\n  # Any words.\n  # @free\n  words:\n    a: {b: c}\n";

    #[test]
    fn keys_come_with_their_comments_in_the_order_of_the_file() {
        let read = read(YAML).unwrap();
        assert_eq!(read.len(), 1);
        assert_eq!((read[0].key.as_str(), read[0].text.as_str()), ("fruit", "Fruit."));
        let children: Vec<&str> = read[0].children.iter().map(|entry| entry.key.as_str()).collect();
        assert_eq!(children, ["colour", "words"]);
        assert_eq!(read[0].children[0].hints.one_of, ["red", "green"]);
        assert!(read[0].children[1].hints.free);
    }

    #[test]
    fn a_key_without_a_comment_is_named() {
        let refused = read("# A.\na:\n  b: 1\n").unwrap_err();
        assert_eq!(refused.to_string(), "a.b has no comment");
    }

    #[test]
    fn the_schema_takes_known_keys_alone() {
        let schema = schema(&read(YAML).unwrap());
        assert_eq!(schema["properties"]["fruit"]["additionalProperties"], json!(false));
        assert_eq!(schema["properties"]["fruit"]["properties"]["colour"]["enum"], json!(["red", "green"]));
        assert_eq!(schema["properties"]["fruit"]["properties"]["words"]["additionalProperties"], json!(true));
    }
}
