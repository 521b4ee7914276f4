//! The table of verdicts: what each bound and each rule lets through and what it refuses, written by hand.
//!
//! A bound is stated once with its numbers; the cases at and beyond it follow from those. The numbers are the table's own, so
//! a schema that says otherwise is found out.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

/// A change of the base manifest: paths such as `spec.lots.0.title` to values; null takes the field out.
pub(crate) type Edits = BTreeMap<String, Value>;

/// The verdicts about one kind.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    pub(crate) base: Value,
    pub(crate) bounds: Vec<Bound>,
    pub(crate) rules: Vec<Rule>,
}

/// What one field may hold.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Bound {
    at: String,
    /// Further fields with the same bounds.
    also: Vec<String>,
    /// What must be there too.
    with: Edits,
    /// Least and most characters.
    length: Option<(Option<usize>, Option<usize>)>,
    /// What a generated text begins with, and what it goes on with.
    fill: String,
    pad: Option<char>,
    /// For bounds whose edge has no simple form: a value at it and one beyond it.
    edges: BTreeMap<String, (Value, Value)>,
    /// Texts that match the pattern, and texts that do not.
    like: Vec<Value>,
    unlike: Vec<Value>,
    range: Option<(Option<i64>, Option<i64>)>,
    /// Numbers must be multiples of it.
    step: Option<i64>,
    /// Least and most entries of a list, and what one looks like (or each of them); `key` is made unique.
    count: Option<(Option<usize>, Option<usize>)>,
    item: Value,
    key: Option<String>,
    /// The most entries of a map.
    entries: Option<usize>,
    /// All words that an enumeration knows.
    words: Vec<Value>,
    /// Fields that must be there.
    needs: Vec<String>,
    /// No entry, or none of its `key`, may be there twice.
    unique: bool,
    date: bool,
}

/// One rule beyond the schema, known by the beginning of its message.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    pub(crate) says: String,
    /// For rules about a change: what was there before, status included.
    #[serde(default)]
    pub(crate) before: Option<Edits>,
    pub(crate) accepts: Vec<Edits>,
    pub(crate) refuses: Vec<Edits>,
    /// Why nothing can break it yet.
    #[serde(default)]
    pub(crate) dormant: Option<String>,
}

/// One object and what should become of it.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: String,
    /// The bound or rule that it is about, as the coverage counts them.
    pub(crate) subject: String,
    pub(crate) before: Option<Value>,
    pub(crate) object: Value,
    pub(crate) wanted: Wanted,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    Accepted,
    /// Refused, with all of these in the answer.
    Refused(Vec<String>),
}

impl Table {
    /// Rules that nothing can break yet, by the beginning of their messages.
    pub(crate) fn dormant(&self) -> Vec<String> {
        self.rules.iter().filter(|rule| rule.dormant.is_some()).map(|rule| format!("rule: {}", rule.says)).collect()
    }

    /// Every case, in the order of the table.
    pub(crate) fn cases(&self, kind: &str) -> Vec<Case> {
        let mut cases = Vec::new();
        for bound in &self.bounds {
            for at in std::iter::once(&bound.at).chain(&bound.also) {
                Maker { kind, base: &self.base, at, bound, cases: &mut cases }.make();
            }
        }
        for rule in &self.rules {
            let subject = format!("rule: {}", rule.says);
            let before = rule.before.as_ref().map(|edits| edited(&self.base, edits));
            let start = before.as_ref().unwrap_or(&self.base);
            let refused = Wanted::Refused(vec![rule.says.clone()]);
            let wanted = rule.accepts.iter().map(|edits| (edits, Wanted::Accepted));
            for (edits, wanted) in wanted.chain(rule.refuses.iter().map(|edits| (edits, refused.clone()))) {
                let name = format!("{kind}: {} {}", rule.says, json!(edits));
                let object = edited(start, edits);
                cases.push(Case { name, subject: subject.clone(), before: before.clone(), object, wanted });
            }
        }
        cases
    }
}

/// Makes the cases of one bound.
struct Maker<'a> {
    kind: &'a str,
    base: &'a Value,
    at: &'a str,
    bound: &'a Bound,
    cases: &'a mut Vec<Case>,
}

impl Maker<'_> {
    fn make(&mut self) {
        let bound = self.bound;
        if let Some((least, most)) = bound.length {
            let pad = bound.pad.unwrap_or('a');
            let text = |length: usize| {
                json!(bound.fill.chars().chain(std::iter::repeat(pad)).take(length).collect::<String>())
            };
            self.edges("minLength", "maxLength", least, most, text);
        }
        if let Some((least, most)) = bound.range {
            let step = bound.step.unwrap_or(1);
            self.edge("minimum", least.map(|least| (json!(least), json!(least - step))));
            self.edge("maximum", most.map(|most| (json!(most), json!(most + step))));
            self.edge(
                "multipleOf",
                least.filter(|_| bound.step.is_some()).map(|least| (json!(least + step), json!(least + 1))),
            );
        }
        if let Some((least, most)) = bound.count {
            let list = |length: usize| Value::Array((0..length).map(|index| self.entry(index)).collect());
            let low = least.map(|least| (list(least), list(least - 1)));
            let high = most.map(|most| (list(most), list(most + 1)));
            self.edge("minItems", low);
            self.edge("maxItems", high);
        }
        if let Some(most) = bound.entries {
            let map = |length: usize| {
                Value::Object((0..length).map(|index| (format!("key-{index}"), json!("x"))).collect::<Map<_, _>>())
            };
            self.edge("maxProperties", Some((map(most), map(most + 1))));
        }
        if bound.unique {
            let entries = [self.entry(0), self.entry(0), self.entry(1)];
            let [first, again, other] = entries;
            self.edge("unique", Some((json!([first.clone(), other]), json!([first, again]))));
        }
        for (keyword, values) in &bound.edges {
            self.edge(keyword, Some(values.clone()));
        }
        for value in &bound.like {
            self.case("pattern", value.clone(), Wanted::Accepted);
        }
        for value in &bound.unlike {
            self.case("pattern", value.clone(), self.refused("pattern"));
        }
        for word in &bound.words {
            self.case("enum", word.clone(), Wanted::Accepted);
        }
        if let Some(word) = bound.words.first() {
            let stranger = if word.is_number() { json!(31) } else { json!("Nonsense") };
            self.case("enum", stranger, self.refused("enum"));
        }
        if bound.date {
            self.case("format", json!("2026-12-01T20:00:00Z"), Wanted::Accepted);
            self.case("format", json!("tomorrow at eight"), self.refused("format"));
        }
        for field in &bound.needs {
            self.without(field);
        }
    }

    /// Both ends of a range of sizes.
    fn edges(
        &mut self,
        low: &str,
        high: &str,
        least: Option<usize>,
        most: Option<usize>,
        make: impl Fn(usize) -> Value,
    ) {
        self.edge(low, least.map(|least| (make(least), make(least - 1))));
        self.edge(high, most.map(|most| (make(most), make(most + 1))));
    }

    /// A value at a bound and one just beyond it.
    fn edge(&mut self, keyword: &str, values: Option<(Value, Value)>) {
        let Some((within, beyond)) = values else { return };
        self.case(keyword, within, Wanted::Accepted);
        self.case(keyword, beyond, self.refused(keyword));
    }

    fn without(&mut self, field: &str) {
        let path = join(self.at, field);
        let object = edited(&edited(self.base, &self.bound.with), &[(path.clone(), Value::Null)].into());
        let wanted = Wanted::Refused(vec![printed(&path), "Required value".to_owned()]);
        let name = format!("{}: {path} is required", self.kind);
        self.cases.push(Case { name, subject: format!("{} required", place(&path)), before: None, object, wanted });
    }

    fn case(&mut self, keyword: &str, value: Value, wanted: Wanted) {
        let at = self.at;
        let shown = value.to_string();
        let shown = if shown.len() > 60 { format!("{} characters of JSON", shown.len()) } else { shown };
        let name = format!("{}: {at} {keyword} {shown}", self.kind);
        let object = edited(&edited(self.base, &self.bound.with), &[(at.to_owned(), value)].into());
        self.cases.push(Case { name, subject: format!("{} {keyword}", place(at)), before: None, object, wanted });
    }

    /// The field and the API server's own words for what is wrong with it.
    fn refused(&self, keyword: &str) -> Wanted {
        let words = match keyword {
            "minLength" | "minItems" => "at least",
            "maxLength" => "may not be more than",
            "pattern" => "should match",
            "minimum" => "greater than or equal to",
            "maximum" => "less than or equal to",
            "multipleOf" => "multiple of",
            "maxItems" | "maxProperties" => "must have at most",
            "enum" => "Unsupported value",
            "unique" => "Duplicate value",
            "format" => "must be of type date-time",
            other => panic!("{other} is no bound"),
        };
        Wanted::Refused(vec![printed(self.at), words.to_owned()])
    }

    /// The `index`th entry of a list.
    fn entry(&self, index: usize) -> Value {
        if let Some(items) = self.bound.item.as_array() {
            return items[index].clone();
        }
        let mut entry = self.bound.item.clone();
        match (&self.bound.key, entry.as_str()) {
            (Some(key), _) => entry[key] = json!(format!("n{index}")),
            (None, Some(text)) => entry = json!(text.replace("{}", &index.to_string())),
            (None, None) => {}
        }
        entry
    }
}

/// The manifest with edits made. Objects on the way are created, lists are not.
fn edited(base: &Value, edits: &Edits) -> Value {
    let mut object = base.clone();
    for (path, value) in edits {
        let (parents, last) = path.rsplit_once('.').unwrap_or(("", path));
        let mut at = &mut object;
        for step in parents.split('.').filter(|step| !step.is_empty()) {
            at = match step.parse::<usize>() {
                Ok(index) => &mut at[index],
                Err(_) => at.as_object_mut().expect("a path leads through objects").entry(step).or_insert(json!({})),
            };
        }
        match (at, last.parse::<usize>()) {
            (Value::Array(items), Ok(index)) if value.is_null() => drop(items.remove(index)),
            (Value::Array(items), Ok(index)) if index == items.len() => items.push(value.clone()),
            (Value::Array(items), Ok(index)) => items[index] = value.clone(),
            (Value::Object(members), _) if value.is_null() => drop(members.remove(last)),
            (Value::Object(members), _) => drop(members.insert(last.to_owned(), value.clone())),
            (other, _) => panic!("{path} leads into {other}"),
        }
    }
    object
}

fn join(path: &str, field: &str) -> String {
    if path.is_empty() { field.to_owned() } else { format!("{path}.{field}") }
}

/// `spec.lots.0.title` as the coverage names it: `spec.lots[].title`.
fn place(path: &str) -> String {
    let mut place = String::new();
    for step in path.split('.') {
        match step.parse::<usize>() {
            Ok(_) => place.push_str("[]"),
            Err(_) => place = join(&place, step),
        }
    }
    place
}

/// `spec.lots.0.title` as the API server prints it: `spec.lots[0].title`.
fn printed(path: &str) -> String {
    let mut printed = String::new();
    for step in path.split('.') {
        match step.parse::<usize>() {
            Ok(index) => printed = format!("{printed}[{index}]"),
            Err(_) => printed = join(&printed, step),
        }
    }
    printed
}
