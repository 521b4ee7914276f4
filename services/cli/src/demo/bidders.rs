//! Limits and states of bidders from a file: JSON lines or CSV with a header. Pure but for reading the file.

mod csv;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use auction_core::{BidderId, Handle, Paddle, Wei};
use serde_json::Value;
use wire::rest::{BidderLine, BidderState, LimitChange};
use wire::{Amount, XId};

use super::house::Author;
use crate::trouble::Trouble;

/// Bad lines that an error lists; the others are only counted.
const MOST_LISTED: usize = 20;
/// Places of an amount in main units: a wei is the eighteenth.
const DECIMALS: usize = 18;

/// Whom a line is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    Handle(Handle),
    Id(BidderId),
}

/// What a line says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Standing {
    limit: Option<Wei>,
    paddle: Option<Paddle>,
    status: BidderState,
}

/// All lines of a file; a later one about the same bidder replaces an earlier one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Limits(BTreeMap<Who, Standing>);

impl Limits {
    /// The handles that it names, in lower case.
    pub(super) fn handles(&self) -> impl Iterator<Item = &Handle> {
        self.0.keys().filter_map(|who| match who {
            Who::Handle(handle) => Some(handle),
            Who::Id(_) => None,
        })
    }

    fn of(&self, id: BidderId, handle: &Handle) -> Option<Standing> {
        self.0.get(&Who::Id(id)).or_else(|| self.0.get(&Who::Handle(handle.clone()))).cloned()
    }
}

/// Reads a file; the error names every bad line.
pub(super) fn read(path: &Path) -> Result<Limits, Trouble> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        let message = format!("{} cannot be read", path.display());
        Trouble::new("BiddersUnreadable", message, "name a file of JSON lines or CSV").because(error)
    })?;
    parse(&text).map_err(|faults| {
        let listed: Vec<_> = faults.iter().take(MOST_LISTED).cloned().collect();
        let message =
            format!("{} lines of {} are not bidders\n  {}", faults.len(), path.display(), listed.join("\n  "));
        let remedy = "write {\"author\":\"ada\",\"limit\":\"5 ETH\"} a line, or CSV under the header author,limit";
        Trouble::new("BiddersInvalid", message, remedy)
    })
}

fn parse(text: &str) -> Result<Limits, Vec<String>> {
    let is_json = text.trim_start().starts_with('{');
    let lines = if is_json { json_lines(text) } else { csv::objects(text) };
    let (mut limits, mut faults) = (Limits::default(), Vec::new());
    for (number, object) in lines {
        match object.and_then(|object| bidder(&object)) {
            Ok((who, standing)) => drop(limits.0.insert(who, standing)),
            Err(what) => faults.push(format!("line {number}: {what}")),
        }
    }
    if faults.is_empty() { Ok(limits) } else { Err(faults) }
}

type Object = serde_json::Map<String, Value>;

/// A line by its number, and what it says or why it says nothing.
type Numbered = (usize, Result<Object, String>);

fn json_lines(text: &str) -> Vec<Numbered> {
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(number, line)| (number, wire::json::read(line.as_bytes()).map_err(|bad| bad.to_string()))).collect()
}

fn bidder(object: &Object) -> Result<(Who, Standing), String> {
    let said = |name: &str| object.get(name).filter(|value| !value.is_null());
    let who = ["author", "handle", "x_id", "id", "author_id"].into_iter().find_map(said);
    let who = who.ok_or("it names nobody: give author, handle or x_id")?;
    let limit = match (said("limit_wei"), said("limit")) {
        (Some(wei), _) => Some(text(wei).parse::<Wei>().map_err(|error| error.to_string())?),
        (None, Some(limit)) => main_units(&text(limit))?,
        (None, None) => None,
    };
    let paddle = said("paddle").map(|paddle| text(paddle).parse::<Paddle>().map_err(|error| error.to_string()));
    let status = match said("status").map(text).as_deref() {
        None | Some("" | "active") => BidderState::Active,
        Some("suspended") => BidderState::Suspended,
        Some("barred") => BidderState::Barred,
        Some(other) => return Err(format!("the status \"{other}\" is none of active, suspended and barred")),
    };
    Ok((self::who(&text(who))?, Standing { limit, paddle: paddle.transpose()?, status }))
}

/// Digits are an account id (a handle of digits alone must be written with `@`), anything else a handle.
fn who(text: &str) -> Result<Who, String> {
    let text = text.trim();
    match text.parse() {
        Ok(id) if text.bytes().all(|byte| byte.is_ascii_digit()) => Ok(Who::Id(BidderId(id))),
        Ok(_) | Err(_) => Handle::new(text).map(Who::Handle).map_err(|error| error.to_string()),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// `"5"`, `"5 ETH"`, `"0.5eth"`; an empty text is no limit.
fn main_units(text: &str) -> Result<Option<Wei>, String> {
    let bare = text.to_ascii_lowercase();
    let bare = bare.strip_suffix("eth").unwrap_or(&bare).trim();
    if bare.is_empty() && text.is_empty() {
        return Ok(None);
    }
    Wei::from_main_units(bare, DECIMALS).map(Some).map_err(|error| error.to_string())
}

/// What somebody may spend whom no file names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purse {
    Unlimited,
    /// 10 to 100 ETH, by the account's id: people who are made up are not all rich.
    ById,
}

impl Purse {
    fn of(self, id: BidderId) -> Option<Wei> {
        match self {
            Self::Unlimited => None,
            Self::ById => Some(Wei::from((u128::from(id.0 % 10) + 1) * 10_u128.pow(19))),
        }
    }
}

/// The import of everybody: the crowd, and those of the file who never post. Who has a paddle comes first, so that
/// nobody else is given it.
pub(super) fn lines(
    authors: &[Author],
    strangers: &[Author],
    limits: &Limits,
    purse: Purse,
) -> anyhow::Result<Vec<BidderLine>> {
    let mut lines = BTreeMap::new();
    for Author { id, handle } in authors.iter().chain(strangers) {
        let id = BidderId(id.parse().with_context(|| format!("\"{id}\" is no account id"))?);
        let handle = Handle::new(handle)?;
        let unnamed = || Standing { limit: purse.of(id), ..Standing::default() };
        let Standing { limit, paddle, status } = limits.of(id, &handle).unwrap_or_else(unnamed);
        let handle = Some(wire::Text::new(handle.as_str())?);
        let limit_wei = LimitChange::to(limit.map(Amount));
        let line = BidderLine { x_id: XId(id), handle, paddle, limit_wei, status: Some(status), subject: None };
        lines.insert(id, line);
    }
    let (mut first, rest): (Vec<_>, Vec<_>) = lines.into_values().partition(|line| line.paddle.is_some());
    first.extend(rest);
    Ok(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wei(amount: &str) -> Option<Wei> {
        Wei::from_main_units(amount, DECIMALS).ok()
    }

    #[test]
    fn limits_are_read_from_json_lines_in_every_writing() {
        let text = r#"{"author":"Ada","limit":"5 ETH"}
{"handle":"@bob","limit":"0.5"}

{"x_id":"42","limit_wei":"7","paddle":9,"status":"barred"}
{"id":43,"limit":1.5}
{"author":"cyd","limit":null}"#;
        let limits = parse(text).unwrap();
        let of = |id, handle| limits.of(BidderId(id), &Handle::new(handle).unwrap()).unwrap();
        assert_eq!(of(1, "ada").limit, wei("5"));
        assert_eq!(of(1, "BOB").limit, wei("0.5"));
        let barred = Standing { limit: Some(Wei::from(7)), paddle: Some(Paddle(9)), status: BidderState::Barred };
        assert_eq!(of(42, "x"), barred);
        assert_eq!(of(43, "x").limit, wei("1.5"));
        assert_eq!(of(1, "cyd"), Standing::default());
        assert_eq!(limits.of(BidderId(1), &Handle::new("nobody").unwrap()), None);
    }

    #[test]
    fn limits_are_read_from_csv() {
        let limits = parse("author,limit,status\nada,\"5 ETH\",\nbob,,suspended\n").unwrap();
        assert_eq!(limits.of(BidderId(1), &Handle::new("ada").unwrap()).unwrap().limit, wei("5"));
        let bob = limits.of(BidderId(1), &Handle::new("bob").unwrap()).unwrap();
        assert_eq!((bob.limit, bob.status), (None, BidderState::Suspended));
    }

    #[test]
    fn every_bad_line_is_named() {
        let text = "{\"author\":\"ada\",\"limit\":\"lots\"}\nnot json\n{\"limit\":\"1\"}\n{\"author\":\"a b\"}\n{\"author\":\"x\",\"limit\":\"-1\"}";
        let faults = parse(text).unwrap_err();
        let lines: Vec<_> = faults.iter().map(|fault| fault.split(':').next().unwrap()).collect();
        assert_eq!(lines, ["line 1", "line 2", "line 3", "line 4", "line 5"]);
    }

    #[test]
    fn everybody_is_imported_once_and_paddles_that_are_given_come_first() {
        let author = |id: &str, handle: &str| Author { id: id.into(), handle: handle.into() };
        let limits = parse("{\"author\":\"bob\",\"paddle\":\"1\"}\n{\"x_id\":\"9\",\"limit\":\"2\"}").unwrap();
        let all = lines(&[author("3", "ada"), author("4", "Bob")], &[], &limits, Purse::ById).unwrap();
        let ids: Vec<_> = all.iter().map(|line| (line.x_id.0.0, line.paddle)).collect();
        assert_eq!(ids, [(4, Some(Paddle(1))), (3, None)]);
        assert_eq!(
            (all[0].limit_wei, all[1].limit_wei),
            (LimitChange::Lifted, LimitChange::to(wei("40").map(Amount))),
            "the file's word comes first"
        );
    }
}
