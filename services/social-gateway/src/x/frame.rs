//! The framing of X's streams: JSON objects, one a line, ended by `\r\n`; an empty line is the keep-alive. Pure.

/// A line longer than this is not a post: X's largest objects with all expansions are some tens of KiB.
pub const LINE_LIMIT: usize = 1 << 20;

/// One line of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    KeepAlive,
    Data(Vec<u8>),
    /// It was longer than [`LINE_LIMIT`] and was thrown away up to its end.
    TooLong,
}

/// Cuts chunks of bytes into lines; holds at most one unfinished line.
#[derive(Debug, Default)]
pub struct Framer {
    pending: Vec<u8>,
    overlong: bool,
}

impl Framer {
    /// Takes a chunk and gives the lines that it ends.
    pub fn push(&mut self, chunk: &[u8]) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut rest = chunk;
        while let Some(end) = rest.iter().position(|&byte| byte == b'\n') {
            self.extend(&rest[..end]);
            lines.push(self.finish());
            rest = &rest[end + 1..];
        }
        self.extend(rest);
        lines
    }

    fn extend(&mut self, part: &[u8]) {
        if self.overlong || self.pending.len() + part.len() > LINE_LIMIT {
            self.overlong = true;
            self.pending = Vec::new();
        } else {
            self.pending.extend_from_slice(part);
        }
    }

    fn finish(&mut self) -> Line {
        let line = std::mem::take(&mut self.pending);
        if std::mem::take(&mut self.overlong) {
            Line::TooLong
        } else if line.iter().all(u8::is_ascii_whitespace) {
            Line::KeepAlive
        } else {
            Line::Data(line)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_wherever_the_chunks_are_cut() {
        let whole = "{\"a\":\"Ξ 😀\"}\r\n\r\n{\"b\":2}\r\n".as_bytes();
        for cut in 0..whole.len() {
            let mut framer = Framer::default();
            let mut lines = framer.push(&whole[..cut]);
            lines.extend(framer.push(&whole[cut..]));
            let data = |text: &str| Line::Data(text.as_bytes().to_vec());
            assert_eq!(lines, [data("{\"a\":\"Ξ 😀\"}\r"), Line::KeepAlive, data("{\"b\":2}\r")], "cut at {cut}");
        }
    }

    #[test]
    fn an_endless_line_is_thrown_away_and_the_next_one_is_read() {
        let mut framer = Framer::default();
        for _ in 0..=(LINE_LIMIT / 1024) {
            assert!(framer.push(&[b'x'; 1024]).is_empty());
            assert!(framer.pending.len() <= LINE_LIMIT);
        }
        assert_eq!(framer.push(b"\r\n{}\r\n"), [Line::TooLong, Line::Data(b"{}\r".to_vec())]);
    }

    #[test]
    fn single_bytes_and_bare_line_feeds_are_read_as_well() {
        let mut framer = Framer::default();
        let lines: Vec<Line> = b"{}\n\n{}\r\n\r\n".iter().flat_map(|byte| framer.push(&[*byte])).collect();
        let data = |text: &[u8]| Line::Data(text.to_vec());
        assert_eq!(lines, [data(b"{}"), Line::KeepAlive, data(b"{}\r"), Line::KeepAlive]);
    }

    #[test]
    fn a_line_without_an_end_is_not_a_line() {
        assert!(Framer::default().push(b"{\"half\":").is_empty());
    }
}
