//! Recordings for players and programs. Pure: events in, text out, piece by piece. What people read is rendered by the command
//! line and the console out of these.

mod cast;
mod json;

use std::str::FromStr;

use bytes::Bytes;
use futures::stream::{self, Stream};
use proto::event::Event;

use self::cast::Cast;
use super::{ReadError, Reader, segment};

/// How events are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON object per event and line.
    Ndjson,
    /// The records themselves, each after its length (4 bytes, little-endian): what `ledger` verifies.
    Records,
    /// asciicast v3: a terminal's output with intervals.
    Asciicast,
    /// asciicast v2: the same with absolute times, for older players.
    Asciicast2,
}

impl Format {
    /// The content type of the rendered text.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Ndjson => "application/x-ndjson",
            Self::Records => "application/octet-stream",
            Self::Asciicast | Self::Asciicast2 => "application/x-asciicast",
        }
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "ndjson" => Ok(Self::Ndjson),
            "records" => Ok(Self::Records),
            "asciicast" => Ok(Self::Asciicast),
            "asciicast2" => Ok(Self::Asciicast2),
            _ => Err(UnknownFormat),
        }
    }
}

/// The word names no format.
#[derive(Debug, thiserror::Error)]
#[error("the format must be ndjson, records, asciicast or asciicast2")]
pub struct UnknownFormat;

/// Writes events one after another.
pub enum Renderer {
    /// See [`Format::Ndjson`].
    Ndjson,
    /// See [`Format::Records`].
    Records,
    /// See [`Format::Asciicast`].
    Cast(Box<Cast>),
}

impl Renderer {
    /// A renderer for a whole recording; of a terminal recording, `exchange` picks one of its channels. Without it the first
    /// one with a terminal is taken, or all if there is none.
    #[must_use]
    pub fn new(format: Format, exchange: Option<u64>) -> Self {
        match format {
            Format::Ndjson => Self::Ndjson,
            Format::Records => Self::Records,
            Format::Asciicast => Self::Cast(Box::new(Cast::new(true, exchange))),
            Format::Asciicast2 => Self::Cast(Box::new(Cast::new(false, exchange))),
        }
    }

    /// Appends what `event` (whose bytes are `record`) adds to the text.
    pub fn push(&mut self, record: &[u8], event: &Event, out: &mut Vec<u8>) {
        match self {
            Self::Ndjson => json::line(event, out),
            Self::Records => segment::frame(record, out),
            Self::Cast(cast) => cast.push(event, out),
        }
    }
}

/// A recording as a stream of text; ends with an error where the recording is damaged.
pub fn stream(reader: Reader, renderer: Renderer) -> impl Stream<Item = Result<Bytes, ReadError>> + Send {
    stream::try_unfold((reader, renderer), |(mut reader, mut renderer)| async move {
        let Some(records) = reader.next().await? else { return Ok(None) };
        let mut out = Vec::new();
        for (record, event) in &records {
            renderer.push(record, event, &mut out);
        }
        Ok(Some((Bytes::from(out), (reader, renderer))))
    })
}

#[cfg(test)]
mod tests;
