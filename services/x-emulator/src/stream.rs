//! The open connections of the two streams and the lines on their way to them. A connection has a bounded queue; who
//! does not keep up is disconnected, as X does.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::problem::{full_buffer, operational_disconnect};
use crate::view::Wanted;
use crate::world::Parcel;

/// Lines that wait for a slow client, at X's 250 posts a second: four seconds.
const QUEUE: usize = 1024;

/// Parcels that wait for their time; beyond it new ones are dropped, and counted.
const MOST_PARCELS: usize = 200_000;

/// The streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    /// `GET /2/activity/stream`
    Activity,
    /// `GET /2/tweets/search/stream`
    Filtered,
}

impl Stream {
    /// How many connections X allows.
    pub fn most_connections(self) -> usize {
        match self {
            Self::Activity => 2,
            Self::Filtered => 1,
        }
    }

    /// The stream that carries a parcel.
    pub fn of(parcel: &Parcel) -> Self {
        if parcel.subscription.is_some() { Self::Activity } else { Self::Filtered }
    }
}

/// What a connection is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// Bytes to send.
    Line(Bytes),
    /// Nothing at all for so many milliseconds.
    Silence(u64),
    /// The end, in order.
    End,
    /// The end, in the middle.
    Cut,
}

/// An open connection.
#[derive(Debug)]
pub struct Connection {
    /// Which stream.
    pub stream: Stream,
    /// The fields that its lines show.
    pub wanted: Wanted,
    /// When it was opened, in milliseconds since the Unix epoch.
    pub opened_ms: i64,
    /// Lines given to it.
    pub lines: u64,
    frames: Sender<Frame>,
}

/// All connections, and the parcels on their way.
#[derive(Debug, Default)]
pub struct Streams {
    open: BTreeMap<u64, Connection>,
    opened: u64,
    parcels: BTreeMap<(i64, u64), Parcel>,
    posted: u64,
    /// Lines given to connections.
    pub delivered: BTreeMap<Stream, u64>,
    /// Lines that found nobody connected.
    pub missed: BTreeMap<Stream, u64>,
    /// Parcels that found no room.
    pub dropped: u64,
    /// Connections closed because their client was too slow.
    pub too_slow: u64,
}

impl Streams {
    /// Opens a connection; nothing if the stream has all that X allows.
    pub fn open(&mut self, stream: Stream, wanted: Wanted, now_ms: i64) -> Option<Receiver<Frame>> {
        self.forget_closed();
        if self.count(stream) >= stream.most_connections() {
            return None;
        }
        let (frames, received) = channel(QUEUE);
        self.opened += 1;
        self.open.insert(self.opened, Connection { stream, wanted, opened_ms: now_ms, lines: 0, frames });
        Some(received)
    }

    /// Open connections of a stream.
    pub fn count(&self, stream: Stream) -> usize {
        self.open.values().filter(|c| c.stream == stream && !c.frames.is_closed()).count()
    }

    /// The connections that are open.
    pub fn connections(&self) -> impl Iterator<Item = (u64, &Connection)> {
        self.open.iter().filter(|(_, c)| !c.frames.is_closed()).map(|(id, c)| (*id, c))
    }

    /// Puts a parcel on its way.
    pub fn post(&mut self, parcel: Parcel) {
        if self.parcels.len() >= MOST_PARCELS {
            self.dropped += 1;
            return;
        }
        self.posted += 1;
        self.parcels.insert((parcel.due_ms, self.posted), parcel);
    }

    /// Takes a parcel whose time has come.
    pub fn due(&mut self, now_ms: i64) -> Option<Parcel> {
        let (key, _) = self.parcels.first_key_value()?;
        if key.0 > now_ms { None } else { self.parcels.pop_first().map(|(_, parcel)| parcel) }
    }

    /// When the next parcel is due, in milliseconds since the Unix epoch.
    pub fn next_due_ms(&self) -> Option<i64> {
        self.parcels.first_key_value().map(|((due, _), _)| *due)
    }

    /// Parcels on their way.
    pub fn waiting(&self) -> usize {
        self.parcels.len()
    }

    /// Gives a line to every connection of the stream; `render` writes it with the fields that the connection wants.
    /// Tells how many got it.
    pub fn deliver(&mut self, stream: Stream, render: impl Fn(&Wanted) -> Option<Value>) -> u64 {
        self.forget_closed();
        let mut slow = Vec::new();
        let mut heard = 0;
        for (id, connection) in self.open.iter_mut().filter(|(_, c)| c.stream == stream) {
            let Some(line) = render(&connection.wanted) else { continue };
            match connection.frames.try_send(Frame::Line(line_of(&line))) {
                Ok(()) => {
                    connection.lines += 1;
                    heard += 1;
                    *self.delivered.entry(stream).or_default() += 1;
                }
                Err(TrySendError::Full(_)) => slow.push(*id),
                Err(TrySendError::Closed(_)) => {}
            }
        }
        for id in slow {
            tracing::warn!(connection = id, reason = %full_buffer(), "a stream client is too slow; it is disconnected");
            self.open.remove(&id);
            self.too_slow += 1;
        }
        if heard == 0 {
            *self.missed.entry(stream).or_default() += 1;
        }
        heard
    }

    /// Ends the connections of a stream, or of both.
    pub fn disconnect(&mut self, stream: Option<Stream>, abrupt: bool) -> usize {
        let ids: Vec<u64> = self.open.iter().filter(|(_, c)| concerns(stream, c)).map(|(id, _)| *id).collect();
        for id in &ids {
            let Some(connection) = self.open.remove(id) else { continue };
            let last = if abrupt { Frame::Cut } else { Frame::Line(line_of(&operational_disconnect())) };
            // A full queue or a gone client needs no last word: dropping the sender ends it.
            let _ = connection.frames.try_send(last);
            let _ = connection.frames.try_send(Frame::End);
        }
        ids.len()
    }

    /// Makes the connections of a stream, or of both, say nothing for a time.
    pub fn silence(&mut self, stream: Option<Stream>, ms: u64) {
        for connection in self.open.values().filter(|c| concerns(stream, c)) {
            // A full queue is silent enough.
            let _ = connection.frames.try_send(Frame::Silence(ms));
        }
    }

    fn forget_closed(&mut self) {
        self.open.retain(|_, c| !c.frames.is_closed());
    }
}

fn concerns(stream: Option<Stream>, connection: &Connection) -> bool {
    stream.is_none_or(|s| s == connection.stream)
}

fn line_of(value: &Value) -> Bytes {
    Bytes::from(format!("{value}\r\n"))
}

/// X's answer to `DELETE /2/connections/all`.
pub fn killed(count: usize) -> Value {
    json!({"data": {"successful_kills": count, "failed_kills": 0, "results": []}})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted() -> Wanted {
        Wanted::default()
    }

    #[test]
    fn each_stream_has_its_own_limit() {
        let mut streams = Streams::default();
        let _first = streams.open(Stream::Filtered, wanted(), 0).unwrap();
        assert!(streams.open(Stream::Filtered, wanted(), 0).is_none());
        let _second = streams.open(Stream::Activity, wanted(), 0).unwrap();
        let third = streams.open(Stream::Activity, wanted(), 0).unwrap();
        assert!(streams.open(Stream::Activity, wanted(), 0).is_none());
        drop(third);
        assert!(streams.open(Stream::Activity, wanted(), 0).is_some());
    }

    #[test]
    fn a_client_that_does_not_read_is_disconnected() {
        let mut streams = Streams::default();
        let mut received = streams.open(Stream::Activity, wanted(), 0).unwrap();
        for n in 0..=QUEUE {
            streams.deliver(Stream::Activity, |_| Some(json!(n)));
        }
        assert_eq!((streams.too_slow, streams.count(Stream::Activity)), (1, 0));
        assert_eq!(received.blocking_recv(), Some(Frame::Line(Bytes::from("0\r\n"))));
    }

    #[test]
    fn a_line_for_nobody_is_missed() {
        let mut streams = Streams::default();
        streams.deliver(Stream::Filtered, |_| Some(json!({})));
        assert_eq!(streams.missed.get(&Stream::Filtered), Some(&1));
    }

    #[test]
    fn a_disconnect_says_why_and_an_abrupt_one_does_not() {
        let mut streams = Streams::default();
        let mut told = streams.open(Stream::Activity, wanted(), 0).unwrap();
        let mut cut = streams.open(Stream::Filtered, wanted(), 0).unwrap();
        streams.disconnect(Some(Stream::Activity), false);
        streams.disconnect(None, true);
        assert!(matches!(told.blocking_recv(), Some(Frame::Line(line)) if line.starts_with(b"{\"errors\"")));
        assert_eq!(told.blocking_recv(), Some(Frame::End));
        assert_eq!(cut.blocking_recv(), Some(Frame::Cut));
    }
}
