//! Lines of the bidders' registry: read from files with line-precise errors, and turned into changes.

use std::collections::BTreeMap;

use auction_core::terms::{BidderStatus, BidderTerms};
use auction_core::{BidderId, Handle, Paddle};
use serde::Deserialize;
use store::bidder::{Bidder, Change, LimitChange};
use wire::problem;
use wire::rest::{self, BidderLine, BidderState, MAX_IMPORT_LINES};
use wire::{Amount, Problem, Text, XId};

use crate::routes::Fault;

/// Wrong lines that one answer lists.
const MAX_FAULTS: usize = 100;

/// The largest paddle: nine digits can still be said.
const MAX_PADDLE: u32 = 999_999_999;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    JsonLines,
    Csv,
}

/// Reads all lines, or says which are wrong.
pub(crate) fn read(format: Format, bytes: &[u8]) -> Result<Vec<BidderLine>, Vec<problem::Fault>> {
    let read = match format {
        Format::JsonLines => json_lines(bytes),
        Format::Csv => csv_lines(bytes),
    };
    let mut found = Found::default();
    for (number, line) in read {
        found.add(number, line);
        if found.faults.len() >= MAX_FAULTS {
            break;
        }
    }
    if found.faults.is_empty() { Ok(found.lines) } else { Err(found.faults) }
}

type Numbered = (u64, Result<BidderLine, String>);

fn json_lines(bytes: &[u8]) -> Box<dyn Iterator<Item = Numbered> + '_> {
    let lines = bytes.split(|&byte| byte == b'\n').zip(1..);
    let kept = lines.filter(|(line, _)| !line.trim_ascii().is_empty());
    Box::new(kept.map(|(line, number)| (number, wire::json::read(line).map_err(|bad| bad.to_string()))))
}

fn csv_lines(bytes: &[u8]) -> Box<dyn Iterator<Item = Numbered> + '_> {
    if let Some(number) = open_quote(bytes) {
        return Box::new(std::iter::once((number, Err("its quotation mark is never closed".to_owned()))));
    }
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
    let headers = match reader.headers() {
        Ok(headers) => headers.clone(),
        Err(error) => return Box::new(std::iter::once((1, Err(error.to_string())))),
    };
    Box::new(reader.into_records().map(move |record| match record {
        Ok(record) => {
            let number = record.position().map_or(0, csv::Position::line);
            let line = record.deserialize::<CsvLine>(Some(&headers)).map_err(|error| error.to_string());
            (number, line.and_then(CsvLine::checked))
        }
        Err(error) => (error.position().map_or(0, csv::Position::line), Err(error.to_string())),
    }))
}

/// The line whose quotation mark is never closed: the reader would take all that follows for one field.
fn open_quote(bytes: &[u8]) -> Option<u64> {
    let (mut line, mut opened) = (1, None);
    for byte in bytes {
        match byte {
            b'"' => opened = opened.is_none().then_some(line),
            b'\n' => line += 1,
            _ => {}
        }
    }
    opened
}

/// A CSV record: empty cells are absent values, and the limit `none` lifts it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CsvLine {
    x_id: String,
    #[serde(default)]
    handle: Option<String>,
    #[serde(default)]
    paddle: Option<u32>,
    #[serde(default)]
    limit_wei: Option<String>,
    #[serde(default)]
    status: Option<BidderState>,
    #[serde(default)]
    subject: Option<String>,
}

impl CsvLine {
    fn checked(self) -> Result<BidderLine, String> {
        Ok(BidderLine {
            x_id: self.x_id.parse()?,
            handle: self.handle.map(Text::new).transpose().map_err(|error| error.to_string())?,
            paddle: self.paddle.map(Paddle),
            limit_wei: match self.limit_wei.as_deref() {
                None => rest::LimitChange::None,
                Some("none") => rest::LimitChange::Lifted,
                Some(limit) => rest::LimitChange::Set(limit.parse()?),
            },
            status: self.status,
            subject: self.subject.map(Text::new).transpose().map_err(|error| error.to_string())?,
        })
    }
}

/// What has been read, and which ids and paddles it holds.
#[derive(Default)]
struct Found {
    lines: Vec<BidderLine>,
    faults: Vec<problem::Fault>,
    ids: BTreeMap<XId, u64>,
    paddles: BTreeMap<Paddle, u64>,
}

impl Found {
    fn add(&mut self, number: u64, line: Result<BidderLine, String>) {
        let line = match line.and_then(|line| check(&line).map(|()| line)) {
            Ok(line) => line,
            Err(detail) => return self.fault(number, "LineMalformed", detail, "correct the line"),
        };
        if self.lines.len() >= MAX_IMPORT_LINES {
            let detail = format!("an import has at most {MAX_IMPORT_LINES} lines");
            return self.fault(number, "ImportTooLong", detail, "split the file");
        }
        if let Some(first) = self.ids.insert(line.x_id, number) {
            self.fault(number, "LineDuplicate", format!("its x_id is also on line {first}"), "keep one of them");
        }
        if let Some(first) = line.paddle.and_then(|paddle| self.paddles.insert(paddle, number)) {
            self.fault(number, "LineDuplicate", format!("its paddle is also on line {first}"), "give each its own");
        }
        self.lines.push(line);
    }

    fn fault(&mut self, number: u64, code: &str, detail: impl Into<String>, remedy: &str) {
        let detail: String = detail.into().chars().take(300).collect();
        self.faults.push(problem::Fault {
            at: format!("line {number}"),
            code: code.into(),
            detail,
            remedy: remedy.into(),
        });
    }
}

fn check(line: &BidderLine) -> Result<(), String> {
    if let Some(handle) = &line.handle {
        Handle::new(handle).map_err(|error| error.to_string())?;
    }
    match line.paddle {
        Some(Paddle(1..=MAX_PADDLE)) | None => Ok(()),
        Some(paddle) => Err(format!("paddle {paddle} is not between 1 and {MAX_PADDLE}")),
    }
}

/// Turns lines into changes of the registry: what a line leaves out stays as it is.
pub(crate) fn changes(lines: Vec<BidderLine>) -> Result<Vec<Change>, Fault> {
    let change = |line: BidderLine| {
        check(&line).map_err(|detail| Problem::new(422, "BidderInvalid", detail, "correct the field that is named"))?;
        let named = |handle: &str| Handle::new(handle).expect("the line has just been checked");
        Ok(Change {
            bidder: line.x_id.0,
            handle: line.handle.as_deref().map(named),
            paddle: line.paddle,
            limit: match line.limit_wei {
                rest::LimitChange::None => LimitChange::None,
                rest::LimitChange::Lifted => LimitChange::Lifted,
                rest::LimitChange::Set(Amount(limit)) => LimitChange::Set(limit),
            },
            status: line.status.map(|status| match status {
                BidderState::Active => BidderStatus::Active,
                BidderState::Suspended => BidderStatus::Suspended,
                BidderState::Barred => BidderStatus::Barred,
            }),
            subject: line.subject.map(Text::into_string),
        })
    };
    lines.into_iter().map(change).collect()
}

/// A registry entry as a line.
pub(crate) fn line(bidder: Bidder) -> BidderLine {
    let Bidder { terms, handle, subject } = bidder;
    let BidderTerms { bidder: BidderId(id), paddle, limit, status } = terms;
    BidderLine {
        x_id: XId(BidderId(id)),
        handle: Text::new(handle.as_str()).ok(),
        paddle: Some(paddle),
        limit_wei: rest::LimitChange::to(limit.map(Amount)),
        status: Some(match status {
            BidderStatus::Active => BidderState::Active,
            BidderStatus::Suspended => BidderState::Suspended,
            BidderStatus::Barred => BidderState::Barred,
        }),
        subject: subject.and_then(|subject| Text::new(subject).ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_formats_say_the_same() {
        let json = br#"{"x_id":"7","handle":"ann","paddle":3,"limit_wei":"500"}

{"x_id":"8","handle":"@Bob","status":"barred"}
{"x_id":"9","limit_wei":null}
"#;
        let csv = b"x_id,handle,paddle,limit_wei,status,subject\n7,ann,3,500,,\n8,@Bob,,,barred,\n9,,,none,,\n";
        let from_json = read(Format::JsonLines, json).unwrap();
        assert_eq!(from_json, read(Format::Csv, csv).unwrap());
        assert_eq!((from_json[0].paddle, from_json[1].status), (Some(Paddle(3)), Some(BidderState::Barred)));
    }

    #[test]
    fn every_wrong_line_is_named_by_its_number() {
        let json = br#"{"x_id":"7","handle":"ann","paddle":3}
{"x_id":7,"handle":"ann"}

not json
{"x_id":"7","handle":"ann"}
{"x_id":"9","handle":"eve","paddle":3}
{"x_id":"10","handle":"this handle is bad"}
{"x_id":"11","handle":"ok","paddle":0}
{"x_id":"12","handle":"ok","colour":"red"}"#;
        let faults = read(Format::JsonLines, json).unwrap_err();
        let places: Vec<_> = faults.iter().map(|fault| fault.at.as_str()).collect();
        assert_eq!(places, ["line 2", "line 4", "line 5", "line 6", "line 7", "line 8", "line 9"]);
    }

    #[test]
    fn csv_errors_are_named_by_their_line_too() {
        let csv = b"x_id,handle,limit_wei\n7,ann,1e3\n8,bob\n9,eve,5\n";
        let faults = read(Format::Csv, csv).unwrap_err();
        let places: Vec<_> = faults.iter().map(|fault| fault.at.as_str()).collect();
        assert_eq!(places, ["line 2", "line 3"]);
        assert!(read(Format::Csv, b"handle\nann\n").unwrap_err()[0].detail.contains("x_id"));
    }

    #[test]
    fn a_quotation_mark_must_be_closed() {
        let faults = read(Format::Csv, b"x_id,handle\n7,ann\n60,\"un\n8,bob\n").unwrap_err();
        assert_eq!((faults[0].at.as_str(), faults[0].code.as_str()), ("line 3", "LineMalformed"));
        assert_eq!(read(Format::Csv, b"x_id,handle\n60,\"ann\"\n").unwrap()[0].handle.as_deref(), Some("ann"));
    }

    #[test]
    fn a_list_of_values_and_the_id_zero_are_no_bidders() {
        for line in [r#"["74"]"#, r#"["74","ann",null,null,"active",null]"#, r#"{"x_id":"0","handle":"ann"}"#] {
            assert_eq!(read(Format::JsonLines, line.as_bytes()).unwrap_err()[0].code, "LineMalformed", "{line}");
        }
        assert_eq!(read(Format::Csv, b"x_id,handle\n0,ann\n").unwrap_err()[0].code, "LineMalformed");
    }

    #[test]
    fn bytes_that_are_no_text_are_a_coded_error() {
        assert_eq!(read(Format::JsonLines, &[0xFF, 0xFE]).unwrap_err()[0].code, "LineMalformed");
        assert_eq!(read(Format::Csv, b"x_id,handle\n\xFF,ann\n").unwrap_err()[0].code, "LineMalformed");
    }
}
