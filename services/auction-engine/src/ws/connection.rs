//! One client's connection: frames in, prices and results out, in a task small enough to have tens of thousands.
//!
//! Each turn *reports* what is new, writes as much as the socket takes, then waits for the first of: bytes from the
//! client, room to write, an answer of the engine, a newer edition of the prices, a heartbeat.

use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use auction_core::BidderId;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use wire::socket::{ServerMessage, SocketError};

use super::commands::Commands;
use super::frame::{self, Incoming, Reader, Violation};
use super::hub::{Beat, Hub, Seat};
use super::output::{Flushed, Output};
use super::press::Edition;
use super::talk;

/// Bytes read at once, on the stack: some eighty commands.
const READ_SIZE: usize = 16 * 1024;

/// A client that has this much unread is not listened to until it reads.
const MAX_UNREAD: usize = 64 * 1024;

/// Frames that a client may get wrong before it is shown the door.
const MAX_FAULTS: u8 = 16;

pub(super) struct Connection {
    pub(super) hub: Hub,
    pub(super) bidder: Option<BidderId>,
    pub(super) commands: Commands,
    pub(super) output: Output,
    reader: Reader,
    following: Option<Following>,
    faults: u8,
    /// Whole frames may have come that were left alone because too much was unread.
    behind: bool,
    /// Heartbeats since the client was last heard.
    silent_beats: u8,
    state: State,
    _seat: Seat,
}

/// The auction whose prices are sent here.
struct Following {
    editions: watch::Receiver<Arc<Edition>>,
    /// The number of the edition that was sent last; 0 before the snapshot.
    seen: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// A close frame is on its way out, and this many turns have passed since; nothing is read any more.
    Closing {
        turns: u8,
    },
}

/// How long a turn waits for a client to take its close frame, and how many such turns it gets.
const CLOSING_TURN: Duration = Duration::from_secs(1);
const MAX_CLOSING_TURNS: u8 = 5;

/// What a turn waited for.
enum Happened {
    Read(io::Result<usize>),
    Writable,
    Answered(Box<wire::socket::Outcome>),
    NewPrices(Result<(), watch::error::RecvError>),
    Beat(Beat),
    StillClosing,
}

/// Serves one client until it goes, is silent for too long, or the worker stops.
pub(super) async fn run(mut stream: TcpStream, early: bytes::Bytes, bidder: Option<BidderId>, hub: Hub, seat: Seat) {
    let mut heart = hub.heart();
    let mut connection = Connection::new(bidder, hub, seat);
    talk::hello(&mut connection);
    connection.reader.push(&early);
    // Even when empty it holds HTTP's read buffer, which is larger than all of this connection.
    drop(early);
    connection.take_in().await;
    loop {
        connection.report();
        let flushed = match connection.output.flush(|slices| stream.try_write_vectored(slices)) {
            Ok(flushed) => flushed,
            Err(_gone) => return,
        };
        if flushed == Flushed::All {
            connection.output.shrink();
            if connection.state != State::Open {
                return;
            }
            if connection.behind {
                connection.take_in().await;
                continue;
            }
        }
        if connection.has_waited_enough() {
            return;
        }
        let happened = connection.wait(&mut stream, &mut heart, flushed).await;
        match happened {
            Happened::Read(Ok(1..)) => {
                connection.silent_beats = 0;
                connection.take_in().await;
            }
            Happened::Read(Ok(0) | Err(_)) => return,
            Happened::Writable | Happened::StillClosing | Happened::NewPrices(Ok(())) => {}
            Happened::Answered(outcome) => connection.answer(*outcome),
            Happened::NewPrices(Err(_)) => {
                connection.following = None;
                connection.close(CloseCode::Restart, "another worker takes the auction over; connect again");
            }
            Happened::Beat(beat) => {
                if connection.beat(beat) == Alive::No {
                    return;
                }
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Alive {
    Yes,
    No,
}

impl Connection {
    fn new(bidder: Option<BidderId>, hub: Hub, seat: Seat) -> Self {
        Self {
            hub,
            bidder,
            commands: Commands::default(),
            output: Output::default(),
            reader: Reader::default(),
            following: None,
            faults: 0,
            behind: false,
            silent_beats: 0,
            state: State::Open,
            _seat: seat,
        }
    }

    /// Queues the newest prices, if the client has taken all earlier ones.
    fn report(&mut self) {
        if !self.output.is_empty() || self.state != State::Open {
            return;
        }
        let Some(following) = &mut self.following else { return };
        let edition = following.editions.borrow_and_update().clone();
        if following.seen == 0 {
            self.output.push_shared(edition.snapshot());
        } else {
            for frame in edition.since(following.seen) {
                self.output.push_shared(frame);
            }
        }
        following.seen = edition.number();
    }

    async fn wait(&mut self, stream: &mut TcpStream, heart: &mut watch::Receiver<Beat>, flushed: Flushed) -> Happened {
        let listens = self.state == State::Open && self.output.len() < MAX_UNREAD;
        let Self { reader, commands, following, state, .. } = self;
        tokio::select! {
            happened = poll_fn(|context| poll_socket(context, stream, reader, listens, flushed)) => happened,
            outcome = commands.answered(), if !commands.is_empty() => Happened::Answered(Box::new(outcome)),
            changed = newer(following.as_mut()), if flushed == Flushed::All => Happened::NewPrices(changed),
            _ = heart.changed() => Happened::Beat(*heart.borrow_and_update()),
            () = tokio::time::sleep(CLOSING_TURN), if *state != State::Open => Happened::StillClosing,
        }
    }

    /// Counts the turns of a close; a client that does not take its close frame is left.
    fn has_waited_enough(&mut self) -> bool {
        match &mut self.state {
            State::Open => false,
            State::Closing { turns } => {
                *turns += 1;
                *turns > MAX_CLOSING_TURNS
            }
        }
    }

    /// Acts on every whole frame that has come, as long as the client reads what it asked for.
    async fn take_in(&mut self) {
        self.behind = false;
        while self.state == State::Open {
            if self.output.len() >= MAX_UNREAD {
                self.behind = true;
                break;
            }
            let range = match self.reader.next() {
                Ok(None) => break,
                Ok(Some(Incoming::Text(text))) => match wire::socket::ClientMessage::read(text) {
                    Ok(message) => talk::act(self, message),
                    Err(bad) => {
                        self.fault(bad.code(), &bad.to_string(), bad.remedy());
                        None
                    }
                },
                Ok(Some(Incoming::Ping(payload))) => {
                    frame::append_pong(self.output.own(), payload);
                    None
                }
                Ok(Some(Incoming::Pong)) => None,
                Ok(Some(Incoming::Close)) => {
                    self.close(CloseCode::Normal, "");
                    None
                }
                Err(violation) => {
                    self.violated(violation);
                    None
                }
            };
            if let Some(range) = range {
                // Boxed: the database's future is larger than all else that a connection keeps.
                Box::pin(talk::range(self, range)).await;
            }
        }
        self.reader.compact();
    }

    /// Queues an answer, and every further one that is there already: one write takes them all.
    fn answer(&mut self, outcome: wire::socket::Outcome) {
        self.say(&ServerMessage::Result(outcome));
        while let Some(outcome) = self.commands.answered_now() {
            self.say(&ServerMessage::Result(outcome));
        }
    }

    fn beat(&mut self, beat: Beat) -> Alive {
        match beat {
            Beat::Stopping => self.close(CloseCode::Away, "the worker stops; connect again"),
            Beat::Count(_) if self.silent_beats >= 2 => return Alive::No,
            Beat::Count(_) => {
                self.silent_beats += 1;
                if self.output.is_empty() {
                    frame::append_ping(self.output.own());
                }
            }
        }
        Alive::Yes
    }

    /// Follows an auction's prices from their newest edition on; the one followed before is left.
    pub(super) fn follow(&mut self, editions: watch::Receiver<Arc<Edition>>) {
        self.following = Some(Following { editions, seen: 0 });
    }

    /// Queues a message for this client.
    pub(super) fn say(&mut self, message: &ServerMessage) {
        frame::append_text(self.output.own(), |out| {
            serde_json::to_writer(out, message).expect("plain data always encodes");
        });
    }

    /// Tells the client what it got wrong; after too many of them, closes.
    pub(super) fn fault(&mut self, code: &str, message: &str, remedy: &str) {
        let error = SocketError { code: code.to_owned(), message: message.to_owned(), remedy: remedy.to_owned() };
        self.say(&ServerMessage::Error(error));
        self.faults += 1;
        if self.faults >= MAX_FAULTS {
            self.close(CloseCode::Policy, "too many frames were wrong");
        }
    }

    fn violated(&mut self, violation: Violation) {
        self.fault(violation.code(), &violation.to_string(), violation.remedy());
        self.close(violation.close_code(), violation.code());
    }

    fn close(&mut self, code: CloseCode, reason: &str) {
        if self.state == State::Open {
            frame::append_close(self.output.own(), code, reason);
            self.state = State::Closing { turns: 0 };
        }
    }
}

/// Waits for an edition newer than the last one looked at; for ever when nothing is followed.
async fn newer(following: Option<&mut Following>) -> Result<(), watch::error::RecvError> {
    match following {
        Some(following) => following.editions.changed().await,
        None => std::future::pending().await,
    }
}

/// Reads into the reader, or reports that a blocked socket takes bytes again. A short read is not tried twice.
fn poll_socket(
    context: &mut Context<'_>,
    stream: &mut TcpStream,
    reader: &mut Reader,
    listens: bool,
    flushed: Flushed,
) -> Poll<Happened> {
    if flushed == Flushed::Blocked && stream.poll_write_ready(context).is_ready() {
        return Poll::Ready(Happened::Writable);
    }
    if !listens {
        return Poll::Pending;
    }
    let mut scratch = [MaybeUninit::<u8>::uninit(); READ_SIZE];
    let mut buffer = ReadBuf::uninit(&mut scratch);
    Pin::new(stream).poll_read(context, &mut buffer).map(|read| {
        reader.push(buffer.filled());
        Happened::Read(read.map(|()| buffer.filled().len()))
    })
}

#[cfg(test)]
mod tests {
    use bootstrap::clock::Clock;
    use bootstrap::lifecycle::Lifecycle;
    use prometheus_client::metrics::gauge::Gauge;

    use super::*;
    use crate::engine::EngineHandle;
    use crate::testing::NO_DATABASE;
    use crate::ws::Entrance;

    /// A client's text frame with a mask of zeros.
    fn frame(text: &str) -> Vec<u8> {
        let length = u8::try_from(text.len()).unwrap();
        let mut frame = vec![0x81, 0x80 | length, 0, 0, 0, 0];
        frame.extend_from_slice(text.as_bytes());
        frame
    }

    #[tokio::test]
    async fn a_client_that_asks_without_reading_is_answered_no_further_until_it_reads() {
        let pool = store::Database::new(NO_DATABASE, "test").unwrap().pool();
        let entrance = Entrance { origins: Vec::new(), sockets: Gauge::default() };
        let hub = Hub::new(EngineHandle::new("s1"), pool, Clock::System, &Lifecycle::new(), entrance);
        let seat = hub.seat().unwrap();
        let mut connection = Connection::new(None, hub, seat);
        let asked = 5_000;
        connection.reader.push(&frame(r#"{"type":"ping"}"#).repeat(asked));
        let (mut turns, mut answered) = (0, 0);
        loop {
            connection.take_in().await;
            turns += 1;
            assert!(connection.output.len() < MAX_UNREAD + 1_024, "{} bytes wait", connection.output.len());
            let mut taken = Vec::new();
            let all = |slices: &[io::IoSlice<'_>]| {
                taken.extend(slices.iter().flat_map(|slice| slice.to_vec()));
                Ok(slices.iter().map(|slice| slice.len()).sum())
            };
            connection.output.flush(all).unwrap();
            answered += String::from_utf8_lossy(&taken).matches("pong").count();
            if !connection.behind {
                break;
            }
        }
        assert_eq!(answered, asked);
        assert!(turns > 2, "{turns}");
    }
}
