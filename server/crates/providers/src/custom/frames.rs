//! Messages as the Language Server Protocol frames them: a `Content-Length` header, an empty line, that many bytes of JSON.

use std::io;

use serde_json::Value;
use tokio_util::{
    bytes::{Buf, BytesMut},
    codec::{Decoder, Encoder},
};

/// Bytes of a message at most: rows are limited far below, and schemas of the largest systems stay below too.
const MAX_MESSAGE: usize = 64 << 20;
/// Bytes of the headers of a message at most.
const MAX_HEADERS: usize = 4 << 10;

/// Reads and writes framed messages.
#[derive(Debug, Default)]
pub(super) struct Frames;

impl Decoder for Frames {
    type Item = Value;
    type Error = io::Error;

    fn decode(&mut self, from: &mut BytesMut) -> io::Result<Option<Value>> {
        let broken = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why.to_owned());
        let Some(end) = from.windows(4).take(MAX_HEADERS).position(|window| window == b"\r\n\r\n") else {
            // A program that prints something else is told at its first line, not waited for.
            let line = from.iter().position(|byte| *byte == b'\n').map(|end| &from[..end]);
            let other = line.is_some_and(|line| !line.contains(&b':'));
            return if other || from.len() > MAX_HEADERS {
                Err(broken("what it prints is no message with a Content-Length"))
            } else {
                Ok(None)
            };
        };
        let headers = String::from_utf8_lossy(&from[..end]).into_owned();
        let length = headers.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.trim().eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
        });
        let length = length.ok_or_else(|| broken("a message of it has no Content-Length"))?;
        if length > MAX_MESSAGE {
            return Err(broken("a message of it is longer than 64 MiB"));
        }
        let whole = end + 4 + length;
        if from.len() < whole {
            from.reserve(whole - from.len());
            return Ok(None);
        }
        let message = serde_json::from_slice(&from[end + 4..whole]);
        from.advance(whole);
        message.map(Some).map_err(|_| broken("a message of it is no JSON"))
    }
}

impl Encoder<Value> for Frames {
    type Error = io::Error;

    fn encode(&mut self, message: Value, into: &mut BytesMut) -> io::Result<()> {
        let body = message.to_string();
        into.extend_from_slice(format!("Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn messages_are_read_whatever_pieces_they_come_in() {
        let mut bytes = BytesMut::new();
        Frames.encode(json!({ "é": 1 }), &mut bytes).unwrap();
        Frames.encode(json!([2]), &mut bytes).unwrap();
        let mut pieces = BytesMut::new();
        let mut found = Vec::new();
        for byte in bytes {
            pieces.extend_from_slice(&[byte]);
            found.extend(Frames.decode(&mut pieces).unwrap());
        }
        assert_eq!(found, [json!({ "é": 1 }), json!([2])]);
    }

    #[test]
    fn what_is_no_message_is_an_error() {
        for text in ["Content-Length: x\r\n\r\n", "Content-Length: 99999999999\r\n\r\n", "Content-Length: 1\r\n\r\n?"] {
            assert!(Frames.decode(&mut BytesMut::from(text)).is_err(), "{text}");
        }
        assert!(Frames.decode(&mut BytesMut::from("hello ".repeat(1000).as_str())).is_err());
    }
}
