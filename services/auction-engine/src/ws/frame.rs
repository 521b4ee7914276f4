//! WebSocket frames (RFC 6455) without IO: a client's are unmasked where they were read, the server's are built once.
//!
//! The library's connection type keeps a read and a write buffer for every idle viewer; this one keeps none. A price's
//! frame is made once and its bytes are shared by everybody who gets it.

use std::io::Cursor;

use bytes::Bytes;
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Control, Data, OpCode};
use wire::socket::MAX_CLIENT_FRAME;

/// Longest payload of a control frame.
const MAX_CONTROL_PAYLOAD: usize = 125;

/// Something whole from the client.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Incoming<'a> {
    Text(&'a str),
    Ping(&'a [u8]),
    Pong,
    Close,
}

/// How a client broke the protocol. The connection is closed after it has been told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Violation {
    #[error("a frame or message is longer than {MAX_CLIENT_FRAME} bytes")]
    TooLarge,
    #[error("a binary frame was sent")]
    Binary,
    #[error("a text frame is not UTF-8")]
    NotUtf8,
    #[error("a frame breaks the WebSocket protocol")]
    Protocol,
}

impl Violation {
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::TooLarge => "FrameTooLarge",
            Self::Binary => "BinaryFrame",
            Self::NotUtf8 => "NotUtf8",
            Self::Protocol => "ProtocolViolation",
        }
    }

    pub(super) fn remedy(self) -> &'static str {
        match self {
            Self::TooLarge => "send frames of at most 4096 bytes",
            Self::Binary | Self::NotUtf8 => "send JSON in UTF-8 text frames",
            Self::Protocol => "use a WebSocket client that follows RFC 6455",
        }
    }

    pub(super) fn close_code(self) -> CloseCode {
        match self {
            Self::TooLarge => CloseCode::Size,
            Self::Binary => CloseCode::Unsupported,
            Self::NotUtf8 => CloseCode::Invalid,
            Self::Protocol => CloseCode::Protocol,
        }
    }
}

/// Bytes from the client that have not become messages yet. Empty and without memory while a client is silent.
#[derive(Debug, Default)]
pub(super) struct Reader {
    bytes: Vec<u8>,
    /// Where the next frame begins.
    at: usize,
    /// A text message whose last fragment has not come yet.
    fragments: Option<Vec<u8>>,
}

impl Reader {
    /// Adds what was read.
    pub(super) fn push(&mut self, read: &[u8]) {
        self.bytes.extend_from_slice(read);
    }

    /// The next whole message or control frame; `None` when more bytes are needed.
    pub(super) fn next(&mut self) -> Result<Option<Incoming<'_>>, Violation> {
        while let Some((header, payload)) = self.next_frame()? {
            match header.opcode {
                OpCode::Control(_) if !header.is_final => return Err(Violation::Protocol),
                OpCode::Control(control) => return self.control(control, payload).map(Some),
                OpCode::Data(Data::Binary | Data::Reserved(_)) => return Err(Violation::Binary),
                OpCode::Data(Data::Text) if self.fragments.is_some() => return Err(Violation::Protocol),
                OpCode::Data(Data::Continue) if self.fragments.is_none() => return Err(Violation::Protocol),
                OpCode::Data(Data::Text) if header.is_final => {
                    let text = std::str::from_utf8(&self.bytes[payload]).map_err(|_| Violation::NotUtf8)?;
                    return Ok(Some(Incoming::Text(text)));
                }
                OpCode::Data(Data::Text | Data::Continue) => {
                    let mut message = self.fragments.take().unwrap_or_default();
                    message.extend_from_slice(&self.bytes[payload]);
                    if message.len() > MAX_CLIENT_FRAME {
                        return Err(Violation::TooLarge);
                    }
                    if header.is_final {
                        // The joined message takes the place of the bytes already used, so that it can be lent out.
                        self.bytes.splice(..self.at, message.iter().copied());
                        self.at = message.len();
                        let text = std::str::from_utf8(&self.bytes[..self.at]).map_err(|_| Violation::NotUtf8)?;
                        return Ok(Some(Incoming::Text(text)));
                    }
                    self.fragments = Some(message);
                }
            }
        }
        Ok(None)
    }

    /// Forgets what was used; gives the memory back when nothing is left.
    pub(super) fn compact(&mut self) {
        if self.at == self.bytes.len() {
            self.bytes = Vec::new();
        } else {
            self.bytes.drain(..self.at);
        }
        self.at = 0;
    }

    /// Takes the next frame off: its header and where its unmasked payload stands.
    fn next_frame(&mut self) -> Result<Option<(FrameHeader, std::ops::Range<usize>)>, Violation> {
        let mut cursor = Cursor::new(&self.bytes[self.at..]);
        let Some((header, length)) = FrameHeader::parse(&mut cursor).map_err(|_| Violation::Protocol)? else {
            return Ok(None);
        };
        let length = usize::try_from(length).map_err(|_| Violation::TooLarge)?;
        if length > MAX_CLIENT_FRAME {
            return Err(Violation::TooLarge);
        }
        let Some(mask) = header.mask else { return Err(Violation::Protocol) };
        if header.rsv1 || header.rsv2 || header.rsv3 {
            return Err(Violation::Protocol);
        }
        let start = self.at + usize::try_from(cursor.position()).expect("a position in memory fits");
        let payload = start..start + length;
        let Some(masked) = self.bytes.get_mut(payload.clone()) else { return Ok(None) };
        for (index, byte) in masked.iter_mut().enumerate() {
            *byte ^= mask[index & 3];
        }
        self.at = payload.end;
        Ok(Some((header, payload)))
    }

    fn control(&self, control: Control, payload: std::ops::Range<usize>) -> Result<Incoming<'_>, Violation> {
        if payload.len() > MAX_CONTROL_PAYLOAD {
            return Err(Violation::Protocol);
        }
        match control {
            Control::Ping => Ok(Incoming::Ping(&self.bytes[payload])),
            Control::Pong => Ok(Incoming::Pong),
            Control::Close => Ok(Incoming::Close),
            Control::Reserved(_) => Err(Violation::Protocol),
        }
    }
}

/// A text frame around `payload`.
pub(super) fn text(payload: &[u8]) -> Bytes {
    let mut frame = Vec::with_capacity(payload.len() + MAX_HEADER);
    frame.extend_from_slice(Header::new(FIN | TEXT, payload.len()).bytes());
    frame.extend_from_slice(payload);
    Bytes::from(frame)
}

/// Appends a text frame whose payload `write` appends.
pub(super) fn append_text(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    write(out);
    let header = Header::new(FIN | TEXT, out.len() - start);
    out.splice(start..start, header.bytes().iter().copied());
}

/// Appends a ping.
pub(super) fn append_ping(out: &mut Vec<u8>) {
    out.extend_from_slice(Header::new(FIN | PING, 0).bytes());
}

/// Appends the answer to a ping.
pub(super) fn append_pong(out: &mut Vec<u8>, payload: &[u8]) {
    out.extend_from_slice(Header::new(FIN | PONG, payload.len()).bytes());
    out.extend_from_slice(payload);
}

/// Appends a close frame with a reason of at most 123 bytes.
pub(super) fn append_close(out: &mut Vec<u8>, code: CloseCode, reason: &str) {
    let reason = &reason.as_bytes()[..reason.len().min(MAX_CONTROL_PAYLOAD - 2)];
    out.extend_from_slice(Header::new(FIN | CLOSE, reason.len() + 2).bytes());
    out.extend_from_slice(&u16::from(code).to_be_bytes());
    out.extend_from_slice(reason);
}

const FIN: u8 = 0x80;
const TEXT: u8 = 0x1;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xA;
const MAX_HEADER: usize = 10;

/// A server's header: never masked, the length in its shortest form.
struct Header {
    bytes: [u8; MAX_HEADER],
    length: usize,
}

impl Header {
    fn new(first: u8, payload: usize) -> Self {
        let mut bytes = [0; MAX_HEADER];
        bytes[0] = first;
        let length = match (u8::try_from(payload), u16::try_from(payload)) {
            (Ok(short), _) if short < 126 => {
                bytes[1] = short;
                2
            }
            (_, Ok(medium)) => {
                bytes[1] = 126;
                bytes[2..4].copy_from_slice(&medium.to_be_bytes());
                4
            }
            (_, Err(_)) => {
                bytes[1] = 127;
                bytes[2..].copy_from_slice(&(payload as u64).to_be_bytes());
                MAX_HEADER
            }
        };
        Self { bytes, length }
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

#[cfg(test)]
mod tests;
