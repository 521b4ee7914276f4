//! The rival: a Lua script in Redis, one request in flight a client, written in plain RESP so that it costs little.

use std::fmt::Write as _;

use anyhow::{Context as _, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::connection::Reply;

const SCRIPT: &str = include_str!("../baselines/cas_stream.lua");

pub(super) struct Bidder {
    stream: TcpStream,
    /// The script's digest, as Redis names it.
    digest: String,
    auction: String,
    answer: Vec<u8>,
}

impl Bidder {
    pub(super) async fn connect(address: &str, auction: &str, password: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await.with_context(|| format!("connecting to {address}"))?;
        stream.set_nodelay(true)?;
        let mut bidder =
            Self { stream, digest: String::new(), auction: auction.to_owned(), answer: Vec::with_capacity(256) };
        bidder.ask(&["AUTH", password]).await?;
        let loaded = bidder.ask(&["SCRIPT", "LOAD", SCRIPT]).await?;
        loaded.lines().nth(1).context("Redis did not name the script")?.clone_into(&mut bidder.digest);
        Ok(bidder)
    }

    pub(super) async fn bid(&mut self, lot: u32, key: &str) -> anyhow::Result<Reply> {
        let auction = format!("{}:{lot}", self.auction);
        let (once, log) = (format!("{auction}:key:{key}"), format!("{auction}:log"));
        let digest = std::mem::take(&mut self.digest);
        let answer = self.ask(&["EVALSHA", &digest, "3", &auction, &once, &log, "1", "bidder"]).await;
        self.digest = digest;
        let answer = answer?;
        Ok(match answer.strip_prefix(':').map(str::trim_end) {
            Some(price) if !price.starts_with('-') => Reply::Accepted,
            Some(_) => Reply::Refused(answer),
            None => Reply::Failed(answer),
        })
    }

    async fn ask(&mut self, words: &[&str]) -> anyhow::Result<String> {
        let mut request = format!("*{}\r\n", words.len());
        for word in words {
            write!(request, "${}\r\n{word}\r\n", word.len())?;
        }
        self.stream.write_all(request.as_bytes()).await?;
        self.answer.clear();
        while !is_whole(&self.answer) {
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                bail!("Redis closed the connection");
            }
        }
        let answer = String::from_utf8_lossy(&self.answer).into_owned();
        if answer.starts_with('-') {
            bail!("Redis: {}", answer.trim_end());
        }
        Ok(answer)
    }
}

/// Whether a simple string, an integer, an error or a bulk string is complete.
fn is_whole(answer: &[u8]) -> bool {
    let lines = answer.split(|&byte| byte == b'\n').count() - 1;
    let expected = if answer.first() == Some(&b'$') { 2 } else { 1 };
    answer.ends_with(b"\r\n") && lines >= expected
}

#[cfg(test)]
mod tests {
    use private_servers::Redis;

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_new_key_is_accepted_and_a_used_one_refused() {
        let directory = tempfile::tempdir().unwrap();
        let redis = Redis::start(directory.path()).await.unwrap();
        let url = redis.url();
        let password = url.trim_start_matches("redis://:").split('@').next().unwrap();
        let address = format!("127.0.0.1:{}", redis.port());
        let mut bidder = Bidder::connect(&address, "hot", password).await.unwrap();
        assert_eq!(bidder.bid(1, "k-1").await.unwrap(), Reply::Accepted);
        assert_eq!(bidder.bid(1, "k-2").await.unwrap(), Reply::Accepted);
        assert!(matches!(bidder.bid(1, "k-1").await.unwrap(), Reply::Refused(_)));
    }
}
