//! Responses: which fields pass, what is masked in fields and content, and what is recorded of them.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, header, response::Parts};
use masking::{Label, Masker, Syntax, Tally};
use prost_reflect::MessageDescriptor;
use proto::{
    Code, Refusal,
    event::{Completed, Field, Masked},
};
use protocols::http::{Fields, is_hop_by_hop, is_trailer_forbidden};

use super::{
    mark::replace,
    range::{Cut, Range},
    read::{Format, Passage, Reader, Rules, Unreadable},
};
use crate::filter::masked::masked_lines;

/// One response on its way to the client.
pub struct Answer {
    masker: Arc<Masker>,
    rules: Arc<Rules>,
    /// `None` if nothing is masked on this connection, or there is no content.
    reader: Option<Box<Reader>>,
    tally: Tally,
    status: StatusCode,
    content_type: String,
    range: Option<Range>,
    length: Option<u64>,
    cut: Option<Cut>,
    /// Whether the head may be sent.
    decided: bool,
    /// Content that was read while the head was undecided.
    ready: Vec<u8>,
}

impl Answer {
    /// Judges a response by its head. `range` is what the client asked for, if the target was asked for all.
    ///
    /// # Errors
    /// [`Code::Uninspectable`] if its content cannot be read.
    pub fn new(
        masker: Arc<Masker>,
        rules: Arc<Rules>,
        method: &Method,
        head: &Parts,
        range: Option<Range>,
    ) -> Result<Self, Refusal> {
        let labels = head.headers.get_all(header::CONTENT_TYPE).iter().collect::<Vec<_>>();
        let content_type = labels.first().map(|label| String::from_utf8_lossy(label.as_bytes()).into_owned());
        let content_type = content_type.unwrap_or_default();
        let empty = method == Method::HEAD
            || matches!(head.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
            || head.headers.get(header::CONTENT_LENGTH).is_some_and(|length| length == "0");
        let codings = head.headers.get_all(header::CONTENT_ENCODING).iter().map(http::HeaderValue::as_bytes);
        let reader = if rules.is_off(&masker) || empty {
            None
        } else {
            Some(Box::new(Reader::new(&content_type, codings).map_err(|reason| unreadable(&reason))?))
        };
        let length = length(&head.headers);
        let mut answer = Self {
            masker,
            rules,
            tally: Tally::default(),
            status: head.status,
            content_type,
            range: range.filter(|_| head.status == StatusCode::OK),
            length,
            cut: None,
            decided: false,
            ready: Vec::new(),
            reader,
        };
        // Events may be long in coming, and their reader waits for the head.
        if answer.reader.as_ref().is_none_or(|reader| reader.is_stream()) {
            answer.decide();
        }
        Ok(answer)
    }

    /// The same, but if it is gRPC, its messages are of this kind.
    #[must_use]
    pub fn of_messages(mut self, head: &Parts, message: Option<MessageDescriptor>) -> Self {
        let encodings = head.headers.get_all("grpc-encoding").iter().map(|value| value.as_bytes().to_vec());
        let format = message.map(|message| Format { message, encodings: encodings.collect() });
        self.reader = self.reader.map(|reader| Box::new(reader.of_messages(format)));
        self
    }

    /// Whether content must be shown to [`Answer::content`] before the head can be sent.
    #[must_use]
    pub fn is_undecided(&self) -> bool {
        !self.decided
    }

    fn decide(&mut self) {
        if !std::mem::replace(&mut self.decided, true) {
            let whole = self.length.filter(|_| self.keeps_length());
            self.cut = self.range.zip(whole).and_then(|(range, whole)| range.of(whole));
        }
    }

    /// Whether the client gets as many bytes as the target announced.
    fn keeps_length(&self) -> bool {
        self.reader.as_ref().is_none_or(|reader| reader.keeps_length())
    }

    /// The status that the client gets.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        if self.cut.is_some() { StatusCode::PARTIAL_CONTENT } else { self.status }
    }

    /// The head's fields as the client gets them.
    pub fn fields(&mut self, headers: &HeaderMap) -> Fields {
        let masks = self.reader.as_ref().is_some_and(|reader| reader.masks());
        let changes = self.reader.as_ref().is_some_and(|reader| reader.changes_form());
        let length = !self.keeps_length() || self.cut.is_some();
        let named = connection_options(headers);
        let mut fields = Fields::with_capacity(headers.len() + 1);
        for (name, value) in headers {
            let name = name.as_str();
            let dropped = is_hop_by_hop(name.as_bytes())
                || name.starts_with("x-sallyport-")
                || name == "alt-svc"
                || named.iter().any(|option| option.eq_ignore_ascii_case(name))
                || (masks && is_validator(name))
                || (length && matches!(name, "content-length" | "content-range"))
                || (changes && name == "content-encoding")
                || self.names_a_value(name);
            if dropped {
                continue;
            }
            let value = match name {
                "content-type" if changes => relabel(value.as_bytes()),
                _ if is_plain(name) => share(value.as_bytes()),
                _ => self.value(name, value.as_bytes()),
            };
            fields.push((share(name.as_bytes()), value));
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
        let mut fields = Fields::new();
        for (name, value) in trailers {
            let name = name.as_str();
            if !is_trailer_forbidden(name.as_bytes()) && !self.names_a_value(name) {
                fields.push((share(name.as_bytes()), self.value(name, value.as_bytes())));
            }
        }
        fields
    }

    /// Whether a field's name itself is something that is masked.
    fn names_a_value(&mut self, name: &str) -> bool {
        let mut bytes = name.as_bytes().to_vec();
        !self.masker.is_off() && self.masker.mask(&mut bytes, Syntax::Text, &mut self.tally)
    }

    fn value(&mut self, name: &str, value: &[u8]) -> Bytes {
        if self.rules.is_off(&self.masker) {
            return share(value);
        }
        let mut value = value.to_vec();
        match self.rules.headers.iter().find(|(marked, _)| marked == name) {
            Some((_, label)) => self.marked(*label, &mut value),
            None => {
                value = self.rules.markings.mask_within(&self.masker, &value, &mut self.tally);
                self.masker.mask(&mut value, Syntax::Text, &mut self.tally);
            }
        }
        value.into()
    }

    /// Masks a field that is marked.
    fn marked(&mut self, label: Option<Label>, value: &mut Vec<u8>) {
        match label {
            Some(label) => {
                let transform = replace(self.masker.transforms(), label, value);
                self.tally.add(label, "marking", transform);
            }
            None => value.fill(b'*'),
        }
    }

    /// The next content as the client gets it. Some of it may be held back until more is known.
    ///
    /// # Errors
    /// [`Code::Uninspectable`] if it cannot be read, or is a file with something that is masked.
    pub fn content(&mut self, piece: Bytes) -> Result<Bytes, Refusal> {
        #[cfg(test)]
        crate::filter::fault::look(&piece);
        match self.read(|reader, to| reader.push(&piece, to))? {
            Some(out) => self.give(out),
            None => Ok(self.cut(piece)),
        }
    }

    /// The target paused, or nothing more of the head is to be learnt: gives what waits for more.
    ///
    /// # Errors
    /// As [`Answer::content`].
    pub fn pause(&mut self) -> Result<Bytes, Refusal> {
        let Some(out) = self.read(Reader::pause)? else { return Ok(Bytes::new()) };
        self.decide();
        self.give(out)
    }

    /// Whether something waits that a pause of the target should let go.
    #[must_use]
    pub fn holds(&self) -> bool {
        !self.decided || self.reader.as_ref().is_some_and(|reader| reader.holds())
    }

    /// The content is over: the rest of it.
    ///
    /// # Errors
    /// As [`Answer::content`].
    pub fn finish(&mut self) -> Result<Bytes, Refusal> {
        let Some(out) = self.read(Reader::finish)? else { return Ok(Bytes::new()) };
        self.decide();
        self.give(out)
    }

    /// Lets the reader take a step; what may pass then, if this content is read at all.
    fn read(
        &mut self,
        step: impl FnOnce(&mut Reader, &mut Passage<'_>) -> Result<(), Unreadable>,
    ) -> Result<Option<Vec<u8>>, Refusal> {
        let Some(reader) = &mut self.reader else { return Ok(None) };
        let mut out = std::mem::take(&mut self.ready);
        let mut to = Passage { rules: &self.rules, masker: &self.masker, out: &mut out, tally: &mut self.tally };
        step(reader, &mut to).map_err(|reason| unreadable(&reason))?;
        Ok(Some(out))
    }

    fn give(&mut self, out: Vec<u8>) -> Result<Bytes, Refusal> {
        if self.reader.as_ref().is_some_and(|reader| reader.is_judged()) {
            self.decide();
        }
        if !self.decided {
            self.ready = out;
            return Ok(Bytes::new());
        }
        Ok(self.cut(out.into()))
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
        if let Some(reason) = self.reader.as_ref().and_then(|reader| reader.opaque()) {
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
        masked_lines("response", tally).collect()
    }
}

fn unreadable(reason: &Unreadable) -> Refusal {
    Refusal::new(Code::Uninspectable, reason.to_string())
}

fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The label of text that was made UTF-8.
pub(super) fn relabel(label: &[u8]) -> Bytes {
    let label = String::from_utf8_lossy(label);
    let mut parts = label.split(';');
    let media = parts.next().unwrap_or_default().trim();
    let others = parts.map(str::trim).filter(|part| !part.to_ascii_lowercase().starts_with("charset"));
    let mut out = others.fold(media.to_owned(), |out, part| out + "; " + part);
    out.push_str("; charset=utf-8");
    out.into()
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

/// Fields whose values frame the message, or are checked by the client: a value in them would not survive anyway.
fn is_plain(name: &str) -> bool {
    matches!(name, "content-length" | "content-encoding" | "date" | "sec-websocket-accept" | "grpc-status")
}

fn share(bytes: &[u8]) -> Bytes {
    Bytes::copy_from_slice(bytes)
}
