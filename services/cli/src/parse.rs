//! `sothebais parse`: prints what the bid grammar reads in each text, one JSON line a post.
//!
//! Texts come as arguments, or as JSON lines on standard input. A line that is no post gets an answer too
//! (`MalformedInput`), the rest is still read, and the command fails at the end.

use std::io::{self, BufRead, BufReader, Write};

use anyhow::{Context as _, bail};
use auction_core::Handle;
use bid_grammar::{Explanation, Post, Reading, Reference};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Longest line that is read; X's longest post is a tenth of it even with every character escaped. Longer ones are
/// skipped to their end.
const MAX_LINE_BYTES: usize = 1 << 20;
const REMEDY: &str = r#"Write one JSON object a line: {"id":"1","text":"@house bid 1.5 ETH"}, at most 1 MiB."#;

/// Show what the bid grammar reads in a post.
#[derive(Debug, clap::Args)]
pub struct ParseArgs {
    /// The house's handle on X.
    #[arg(long, default_value = "sothebais", value_parser = Handle::new)]
    handle: Handle,
    /// Texts to read; without any, JSON lines {"id","text"} (and "reference": "none", "reply", "quote" or "repost") are
    /// read from standard input.
    #[arg(value_name = "TEXT")]
    texts: Vec<String>,
}

/// Reads every text and prints one line for each.
///
/// Fails at the end if a line on standard input was not a post.
pub fn run(args: &ParseArgs) -> anyhow::Result<()> {
    let stdout = io::stdout().lock();
    let outcome = if args.texts.is_empty() {
        read_lines(BufReader::new(io::stdin().lock()), stdout, &args.handle)
    } else {
        read_arguments(&args.texts, stdout, &args.handle).map(|()| 0)
    };
    match outcome {
        Ok(0) => Ok(()),
        Ok(malformed) => bail!("{malformed} lines on standard input are not posts"),
        // Whoever reads has read enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(error).context("reading posts"),
    }
}

fn read_arguments(texts: &[String], mut out: impl Write, house: &Handle) -> io::Result<()> {
    for (index, text) in texts.iter().enumerate() {
        let reading = bid_grammar::read(&Post { text, reference: Reference::None }, house.as_str());
        write_line(&mut out, &Answer::new(index + 1, &reading))?;
    }
    out.flush()
}

/// Answers each line; returns how many were no posts.
fn read_lines(mut input: BufReader<impl io::Read>, out: impl Write, house: &Handle) -> io::Result<usize> {
    let mut out = io::BufWriter::new(out);
    let (mut line, mut number, mut malformed) = (Vec::new(), 0_u64, 0);
    while let Some(fits) = next_line(&mut input, &mut line)? {
        number += 1;
        let text = line.strip_prefix(b"\xEF\xBB\xBF").filter(|_| number == 1).unwrap_or(&line);
        if fits && text.trim_ascii().is_empty() {
            continue;
        }
        if let Err(problem) = answer(text, fits, &mut out, house)? {
            malformed += 1;
            problem.write(&mut out, number)?;
        }
        if input.buffer().is_empty() {
            out.flush()?;
        }
    }
    out.flush()?;
    Ok(malformed)
}

/// The next line without its end; `Some(false)` when it was too long and is left out, `None` at the end of the input.
fn next_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Option<bool>> {
    line.clear();
    let (mut fits, mut begun) = (true, false);
    loop {
        let chunk = input.fill_buf()?;
        if chunk.is_empty() {
            return Ok(begun.then_some(fits));
        }
        begun = true;
        let end = chunk.iter().position(|&byte| byte == b'\n');
        let piece = &chunk[..end.unwrap_or(chunk.len())];
        fits &= line.len() + piece.len() <= MAX_LINE_BYTES;
        if fits {
            line.extend_from_slice(piece);
        }
        let used = piece.len() + usize::from(end.is_some());
        input.consume(used);
        if end.is_some() {
            return Ok(Some(fits));
        }
    }
}

/// Why a line is not a post; with its id, if that much could be read.
struct Malformed<'a> {
    id: Option<&'a RawValue>,
    problem: String,
}

impl Malformed<'_> {
    fn write(&self, out: &mut impl Write, line: u64) -> io::Result<()> {
        let message = format!("Line {line}: {}.", self.problem);
        let (id, code) = (&self.id, "MalformedInput");
        write_line(out, &Answer::Explained { id, kind: "refused", code, message: &message, remedy: REMEDY })
    }
}

/// Reads the line and writes its answer, or tells why it cannot.
fn answer<'a>(
    line: &'a [u8],
    fits: bool,
    out: &mut impl Write,
    house: &Handle,
) -> io::Result<Result<(), Malformed<'a>>> {
    let nameless = |problem: &str| Ok(Err(Malformed { id: None, problem: problem.to_owned() }));
    if !fits {
        return nameless("it is longer than 1 MiB");
    }
    let Ok(line) = std::str::from_utf8(line) else { return nameless("it is not UTF-8") };
    if !line.trim_start().starts_with('{') {
        return nameless("it is not a JSON object");
    }
    let line: Line<'_> = match serde_json::from_str(line) {
        Ok(line) => line,
        Err(error) => return nameless(&format!("it is not one JSON object with each field once ({error})")),
    };
    match line.post() {
        Ok((id, text, reference)) => {
            let reading = bid_grammar::read(&Post { text: &text, reference }, house.as_str());
            write_line(out, &Answer::new(id, &reading)).map(Ok)
        }
        Err(problem) => Ok(Err(Malformed { id: line.id.filter(|id| is_id(id)), problem: problem.to_owned() })),
    }
}

/// A line's fields, unread: a wrong one must not cost the others.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    #[serde(borrow)]
    reference: Option<&'a RawValue>,
}

impl<'a> Line<'a> {
    fn post(&self) -> Result<(&'a RawValue, String, Reference), &'static str> {
        let id = self.id.filter(|id| is_id(id)).ok_or("its \"id\" is not a string or a number")?;
        let text = self.text.and_then(|text| serde_json::from_str(text.get()).ok());
        let reference = self.reference.map(|reference| serde_json::from_str(reference.get()));
        Ok((
            id,
            text.ok_or("its \"text\" is not a string of whole characters")?,
            reference
                .unwrap_or(Ok(Reference::None))
                .map_err(|_| "its \"reference\" is not none, reply, quote or repost")?,
        ))
    }
}

fn is_id(raw: &RawValue) -> bool {
    raw.get().starts_with(|c: char| c == '"' || c == '-' || c.is_ascii_digit())
}

/// One line of output.
#[derive(Serialize)]
#[serde(untagged)]
enum Answer<'a, I> {
    Understood { id: I, kind: &'static str, amount_wei: Option<String>, lot: Option<u32> },
    Explained { id: I, kind: &'static str, code: &'a str, message: &'a str, remedy: &'a str },
}

impl<'a, I> Answer<'a, I> {
    fn new(id: I, reading: &'a Reading) -> Self {
        let understood = |id, kind, amount_wei: Option<String>, lot| Answer::Understood { id, kind, amount_wei, lot };
        match reading {
            Reading::Bid { amount_wei, lot } => understood(id, "bid", Some(amount_wei.to_string()), *lot),
            Reading::MaxBid { amount_wei, lot } => understood(id, "max_bid", Some(amount_wei.to_string()), *lot),
            Reading::NextBid { lot } => understood(id, "next_bid", None, *lot),
            Reading::BuyNow { lot } => understood(id, "buy_now", None, *lot),
            Reading::Refused(why) => Self::explained(id, "refused", why),
            Reading::NotABid(why) => Self::explained(id, "not_a_bid", why),
        }
    }

    fn explained(id: I, kind: &'static str, why: &'a Explanation) -> Self {
        Self::Explained { id, kind, code: why.code.as_str(), message: &why.message, remedy: &why.remedy }
    }
}

fn write_line(out: &mut impl Write, answer: &Answer<'_, impl Serialize>) -> io::Result<()> {
    serde_json::to_writer(&mut *out, answer)?;
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(input: &[u8]) -> (Vec<String>, usize) {
        let house = Handle::new("sothebais").unwrap();
        let mut out = Vec::new();
        let malformed = read_lines(BufReader::new(input), &mut out, &house).unwrap();
        (String::from_utf8(out).unwrap().lines().map(str::to_owned).collect(), malformed)
    }

    #[test]
    fn ids_come_back_as_given() {
        let (lines, malformed) = parse(
            b"{\"id\":\"a\\u0062\",\"text\":\"@sothebais bid 1.5\"}\n{\"text\":\"gm\",\"id\":18446744073709551616}",
        );
        assert_eq!(malformed, 0);
        assert_eq!(lines[0], r#"{"id":"a\u0062","kind":"bid","amount_wei":"1500000000000000000","lot":null}"#);
        assert!(
            lines[1].starts_with(r#"{"id":18446744073709551616,"kind":"not_a_bid","code":"NotAddressed","message":""#)
        );
    }

    #[test]
    fn a_malformed_line_is_answered_and_the_rest_is_read() {
        let (lines, malformed) =
            parse(b"[1,\"@sothebais bid 2\"]\n\n{\"id\":7,\"text\":5}\n\xff\n{\"id\":8,\"text\":\"@sothebais bid next\"}\n{\"id\":9");
        assert_eq!((lines.len(), malformed), (5, 4));
        assert!(lines[0].starts_with(r#"{"id":null,"kind":"refused","code":"MalformedInput","message":"Line 1:"#));
        assert!(lines[1].starts_with(r#"{"id":7,"kind":"refused","code":"MalformedInput""#));
        assert_eq!(lines[3], r#"{"id":8,"kind":"next_bid","amount_wei":null,"lot":null}"#);
    }

    #[test]
    fn an_enormous_line_is_skipped_and_the_next_is_read() {
        let mut input = vec![b'x'; 3 * MAX_LINE_BYTES];
        input.extend_from_slice(b"\n{\"id\":1,\"text\":\"@sothebais buy now #3\"}");
        let (lines, malformed) = parse(&input);
        assert_eq!(malformed, 1);
        assert_eq!(lines[1], r#"{"id":1,"kind":"buy_now","amount_wei":null,"lot":3}"#);
    }
}
