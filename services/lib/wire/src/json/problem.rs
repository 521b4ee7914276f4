//! What is wrong with a JSON text, in words for whoever sent it: no names of our types, no words of a library.

use std::fmt;

use serde::de::{Error, Expected, Unexpected};

/// Longest piece of somebody's text that an error repeats, in characters.
const MAX_SHOWN: usize = 40;

/// Why a text cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadJson {
    /// It is not JSON at all.
    #[error("{0}")]
    Malformed(String),
    /// It is JSON, and something in it is not what belongs there.
    #[error("{}{problem}", place(.at))]
    Wrong {
        /// A JSON pointer (RFC 6901); empty for the whole text.
        at: String,
        problem: String,
    },
}

fn place(at: &str) -> String {
    if at.is_empty() { String::new() } else { format!("{at}: ") }
}

impl BadJson {
    /// The parser's complaint without its words.
    pub(super) fn malformed(error: &serde_json::Error) -> Self {
        match error.classify() {
            serde_json::error::Category::Eof => Self::Malformed("the JSON ends too early".to_owned()),
            serde_json::error::Category::Syntax | serde_json::error::Category::Data => Self::Malformed(format!(
                "this is not JSON: line {}, column {} cannot be read",
                error.line(),
                error.column()
            )),
            serde_json::error::Category::Io => Self::Malformed("the text could not be read to its end".to_owned()),
        }
    }

    pub(super) fn wrong(problem: impl Into<String>) -> Self {
        Self::Wrong { at: String::new(), problem: problem.into() }
    }

    /// The same error, seen from one level further out.
    pub(super) fn under(self, step: impl fmt::Display) -> Self {
        match self {
            Self::Malformed(_) => self,
            Self::Wrong { at, problem } => {
                let step = step.to_string().replace('~', "~0").replace('/', "~1");
                Self::Wrong { at: format!("/{step}{at}"), problem }
            }
        }
    }
}

impl Error for BadJson {
    fn custom<T: fmt::Display>(problem: T) -> Self {
        Self::wrong(problem.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::wrong(format!("{} belongs here, not {}", wanted(expected), shape(found)))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        Self::wrong(format!("{} belongs here, not {length} items", wanted(expected)))
    }

    fn unknown_variant(found: &str, known: &'static [&'static str]) -> Self {
        Self::wrong(format!("\"{}\" is none of {}", shown(found), known.join(", ")))
    }

    fn unknown_field(found: &str, known: &'static [&'static str]) -> Self {
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        Self::wrong(format!("\"{}\" is not a field here; the fields are {known}", shown(found)))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::wrong(format!("the field \"{field}\" is missing"))
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::twice(field)
    }
}

impl BadJson {
    pub(super) fn twice(field: &str) -> Self {
        Self::wrong(format!("the field \"{}\" is there twice", shown(field)))
    }
}

pub(super) fn shown(text: &str) -> String {
    text.chars().take(MAX_SHOWN).collect()
}

/// What a type asked for. Types of ours say it in words; serde's say the name of a Rust type.
fn wanted(expected: &dyn Expected) -> String {
    let said = expected.to_string();
    let whole = |least: &str, most: &str| format!("a whole number from {least} to {most}");
    match said.as_str() {
        "u8" => whole("0", "255"),
        "u16" => whole("0", "65535"),
        "u32" => whole("0", "4294967295"),
        "u64" | "usize" => whole("0", "18446744073709551615"),
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        "a string" | "a borrowed string" | "a character" => "a text".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a sequence" => "a list".to_owned(),
        "unit" => "null".to_owned(),
        "a map" => "an object".to_owned(),
        "variant identifier" | "field identifier" => "a name".to_owned(),
        other
            if ["struct ", "enum ", "internally tagged ", "adjacently tagged "]
                .iter()
                .any(|of| other.starts_with(of)) =>
        {
            "an object".to_owned()
        }
        _ => said,
    }
}

fn shape(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(value) => value.to_string(),
        Unexpected::Unsigned(number) => format!("the number {number}"),
        Unexpected::Signed(number) => format!("the number {number}"),
        Unexpected::Float(number) => format!("the number {number}"),
        Unexpected::Char(letter) => format!("\"{letter}\""),
        Unexpected::Str(text) => format!("\"{}\"", shown(text)),
        Unexpected::Unit | Unexpected::Option => "null".to_owned(),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "an object".to_owned(),
        Unexpected::Bytes(_)
        | Unexpected::NewtypeStruct
        | Unexpected::Enum
        | Unexpected::UnitVariant
        | Unexpected::NewtypeVariant
        | Unexpected::TupleVariant
        | Unexpected::StructVariant
        | Unexpected::Other(_) => "something else".to_owned(),
    }
}
