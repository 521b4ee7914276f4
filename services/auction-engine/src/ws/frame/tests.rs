use tokio_tungstenite::tungstenite::protocol::frame::Frame;

use super::*;

/// A client's frame as the library writes it.
fn masked(opcode: OpCode, is_final: bool, payload: &[u8]) -> Vec<u8> {
    let header = FrameHeader { is_final, opcode, mask: Some([1, 2, 3, 4]), ..FrameHeader::default() };
    let mut out = Vec::new();
    Frame::from_payload(header, Bytes::copy_from_slice(payload)).format(&mut out).unwrap();
    out
}

fn text_frame(payload: &str) -> Vec<u8> {
    masked(OpCode::Data(Data::Text), true, payload.as_bytes())
}

#[test]
fn messages_come_out_whole_however_the_bytes_are_cut() {
    let mut stream = text_frame("one");
    stream.extend(masked(OpCode::Control(Control::Ping), true, b"hi"));
    stream.extend(text_frame(&"x".repeat(1000)));
    for cut in 1..stream.len() {
        let mut reader = Reader::default();
        let mut seen = Vec::new();
        for part in stream.chunks(cut) {
            reader.push(part);
            while let Some(incoming) = reader.next().unwrap() {
                seen.push(match incoming {
                    Incoming::Text(text) => text.to_owned(),
                    Incoming::Ping(payload) => format!("ping {}", payload.len()),
                    Incoming::Pong | Incoming::Close => unreachable!("not sent"),
                });
            }
            reader.compact();
        }
        assert_eq!(seen, ["one".to_owned(), "ping 2".to_owned(), "x".repeat(1000)], "cut at {cut}");
    }
}

#[test]
fn fragments_are_joined_and_control_frames_may_come_between() {
    let mut reader = Reader::default();
    reader.push(&masked(OpCode::Data(Data::Text), false, b"he"));
    reader.push(&masked(OpCode::Control(Control::Pong), true, b""));
    reader.push(&masked(OpCode::Data(Data::Continue), true, b"llo"));
    reader.push(&text_frame("after"));
    assert_eq!(reader.next(), Ok(Some(Incoming::Pong)));
    assert_eq!(reader.next(), Ok(Some(Incoming::Text("hello"))));
    assert_eq!(reader.next(), Ok(Some(Incoming::Text("after"))));
    assert_eq!(reader.next(), Ok(None));
}

#[test]
fn a_control_frame_in_pieces_breaks_the_protocol() {
    for control in [Control::Ping, Control::Close] {
        let mut reader = Reader::default();
        reader.push(&masked(OpCode::Control(control), false, b""));
        assert_eq!(reader.next(), Err(Violation::Protocol));
    }
}

#[test]
fn a_silent_client_costs_no_buffer() {
    let mut reader = Reader::default();
    reader.push(&text_frame("x"));
    while reader.next().unwrap().is_some() {}
    reader.compact();
    assert_eq!(reader.bytes.capacity(), 0);
}

#[test]
fn violations_are_told_apart() {
    let mut unmasked = Vec::new();
    append_text(&mut unmasked, |out| out.extend_from_slice(b"{}"));
    let mut reserved_bit = text_frame("x");
    reserved_bit[0] |= 0x40;
    let mut huge = vec![0x81, 0xFF];
    huge.extend_from_slice(&u64::MAX.to_be_bytes());
    huge.extend_from_slice(&[0; 4]);
    for (bytes, violation) in [
        (masked(OpCode::Data(Data::Binary), true, b"x"), Violation::Binary),
        (masked(OpCode::Data(Data::Text), true, &[0xFF]), Violation::NotUtf8),
        (masked(OpCode::Data(Data::Continue), true, b"x"), Violation::Protocol),
        (masked(OpCode::Data(Data::Text), true, &[b'x'; MAX_CLIENT_FRAME + 1]), Violation::TooLarge),
        (masked(OpCode::Control(Control::Ping), true, &[0; 126]), Violation::Protocol),
        (unmasked, Violation::Protocol),
        (reserved_bit, Violation::Protocol),
        (huge, Violation::TooLarge),
    ] {
        let mut reader = Reader::default();
        reader.push(&bytes);
        assert_eq!(reader.next(), Err(violation));
    }
}

#[test]
fn endless_fragments_are_refused() {
    let mut reader = Reader::default();
    reader.push(&masked(OpCode::Data(Data::Text), false, &[b'x'; 3000]));
    reader.push(&masked(OpCode::Data(Data::Continue), false, &[b'x'; 3000]));
    assert_eq!(reader.next(), Err(Violation::TooLarge));
}

#[test]
fn server_frames_have_the_shortest_length_form() {
    for (length, header) in [(0, 2), (125, 2), (126, 4), (65_535, 4), (65_536, 10)] {
        let frame = text(&vec![b'x'; length]);
        assert_eq!(frame.len(), length + header);
        let mut appended = b"before".to_vec();
        append_text(&mut appended, |out| out.extend(std::iter::repeat_n(b'x', length)));
        assert_eq!(appended[6..], frame[..]);
        let (parsed, parsed_length) = FrameHeader::parse(&mut Cursor::new(&frame[..])).unwrap().unwrap();
        assert_eq!((parsed.mask, parsed_length), (None, length as u64));
    }
}
