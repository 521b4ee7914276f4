//! What is still to be written to one client: shared frames and frames of its own, in order, each written whole.

use std::collections::VecDeque;
use std::io::{ErrorKind, IoSlice, Result};

use bytes::{Buf, Bytes};

/// Frames that one system call takes along.
const MAX_SLICES: usize = 16;

/// The queue of one client. Without memory of its own while the client keeps up.
#[derive(Debug, Default)]
pub(super) struct Output {
    /// Before `own` in order; the first may be partly written.
    queue: VecDeque<Bytes>,
    /// Frames for this client alone, appended in place.
    own: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flushed {
    /// Everything has been handed to the kernel.
    All,
    /// The client does not read fast enough; wait until the socket takes more.
    Blocked,
}

impl Output {
    /// Queues a frame that others get too.
    pub(super) fn push_shared(&mut self, frame: Bytes) {
        if !self.own.is_empty() {
            self.queue.push_back(Bytes::from(std::mem::take(&mut self.own)));
        }
        self.queue.push_back(frame);
    }

    /// Where frames for this client alone are appended, whole ones only.
    pub(super) fn own(&mut self) -> &mut Vec<u8> {
        &mut self.own
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty() && self.own.is_empty()
    }

    /// Bytes that wait.
    pub(super) fn len(&self) -> usize {
        self.queue.iter().map(Bytes::len).sum::<usize>() + self.own.len()
    }

    /// Writes as much as `write` takes. `write` is a non-blocking vectored write.
    pub(super) fn flush(&mut self, mut write: impl FnMut(&[IoSlice<'_>]) -> Result<usize>) -> Result<Flushed> {
        while !self.is_empty() {
            let mut slices = [IoSlice::new(&[]); MAX_SLICES];
            let mut used = 0;
            let parts = self.queue.iter().map(|frame| &frame[..]).chain([&self.own[..]]);
            for (slice, part) in slices.iter_mut().zip(parts) {
                *slice = IoSlice::new(part);
                used += 1;
            }
            match write(&slices[..used]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => self.advance(written),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Flushed::Blocked),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Flushed::All)
    }

    /// Gives memory back that an idle client does not need.
    pub(super) fn shrink(&mut self) {
        if self.queue.is_empty() {
            self.queue = VecDeque::new();
        }
        if self.own.is_empty() {
            self.own = Vec::new();
        }
    }

    fn advance(&mut self, mut written: usize) {
        while let Some(front) = self.queue.front_mut() {
            if written < front.len() {
                front.advance(written);
                return;
            }
            written -= front.len();
            self.queue.pop_front();
        }
        if written == self.own.len() {
            self.own.clear();
        } else if written > 0 {
            let mut rest = Bytes::from(std::mem::take(&mut self.own));
            rest.advance(written);
            self.queue.push_back(rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A socket that takes `step` bytes a call and blocks when `room` is used up.
    fn socket(out: &mut Vec<u8>, step: usize, mut room: usize) -> impl FnMut(&[IoSlice<'_>]) -> Result<usize> {
        move |slices| {
            if room == 0 {
                return Err(ErrorKind::WouldBlock.into());
            }
            let all: Vec<u8> = slices.iter().flat_map(|slice| slice.to_vec()).collect();
            let taken = all.len().min(step).min(room);
            out.extend_from_slice(&all[..taken]);
            room -= taken;
            Ok(taken)
        }
    }

    #[test]
    fn frames_keep_their_order_and_their_bytes_however_little_the_socket_takes() {
        for step in 1..30 {
            for room in 0..40 {
                let mut output = Output::default();
                output.own().extend_from_slice(b"hello;");
                output.push_shared(Bytes::from_static(b"snapshot;"));
                output.own().extend_from_slice(b"result;");
                output.push_shared(Bytes::from_static(b"delta;"));
                output.own().extend_from_slice(b"end");
                let mut written = Vec::new();
                output.flush(socket(&mut written, step, room)).unwrap();
                output.own().extend_from_slice(b"!");
                assert_eq!(output.flush(socket(&mut written, step, usize::MAX)).unwrap(), Flushed::All);
                assert_eq!(String::from_utf8_lossy(&written), "hello;snapshot;result;delta;end!", "{step} {room}");
                assert!(output.is_empty());
            }
        }
    }

    #[test]
    fn a_client_that_keeps_up_costs_no_buffer() {
        let mut output = Output::default();
        output.push_shared(Bytes::from_static(b"delta"));
        let mut written = Vec::new();
        output.flush(socket(&mut written, 100, 100)).unwrap();
        output.shrink();
        assert_eq!((output.queue.capacity(), output.own.capacity(), output.len()), (0, 0, 0));
    }
}
