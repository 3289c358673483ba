//! Marked parameters of requests. Their values are never recorded; in flight, the target does not get them either, but what
//! stands in their place. What cannot be read for that does not pass.
//!
//! ```text
//!  request ── in flight, tokens ──> policy, schema ──> target
//!                                └─ record ──> record
//! ```
//!
//! Policy judges the request as the target gets it: what is judged is what is forwarded.

mod content;
mod graphql;
mod grpc;
mod head;
mod multipart;

use std::{borrow::Cow, sync::Arc};

use bytes::Bytes;
use functions::http::Api;
use masking::{Label, Masker, Tally, Transform};
use prost_reflect::MethodDescriptor;
use proto::{
    RequestMask, RequestMode,
    event::Masked,
    functions::{BinaryContent, HttpMask},
};
use protocols::http::RequestHead;

pub use self::content::Unmaskable;
use super::read::{Binary, Fields, Markings, Names, Notes, Rules};
use crate::filter::masked::masked_lines;

/// The marked parameters of a connection.
#[derive(Clone, Debug)]
pub struct Parameters {
    /// What is masked in the record.
    record: Places,
    /// What becomes what its label says before the target gets it.
    in_flight: Places,
    /// What becomes a token before the target gets it.
    tokens: Places,
    /// Everything that is marked, whoever gets it.
    headers: Names,
    cookies: Names,
    reading: Arc<Rules>,
    /// What the connection says.
    requests: Arc<RequestMask>,
    /// Tells the parameters of a path, and the message of a gRPC call.
    api: Arc<Api>,
}

/// Where values stand.
#[derive(Clone, Debug, Default)]
struct Places {
    path: Names,
    query: Names,
    headers: Names,
    cookies: Names,
    form: Names,
    json: Markings,
    grpc: Fields,
}

impl Parameters {
    /// Compiles what a connection marks.
    ///
    /// # Errors
    /// The place that cannot be read.
    pub fn new(mask: &HttpMask, api: &Arc<Api>) -> Result<Self, String> {
        let of = |mode| Places::new(&mask.requests, api, |own, _| own == mode);
        let record = of(RequestMode::Record)?;
        let everything = Places::new(&mask.requests, api, |_, _| true)?;
        let reading = Rules {
            markings: record.json.clone(),
            form: record.form.clone(),
            grpc: record.grpc.clone(),
            binary: match mask.binary {
                Some(BinaryContent::Refuse) => Binary::Refuse,
                Some(BinaryContent::Scan) | None => Binary::Scan,
            },
            allow: mask.allow.iter().map(|media| media.trim().to_ascii_lowercase()).collect(),
            request: true,
            ..Rules::default()
        };
        Ok(Self {
            record,
            in_flight: of(RequestMode::InFlight)?,
            tokens: of(RequestMode::Token)?,
            headers: everything.headers,
            cookies: everything.cookies,
            reading: Arc::new(reading),
            requests: Arc::new(mask.requests.clone()),
            api: Arc::clone(api),
        })
    }

    /// Whether nothing is marked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.each().into_iter().all(Places::is_empty)
    }

    /// Whether the target does not get some values.
    #[must_use]
    pub fn changes_requests(&self) -> bool {
        !self.in_flight.is_empty() || !self.tokens.is_empty()
    }

    /// The same where the target gets values of these labels as they are; `None` if that changes nothing.
    #[must_use]
    pub fn sending(&self, labels: &[String]) -> Option<Self> {
        let raw = |label: &str| labels.iter().any(|other| other == label);
        let masks = self.requests.each().map(|(_, _, mask)| mask);
        if !masks.into_iter().any(|mask| mask.mode() != RequestMode::Record && raw(mask.label())) {
            return None;
        }
        let of = |mode| Places::new(&self.requests, &self.api, |own, label| own == mode && !raw(label)).ok();
        Some(Self { in_flight: of(RequestMode::InFlight)?, tokens: of(RequestMode::Token)?, ..self.clone() })
    }

    /// Whether content has to be read, and may have to be changed, before the target gets any of it.
    #[must_use]
    pub fn holds_content(&self, head: &RequestHead) -> bool {
        let called = self.called(head);
        let holds = |places: &Places| match &called {
            Some(method) => places.grpc.reach(&method.input()),
            None => places.is_in_content(),
        };
        holds(&self.in_flight) || holds(&self.tokens)
    }

    /// Whether something in content is marked that the target gets and the record does not.
    #[must_use]
    pub fn reads_content(&self) -> bool {
        self.record.is_in_content()
    }

    /// How content is read for the record.
    #[must_use]
    pub fn reading(&self) -> &Arc<Rules> {
        &self.reading
    }

    /// The gRPC method that a request calls, if its messages are known.
    fn called(&self, head: &RequestHead) -> Option<MethodDescriptor> {
        self.api.grpc_method(&head.target)
    }

    /// Whether a request streams messages to its target.
    #[must_use]
    pub fn is_stream(&self, head: &RequestHead) -> bool {
        self.called(head).is_some_and(|method| method.is_client_streaming())
    }

    fn each(&self) -> [&Places; 3] {
        [&self.record, &self.in_flight, &self.tokens]
    }

    /// Masks in a head what the target does not get. Every request must come by here before it is judged.
    #[must_use]
    pub fn mask_head(&self, masker: &Masker, head: &mut RequestHead) -> Vec<Masked> {
        let mut told = Told::new("marking in-flight");
        for (places, masker) in self.changing(masker) {
            head::mask(places, &masker, &self.api, head, &mut told);
        }
        told.lines
    }

    /// Masks in whole content what the target does not get; corrects what the head says about it.
    ///
    /// # Errors
    /// Why the request does not pass.
    pub fn mask_content(
        &self,
        masker: &Masker,
        head: &mut RequestHead,
        content: &Bytes,
    ) -> Result<(Bytes, Vec<Masked>), Unmaskable> {
        let mut told = Told::new("marking in-flight");
        let rules: Vec<_> = self.changing(masker).collect();
        let content = match self.called(head) {
            Some(method) => grpc::mask(&rules, &method, head, content, &mut told)?,
            None => content::mask(&rules, (&self.reading, &self.api), head, content, &mut told)?,
        };
        Ok((content, told.lines))
    }

    /// Whole content as it is recorded, before its reader sees it: a GraphQL document says what its values are, and has to be read
    /// whole for that. What cannot be read is left to the reader.
    pub fn recorded_content(&self, masker: &Masker, head: &RequestHead, content: &Bytes) -> (Bytes, Vec<Masked>) {
        if self.record.json.is_empty() || !self.api.speaks_graphql() {
            return (content.clone(), Vec::new());
        }
        let marked = [(&self.record, masker.clone())];
        let (mut head, mut told) = (head.clone(), Told::new("marking"));
        let masked = content::mask(&marked, (&self.reading, &self.api), &mut head, content, &mut told);
        (masked.unwrap_or_else(|_| content.clone()), told.lines)
    }

    /// Masks trailers of a request, which the target does not get as they are either.
    pub fn mask_trailers(&self, masker: &Masker, fields: &mut protocols::http::Fields) -> Vec<Masked> {
        let mut told = Told::new("marking in-flight");
        for (places, masker) in self.changing(masker) {
            head::mask_fields(places, &masker, fields, &mut told);
        }
        told.lines
    }

    /// A head as it is recorded: of cookies, only those that are marked.
    #[must_use]
    pub fn recorded_head<'a>(&self, masker: &Masker, head: &'a RequestHead) -> (Cow<'a, RequestHead>, Vec<Masked>) {
        if self.is_empty() {
            return (Cow::Borrowed(head), Vec::new());
        }
        let (mut head, mut told) = (head.clone(), Told::new("marking"));
        head::mask(&self.record, masker, &self.api, &mut head, &mut told);
        head::keep_cookies(&self.cookies, &mut head.fields);
        (Cow::Owned(head), told.lines)
    }

    /// Whether a header field is recorded because it is marked.
    #[must_use]
    pub fn names_header(&self, name: &[u8]) -> bool {
        self.headers.find(name).is_some() || (!self.cookies.is_empty() && name == b"cookie")
    }

    /// What changes requests on their way, with what makes the replacements and finds nothing else.
    fn changing(&self, masker: &Masker) -> impl Iterator<Item = (&Places, Masker)> {
        let transforms = masker.transforms().clone();
        let both = [(&self.in_flight, false), (&self.tokens, true)];
        both.into_iter().filter(|(places, _)| !places.is_empty()).map(move |(places, token)| {
            let transforms = if token { transforms.tokens() } else { transforms.clone() };
            (places, Masker::new(&[]).with_transforms(transforms))
        })
    }
}

impl Places {
    fn new(requests: &RequestMask, api: &Api, wanted: impl Fn(RequestMode, &str) -> bool) -> Result<Self, String> {
        let marked = requests.each().filter(|(_, _, mask)| wanted(mask.mode(), mask.label()));
        let marked = marked.map(|(kind, name, mask)| {
            let label: Label = mask.label().parse().map_err(|_| format!("requests.{kind}: {name}"))?;
            Ok((kind, name, label))
        });
        let marked = marked.collect::<Result<Vec<_>, String>>()?;
        let of = |wanted: &'static str| {
            let own = marked.iter().filter(move |(kind, ..)| *kind == wanted);
            own.map(|(_, name, label)| (*name, *label))
        };
        let json = Markings::new(of("json").map(|(place, label)| (place, Some(label))))?;
        Ok(Self {
            path: Names::new(of("path")),
            query: Names::new(of("query")),
            headers: Names::new(of("headers")),
            cookies: Names::new(of("cookies")),
            form: Names::new(of("form")),
            json: if api.speaks_graphql() { json.beside_documents() } else { json },
            grpc: Fields::new(of("grpc")),
        })
    }

    fn is_empty(&self) -> bool {
        let names = [&self.path, &self.query, &self.headers, &self.cookies];
        names.into_iter().all(Names::is_empty) && !self.is_in_content()
    }

    fn is_in_content(&self) -> bool {
        !self.form.is_empty() || !self.json.is_empty() || !self.grpc.is_empty()
    }
}

/// What was masked, a line for each parameter.
struct Told {
    detector: &'static str,
    kind: &'static str,
    lines: Vec<Masked>,
}

impl Told {
    fn new(detector: &'static str) -> Self {
        Self { detector, kind: "", lines: Vec::new() }
    }

    /// What comes now is of this kind.
    fn of(&mut self, kind: &'static str) -> &mut Self {
        self.kind = kind;
        self
    }

    fn add(&mut self, line: Masked) {
        let same = |other: &&mut Masked| {
            (&other.field, &other.label, &other.transform) == (&line.field, &line.label, &line.transform)
        };
        match self.lines.iter_mut().find(same) {
            Some(known) => known.count += line.count,
            None => self.lines.push(line),
        }
    }
}

impl Notes for Told {
    fn note(&mut self, name: &str, label: Label, transform: Transform) {
        self.add(Masked {
            field: format!("request {} {name}", self.kind),
            label: label.to_string(),
            detector: self.detector.to_owned(),
            transform: transform.to_string(),
            count: 1,
        });
    }

    fn merge(&mut self, tally: &Tally) {
        let detector = self.detector.to_owned();
        for line in masked_lines(&format!("request {} json", self.kind), tally.clone()) {
            self.add(Masked { detector: detector.clone(), ..line });
        }
    }
}

#[cfg(test)]
mod tests;
