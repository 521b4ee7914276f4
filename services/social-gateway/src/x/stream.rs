//! Reading an open stream: lines out of chunks, with X's promise of a keep-alive every 20 s as the deadline. Only whole
//! lines count as life: bytes that never end a line are silence.

use std::collections::VecDeque;
use std::time::Duration;

use reqwest::Response;
use tokio::time::Instant;

use super::client::network;
use super::frame::{Framer, Line};
use super::{Code, Problem};

/// An open stream.
#[derive(Debug)]
pub struct Lines {
    response: Response,
    framer: Framer,
    ready: VecDeque<Line>,
    silence: Duration,
    /// When the last line came. Kept here, because whoever waits may be called away and come back.
    heard: Instant,
}

impl Lines {
    /// Reads the body of `response`; silence for longer than `silence` means that the connection is dead.
    pub fn new(response: Response, silence: Duration) -> Self {
        let heard = Instant::now();
        Self { response, framer: Framer::default(), ready: VecDeque::new(), silence, heard }
    }

    /// The next line, or why there is none. Safe to drop and call again.
    pub async fn next(&mut self) -> Result<Line, Problem> {
        loop {
            if let Some(line) = self.ready.pop_front() {
                return Ok(line);
            }
            match tokio::time::timeout_at(self.heard + self.silence, self.response.chunk()).await {
                Ok(Ok(Some(chunk))) => {
                    let lines = self.framer.push(&chunk);
                    if !lines.is_empty() {
                        self.heard = Instant::now();
                    }
                    self.ready.extend(lines);
                }
                Ok(Ok(None)) => return Err(Problem::local(Code::Network, "x closed the stream")),
                Ok(Err(error)) => return Err(network(&error)),
                Err(_elapsed) => return Err(Problem::local(Code::Deadline, "the stream fell silent")),
            }
        }
    }
}
