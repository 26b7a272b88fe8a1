//! Replies that come line by line: NDJSON, and server-sent events.

use futures::{Stream, StreamExt, TryStreamExt};
use reqwest::Response;
use serde_json::Value;
use tokio_util::{
    codec::{FramedRead, LinesCodec},
    io::StreamReader,
};

use crate::{LlmError, http::Http};

/// Bytes of one line at most: a single event carries some tokens, or a whole tool call where a service does not cut it.
const MAX_LINE: usize = 8 << 20;

/// A reply's lines.
pub(crate) struct Lines<'a> {
    http: &'a Http,
    lines: std::pin::Pin<Box<dyn Stream<Item = Result<String, ()>> + Send>>,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(http: &'a Http, response: Response) -> Self {
        let bytes = StreamReader::new(response.bytes_stream().map_err(std::io::Error::other));
        let lines = FramedRead::new(bytes, LinesCodec::new_with_max_length(MAX_LINE)).map_err(|_| ());
        Self { http, lines: lines.boxed() }
    }

    async fn line(&mut self) -> Result<Option<String>, LlmError> {
        self.http.idle(async { self.lines.next().await.transpose() }).await
    }

    /// The next line of NDJSON; none at the end.
    pub(crate) async fn json(&mut self) -> Result<Option<Value>, LlmError> {
        while let Some(line) = self.line().await? {
            if !line.trim().is_empty() {
                return self.parse(&line).map(Some);
            }
        }
        Ok(None)
    }

    /// The data of the next server-sent event; none at the end. The events' names repeat what the data says.
    pub(crate) async fn event(&mut self) -> Result<Option<Event>, LlmError> {
        let mut data = String::new();
        while let Some(line) = self.line().await? {
            if let Some(more) = line.strip_prefix("data:") {
                if !data.is_empty() {
                    data.push('\n');
                }
                data += more.strip_prefix(' ').unwrap_or(more);
            } else if line.is_empty() && !data.is_empty() {
                return self.finished(&data).map(Some);
            }
        }
        // The last event may lack the empty line that ends it.
        if data.is_empty() { Ok(None) } else { self.finished(&data).map(Some) }
    }

    fn finished(&self, data: &str) -> Result<Event, LlmError> {
        if data.trim() == "[DONE]" { Ok(Event::Done) } else { self.parse(data).map(Event::Data) }
    }

    fn parse(&self, text: &str) -> Result<Value, LlmError> {
        serde_json::from_str(text).map_err(|_| self.http.invalid("an event that is not JSON"))
    }
}

/// One server-sent event.
pub(crate) enum Event {
    /// Its data.
    Data(Value),
    /// OpenAI's end of the stream.
    Done,
}
