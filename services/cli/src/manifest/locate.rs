//! Where a field stands in a YAML file: documents with their line offsets, and the place of a path such as
//! `spec.lots[1].startingPrice`.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeOwned, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Location, Spanned};

/// A place in the file, both counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) line: u64,
    pub(super) column: u64,
}

/// One document of a file. Its text keeps the file's line numbers by as many empty lines before it.
pub(super) struct Document<'a> {
    text: std::borrow::Cow<'a, str>,
    tree: Result<Option<Spanned<Node>>, (Option<Place>, String)>,
}

/// A YAML value without types: only its shape, to find places in.
enum Node {
    Map(BTreeMap<String, Spanned<Node>>),
    List(Vec<Spanned<Node>>),
    Text(String),
    Other,
}

/// Splits a file into its documents. A line that begins with `---` is a boundary wherever it stands (YAML 1.2 § 9.1.2).
pub(super) fn split(text: &str) -> Vec<Document<'_>> {
    let mut documents = Vec::new();
    let (mut start, mut start_line, mut at) = (0, 0, 0);
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let boundary =
            line.strip_prefix("---").is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace));
        if boundary && at > start {
            documents.push(Document::new(&text[start..at], start_line));
            (start, start_line) = (at, number);
        }
        at += line.len();
    }
    documents.push(Document::new(&text[start..], start_line));
    documents
}

impl<'a> Document<'a> {
    fn new(text: &'a str, lines_before: usize) -> Self {
        let text: std::borrow::Cow<'a, str> =
            if lines_before == 0 { text.into() } else { format!("{}{text}", "\n".repeat(lines_before)).into() };
        let empty = text.lines().all(|line| {
            let line = line.trim();
            line.is_empty() || line.starts_with('#') || line == "---" || line == "..."
        });
        let tree =
            if empty { Ok(None) } else { serde_saphyr::from_str(&text).map(Some).map_err(|error| plain(&error)) };
        Self { text, tree }
    }

    /// The document's kind; `None` for an empty document.
    pub(super) fn kind(&self) -> Result<Option<String>, (Option<Place>, String)> {
        match &self.tree {
            Err(error) => Err(error.clone()),
            Ok(None) => Ok(None),
            Ok(Some(root)) => match &root.value {
                Node::Map(members) => match members.get("kind").map(|kind| &kind.value) {
                    Some(Node::Text(kind)) => Ok(Some(kind.clone())),
                    Some(Node::Map(_) | Node::List(_) | Node::Other) | None => {
                        Err((place(root), "the document has no kind; write Auction or Secret".to_owned()))
                    }
                },
                Node::List(_) | Node::Text(_) | Node::Other => {
                    Err((place(root), "the document is not a map of fields".to_owned()))
                }
            },
        }
    }

    /// The document as a type of ours.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, (Option<Place>, String)> {
        serde_saphyr::from_str(&self.text).map_err(|error| plain(&error))
    }

    /// The names of the members at a path.
    pub(super) fn members(&self, path: &str) -> Vec<String> {
        match self.descend(path).0.map(|node| &node.value) {
            Some(Node::Map(members)) => members.keys().cloned().collect(),
            Some(Node::List(_) | Node::Text(_) | Node::Other) | None => Vec::new(),
        }
    }

    /// The text at a path, if a text stands there.
    pub(super) fn text(&self, path: &str) -> Option<&str> {
        match self.descend(path).0.map(|node| &node.value) {
            Some(Node::Text(text)) => Some(text),
            Some(Node::Map(_) | Node::List(_) | Node::Other) | None => None,
        }
    }

    /// The place of a path, or of as much of it as the file has.
    pub(super) fn find(&self, path: &str) -> Option<Place> {
        self.descend(path).1
    }

    /// The node at a path if it is there, and the place of the deepest node on the way.
    fn descend(&self, path: &str) -> (Option<&Spanned<Node>>, Option<Place>) {
        let Ok(Some(root)) = &self.tree else { return (None, None) };
        let mut deepest = place(root);
        let mut node = root;
        for step in path.split(['.', '[']).filter(|step| !step.is_empty()) {
            let next = match &node.value {
                Node::Map(members) => members.get(step),
                Node::List(items) => step.strip_suffix(']').and_then(|index| items.get(index.parse::<usize>().ok()?)),
                Node::Text(_) | Node::Other => None,
            };
            let Some(next) = next else { return (None, deepest) };
            deepest = place(next).or(deepest);
            node = next;
        }
        (Some(node), deepest)
    }
}

fn place(node: &Spanned<Node>) -> Option<Place> {
    known(node.referenced)
}

fn known(location: Location) -> Option<Place> {
    (location.line() > 0).then(|| Place { line: location.line(), column: location.column() })
}

/// The parser's message without its picture of the line: the place is printed in front.
fn plain(error: &serde_saphyr::Error) -> (Option<Place>, String) {
    let text = error.without_snippet().to_string();
    let text = text.lines().next().unwrap_or_default();
    let text = text.split_once(" at line ").map_or(text, |(message, _)| message);
    (error.location().and_then(known), text.trim_start_matches("error: ").to_owned())
}

impl<'de> serde::Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyNode)
    }
}

struct AnyNode;

impl<'de> Visitor<'de> for AnyNode {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut members = BTreeMap::new();
        while let Some((name, value)) = map.next_entry::<String, Spanned<Node>>()? {
            members.insert(name, value);
        }
        Ok(Node::Map(members))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element::<Spanned<Node>>()? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.to_owned()))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Other)
    }
}
