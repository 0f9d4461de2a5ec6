//! WebSocket frames: parsing and serialization.

use std::io::{self, Cursor};

use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::frame::{Frame, FrameHeader};

/// Parser of a server's frames. It buffers only incomplete frames.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    begun: Vec<u8>,
}

impl Frames {
    /// Calls `each` with every frame that `bytes` completes.
    pub(crate) fn take(
        &mut self,
        bytes: &[u8],
        mut each: impl FnMut(OpCode, &[u8]),
    ) -> io::Result<()> {
        if self.begun.is_empty() {
            let rest = split(bytes, &mut each)?;
            self.begun.extend_from_slice(rest);
        } else {
            self.begun.extend_from_slice(bytes);
            let rest = split(&self.begun, &mut each)?.len();
            let taken = self.begun.len() - rest;
            self.begun.drain(..taken);
        }
        Ok(())
    }
}

/// Calls `each` with every complete frame. Returns the rest.
fn split<'a>(mut bytes: &'a [u8], each: &mut impl FnMut(OpCode, &[u8])) -> io::Result<&'a [u8]> {
    loop {
        let mut cursor = Cursor::new(bytes);
        let header = FrameHeader::parse(&mut cursor).map_err(io::Error::other)?;
        let Some((header, length)) = header else {
            return Ok(bytes);
        };
        if !header.is_final || header.mask.is_some() {
            return Err(io::Error::other("a frame that is in parts or masked"));
        }
        let start = cursor.position() as usize;
        let Some(payload) = bytes.get(start..start + length as usize) else {
            return Ok(bytes);
        };
        each(header.opcode, payload);
        bytes = &bytes[start + length as usize..];
    }
}

/// Serializes a client's text frame.
pub(crate) fn text(text: &str) -> Vec<u8> {
    let frame = Frame::message(text.to_owned(), OpCode::Data(Data::Text), true);
    masked(frame)
}

/// Serializes a client's pong.
pub(crate) fn pong(payload: &[u8]) -> Vec<u8> {
    masked(Frame::pong(payload.to_vec()))
}

fn masked(mut frame: Frame) -> Vec<u8> {
    // Random masks protect proxies; there is none here.
    frame.header_mut().mask = Some([1, 2, 3, 4]);
    let mut bytes = Vec::new();
    // Writing to a Vec cannot fail.
    let _ = frame.format(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_found_however_they_are_cut() {
        let mut bytes = Vec::new();
        for length in [0, 1, 125, 126, 70_000] {
            let frame = Frame::message(vec![7; length], OpCode::Data(Data::Binary), true);
            frame.format(&mut bytes).unwrap();
        }
        for cut in [1, 2, 3, 127, 1_000, bytes.len()] {
            let mut frames = Frames::default();
            let mut lengths = Vec::new();
            for part in bytes.chunks(cut) {
                let each = |_, payload: &[u8]| lengths.push(payload.len());
                frames.take(part, each).unwrap();
            }
            assert_eq!(lengths, [0, 1, 125, 126, 70_000], "{cut}");
        }
    }

    #[test]
    fn what_a_server_may_not_send_is_an_error() {
        let mut frames = Frames::default();
        assert!(frames.take(&text("masked"), |_, _| {}).is_err());
    }
}
