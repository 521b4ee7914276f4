//! HTTP/1.1 over one kept-alive connection, as cheaply as it can be written: no pool, no header map.

use anyhow::{Context as _, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::connection::{Reply, says_accepted};

/// An answer with its head is shorter; a longer one is not an answer to a bid.
const LONGEST_ANSWER: usize = 64 * 1024;

pub(super) struct Bidder {
    stream: TcpStream,
    /// Everything of the request up to the idempotency key.
    head: String,
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl Bidder {
    pub(super) async fn connect(address: &str, auction: &str, token: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await.with_context(|| format!("connecting to {address}"))?;
        stream.set_nodelay(true)?;
        let head = format!(
            "POST /v1/auctions/{auction}/bids HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nIdempotency-Key: "
        );
        Ok(Self { stream, head, request: Vec::with_capacity(1024), answer: Vec::with_capacity(1024) })
    }

    pub(super) async fn bid(&mut self, lot: u32, key: &str) -> anyhow::Result<Reply> {
        let body = format!(r#"{{"lot":{lot},"kind":"next_bid"}}"#);
        self.request.clear();
        self.request.extend_from_slice(self.head.as_bytes());
        self.request.extend_from_slice(key.as_bytes());
        self.request.extend_from_slice(format!("\r\nContent-Length: {}\r\n\r\n", body.len()).as_bytes());
        self.request.extend_from_slice(body.as_bytes());
        self.stream.write_all(&self.request).await?;

        self.answer.clear();
        loop {
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                bail!("the connection was closed in the middle of an answer");
            }
            if let Some(answer) = parse(&self.answer)? {
                return Ok(reply(answer.status, answer.body));
            }
            if self.answer.len() > LONGEST_ANSWER {
                bail!("the answer is longer than {LONGEST_ANSWER} bytes");
            }
        }
    }
}

struct Answer<'a> {
    status: u16,
    body: &'a [u8],
}

/// Reads a whole answer with a `content-length`; `None` while bytes are missing.
fn parse(bytes: &[u8]) -> anyhow::Result<Option<Answer<'_>>> {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(&bytes[..end]).context("the answer's head is not text")?;
    let status = head.get(9..12).and_then(|digits| digits.parse().ok()).context("the answer has no status")?;
    let length: usize = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse().ok())
        .context("the answer has no content-length")?;
    let body = &bytes[end + 4..];
    Ok((body.len() >= length).then(|| Answer { status, body: &body[..length] }))
}

fn reply(status: u16, body: &[u8]) -> Reply {
    let text = || format!("{status} {}", String::from_utf8_lossy(body));
    match status {
        200 if says_accepted(body) => Reply::Accepted,
        409 | 422 => Reply::Refused(text()),
        429 | 503 => Reply::Busy(text()),
        _ => Reply::Failed(text()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_only_with_its_last_byte() {
        let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 22\r\n\r\n{\"verdict\":\"accepted\"}";
        for cut in 0..whole.len() {
            assert!(parse(&whole[..cut]).unwrap().is_none(), "cut at {cut}");
        }
        let answer = parse(whole).unwrap().unwrap();
        assert_eq!(reply(answer.status, answer.body), Reply::Accepted);
    }

    #[test]
    fn a_problem_is_a_refusal_and_overload_is_busy() {
        assert!(matches!(reply(422, b"{}"), Reply::Refused(_)));
        assert!(matches!(reply(503, b"{}"), Reply::Busy(_)));
        assert!(matches!(reply(401, b"{}"), Reply::Failed(_)));
    }
}
