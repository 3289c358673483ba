//! Responses: which fields pass, what is masked in fields and content, and what is recorded of them.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, header, response::Parts};
use masking::{Masker, StreamMasker, Syntax, Tally};
use proto::{
    Code, Refusal,
    event::{Completed, Field, Masked},
};
use protocols::http::{Fields, is_hop_by_hop, is_trailer_forbidden};

use super::{
    content::{Content, classify, disguise, sniff},
    range::{Cut, Range},
};

/// One response on its way to the client.
pub struct Answer {
    masker: Arc<Masker>,
    treatment: Treatment,
    tally: Tally,
    status: StatusCode,
    content_type: String,
    events: bool,
    cut: Option<Cut>,
    started: bool,
    /// Whether the content so far ends with an event.
    at_boundary: bool,
}

enum Treatment {
    /// Nothing is masked on this connection, or there is no content.
    Untouched,
    Opaque(&'static str),
    Masked(Box<StreamMasker>, Syntax),
    /// Waits for the first bytes.
    Undecided,
}

impl Answer {
    /// Judges a response by its head. `range` is what the client asked for, if the target was asked for all.
    ///
    /// # Errors
    /// [`Code::Uninspectable`] if it carries text that cannot be read.
    pub fn new(masker: Arc<Masker>, method: &Method, head: &Parts, range: Option<Range>) -> Result<Self, Refusal> {
        let content_type = head.headers.get(header::CONTENT_TYPE).map(|value| value.as_bytes());
        let empty = method == Method::HEAD
            || matches!(head.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
            || head.headers.get(header::CONTENT_LENGTH).is_some_and(|length| length == "0");
        let mut answer = Self {
            treatment: Treatment::Untouched,
            tally: Tally::default(),
            status: head.status,
            content_type: content_type.map(|label| String::from_utf8_lossy(label).into_owned()).unwrap_or_default(),
            events: content_type.is_some_and(|label| label.starts_with(b"text/event-stream")),
            cut: range.filter(|_| head.status == StatusCode::OK).and_then(|range| range.of(length(&head.headers)?)),
            masker,
            started: false,
            at_boundary: false,
        };
        if !answer.masker.is_off() && !empty {
            answer.treat(classify(content_type))?;
            let coded = head.headers.get(header::CONTENT_ENCODING).is_some_and(|coding| coding != "identity");
            if coded && !matches!(answer.treatment, Treatment::Opaque(_)) {
                return Err(uninspectable("the target answered in a coding that it was not offered"));
            }
        }
        Ok(answer)
    }

    /// Whether the first bytes of content must be shown to [`Answer::decide`] before the head can be sent.
    #[must_use]
    pub fn is_undecided(&self) -> bool {
        matches!(self.treatment, Treatment::Undecided)
    }

    /// Judges by the first bytes.
    ///
    /// # Errors
    /// [`Code::Uninspectable`] if it is text that cannot be read.
    pub fn decide(&mut self, first: &[u8]) -> Result<(), Refusal> {
        if self.is_undecided() { self.treat(sniff(first)) } else { Ok(()) }
    }

    fn treat(&mut self, content: Content) -> Result<(), Refusal> {
        self.treatment = match content {
            Content::Readable(syntax) => Treatment::Masked(Box::new(self.masker.stream(syntax)), syntax),
            Content::Opaque(reason) => Treatment::Opaque(reason),
            Content::Unknown => Treatment::Undecided,
            Content::Unreadable(_) => {
                return Err(uninspectable("the target answered in a character set that cannot be read"));
            }
        };
        Ok(())
    }

    /// The status that the client gets.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        if self.cut.is_some() { StatusCode::PARTIAL_CONTENT } else { self.status }
    }

    /// The head's fields as the client gets them.
    pub fn fields(&mut self, headers: &HeaderMap) -> Fields {
        let masked = matches!(self.treatment, Treatment::Masked(..));
        let named = connection_options(headers);
        let mut fields = Fields::with_capacity(headers.len() + 1);
        for (name, value) in headers {
            let name = name.as_str();
            let dropped = is_hop_by_hop(name.as_bytes())
                || name.starts_with("x-sallyport-")
                || name == "alt-svc"
                || named.iter().any(|option| option.eq_ignore_ascii_case(name))
                || (masked && is_validator(name))
                || (self.cut.is_some() && matches!(name, "content-length" | "content-range"));
            if !dropped {
                let value = if is_plain(name) { share(value.as_bytes()) } else { self.value(value.as_bytes()) };
                fields.push((share(name.as_bytes()), value));
            }
        }
        if let Some(cut) = &self.cut {
            let range = format!("bytes {}-{}/{}", cut.first, cut.last, cut.whole);
            fields.push((Bytes::from_static(b"content-range"), range.into()));
            fields.push((Bytes::from_static(b"content-length"), cut.len().to_string().into()));
        }
        fields
    }

    /// The trailers as the client gets them.
    pub fn trailers(&mut self, trailers: &HeaderMap) -> Fields {
        let passing = trailers.iter().filter(|(name, _)| !is_trailer_forbidden(name.as_str().as_bytes()));
        passing.map(|(name, value)| (share(name.as_str().as_bytes()), self.value(value.as_bytes()))).collect()
    }

    fn value(&mut self, value: &[u8]) -> Bytes {
        if self.masker.is_off() {
            return share(value);
        }
        let mut value = value.to_vec();
        self.masker.mask(&mut value, Syntax::Text, &mut self.tally);
        value.into()
    }

    /// The next content as the client gets it. Some of it may be held back until more is known.
    ///
    /// # Errors
    /// [`Code::Uninspectable`] if content that is labelled as text is none.
    pub fn content(&mut self, piece: Bytes) -> Result<Bytes, Refusal> {
        let first = !std::mem::replace(&mut self.started, true);
        let piece = match &mut self.treatment {
            Treatment::Untouched | Treatment::Opaque(_) => piece,
            Treatment::Undecided => return Err(uninspectable("the target's answer could not be judged")),
            Treatment::Masked(stream, _) => {
                if first && disguise(&piece).is_some() {
                    return Err(uninspectable("the target's answer is not the text it says it is"));
                }
                self.at_boundary = piece.ends_with(b"\n\n") || piece.ends_with(b"\r\n\r\n");
                let mut out = Vec::with_capacity(piece.len() + 64);
                stream.push(&piece, &mut out, &mut self.tally);
                out.into()
            }
        };
        Ok(self.cut(piece))
    }

    /// The target has nothing more to say for now. A complete event is given whole: its reader must not wait for the next.
    pub fn pause(&mut self) -> Bytes {
        let Treatment::Masked(stream, syntax) = &mut self.treatment else { return Bytes::new() };
        if !(self.events && self.at_boundary) || stream.held() == 0 {
            return Bytes::new();
        }
        let mut out = Vec::new();
        stream.finish(&mut out, &mut self.tally);
        **stream = self.masker.stream(*syntax);
        self.cut(out.into())
    }

    /// The content is over: the rest of it.
    pub fn finish(&mut self) -> Bytes {
        let Treatment::Masked(stream, _) = &mut self.treatment else { return Bytes::new() };
        let mut out = Vec::new();
        stream.finish(&mut out, &mut self.tally);
        self.cut(out.into())
    }

    /// Whether all that the client asked for has been given.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.cut.is_some_and(|cut| cut.is_done())
    }

    fn cut(&mut self, piece: Bytes) -> Bytes {
        match &mut self.cut {
            Some(cut) => cut.take(piece),
            None => piece,
        }
    }

    /// What is recorded at the end.
    #[must_use]
    pub fn completed(&self, outcome: &str) -> Completed {
        let mut fields = vec![Field { name: "content-type".into(), value: self.content_type.clone() }];
        if let Treatment::Opaque(reason) = self.treatment {
            fields.push(Field { name: "inspected".into(), value: format!("no reason={reason}") });
        }
        Completed {
            outcome: outcome.into(),
            status: self.status().as_u16().to_string(),
            fields,
            ..Completed::default()
        }
    }

    /// What was masked since the last call.
    pub fn masked(&mut self) -> Vec<Masked> {
        let tally = std::mem::take(&mut self.tally);
        let transform = match self.treatment {
            Treatment::Masked(_, Syntax::Json) => "json",
            _ => "text",
        };
        masked_lines("response", transform, tally).collect()
    }
}

/// Counts as they are recorded.
pub fn masked_lines(field: &'static str, transform: &'static str, tally: Tally) -> impl Iterator<Item = Masked> {
    tally.entries.into_iter().map(move |(label, detector, count)| Masked {
        field: field.into(),
        label: label.to_string(),
        detector: detector.into(),
        transform: transform.into(),
        count,
    })
}

fn uninspectable(message: &str) -> Refusal {
    Refusal::new(Code::Uninspectable, message)
}

fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn connection_options(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(header::CONNECTION).into_iter().filter_map(|value| value.to_str().ok());
    let options = values.flat_map(|value| value.split(',')).map(str::trim);
    // These say nothing about other fields.
    options.filter(|option| !matches!(*option, "" | "close" | "keep-alive" | "upgrade")).map(str::to_owned).collect()
}

/// What tells one version of content from another; worthless for content that was changed.
fn is_validator(name: &str) -> bool {
    matches!(name, "etag" | "last-modified" | "content-md5" | "digest" | "repr-digest" | "content-digest")
}

/// Fields whose values are numbers, dates and names of formats: masking them could only break them.
fn is_plain(name: &str) -> bool {
    matches!(
        name,
        "content-length"
            | "content-type"
            | "content-range"
            | "content-encoding"
            | "accept-ranges"
            | "age"
            | "cache-control"
            | "date"
            | "etag"
            | "expires"
            | "last-modified"
            | "retry-after"
            | "server"
            | "vary"
            | "sec-websocket-accept"
            | "grpc-status"
    )
}

fn share(bytes: &[u8]) -> Bytes {
    Bytes::copy_from_slice(bytes)
}
