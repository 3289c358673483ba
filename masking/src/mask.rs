//! The entry point: compiled detectors, and masking of whole values in place.

use std::fmt;

use bytes::BytesMut;
use memchr::memchr_iter;
use serde::{Deserialize, Serialize};

use crate::brief;
use crate::custom::{Detector, DetectorError};
use crate::hit::{Hit, Span};
use crate::label::Label;
use crate::layer::Layer;
use crate::masked::{Masked, Uninspected};
use crate::more::{More, Plans};
use crate::scan::{Cursor, LEAST_DIGITS, Plan};
use crate::stars::{mask_number, mask_text, mask_zeros};
use crate::stream::StreamMasker;
use crate::surface::{Surface, Text, is_odd};
use crate::syntax::Syntax;
use crate::tally::Tally;
use crate::transform::{Transform, Transforms};
use crate::window::LEFT_CONTEXT;

/// The shortest value any detector can match, in bytes (`a@b.co`).
const SHORTEST: usize = 6;
/// Up to this length the text of a value costs no allocation, in bytes.
const SHORT: usize = 256;
/// A longer value whose text is not its bytes is read in pieces, in bytes.
const LONGEST_AT_ONCE: usize = 256 * 1024;
/// How much of a value whose text is not its bytes is masked at once, in bytes.
const ODD_PIECE: usize = 16 * 1024;

/// The compiled detectors of a connection.
#[derive(Clone)]
pub struct Masker {
    labels: Vec<Label>,
    plan: Plan,
    json_plan: Plan,
    more: More,
    transforms: Transforms,
}

/// How hard a masker looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Whether base64 and hexadecimal tokens are decoded, and masked whole if a value is inside.
    pub decode: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { decode: true }
    }
}

impl Masker {
    /// Compiles the detectors of these labels.
    #[must_use]
    pub fn new(labels: &[Label]) -> Self {
        Self::build(labels.to_vec(), Vec::new(), Options::default())
    }

    /// Compiles these detectors.
    ///
    /// # Errors
    /// The first detector that cannot be used: then nothing may be let through.
    pub fn compile(detectors: &[Detector], options: Options) -> Result<Self, DetectorError> {
        let (mut labels, mut layers) = (Vec::new(), Vec::new());
        for detector in detectors {
            labels.push(match detector {
                Detector::Label(label) => *label,
                Detector::Custom(custom) => {
                    let layer = Layer::new(custom)?;
                    let label = layer.label();
                    layers.push(layer);
                    label
                }
            });
        }
        Ok(Self::build(labels, layers, options))
    }

    fn build(labels: Vec<Label>, layers: Vec<Layer>, options: Options) -> Self {
        let plan = Plan::new(&labels);
        let more = More { layers, decode: options.decode && !labels.is_empty() };
        Self { labels, json_plan: plan.reading(Syntax::Json), plan, more, transforms: Transforms::default() }
    }

    /// The same, but what it finds becomes what these transforms say.
    #[must_use]
    pub fn with_transforms(self, transforms: Transforms) -> Self {
        Self { transforms, ..self }
    }

    /// What stands in place of values.
    #[must_use]
    pub fn transforms(&self) -> &Transforms {
        &self.transforms
    }

    /// Whether nothing is masked.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.labels.is_empty()
    }

    /// The labels this masker looks for.
    #[must_use]
    pub fn labels(&self) -> &[Label] {
        &self.labels
    }

    /// The same but for these labels, by their names: their values are shown.
    #[must_use]
    pub fn without(&self, shown: &[String]) -> Self {
        let hidden = |label: &Label| !shown.iter().any(|name| name == label.as_str());
        let labels = self.labels.iter().copied().filter(hidden).collect();
        let layers = self.more.layers.iter().filter(|layer| hidden(&layer.label())).cloned().collect();
        let transforms = self.transforms.clone();
        Self::build(labels, layers, Options { decode: self.more.decode }).with_transforms(transforms)
    }

    /// Masks a whole value in place; its length never changes. Returns whether anything was masked.
    pub fn mask(&self, value: &mut [u8], syntax: Syntax, tally: &mut Tally) -> bool {
        let own = !self.more.layers.is_empty();
        if self.is_off() || !own && value.len() < if syntax == Syntax::Number { LEAST_DIGITS } else { SHORTEST } {
            return false;
        }
        if is_odd(value, syntax) {
            return !self.is_clean(value, syntax) && self.mask_odd(value, syntax, tally);
        }
        if self.is_brief(value, syntax) {
            return false;
        }
        if !self.transforms.is_full() {
            return !self.finds_nothing(value, syntax) && self.mask_odd(value, syntax, tally);
        }
        let mut spans = Vec::new();
        if syntax != Syntax::Number || own {
            let plan = if syntax == Syntax::Json { &self.json_plan } else { &self.plan };
            self.more.find(plan, value, &mut spans);
        }
        if spans.is_empty() { self.mask_plain(value, syntax, tally) } else { self.mask_odd(value, syntax, tally) }
    }

    /// Masks a whole value and seals it as inspected.
    #[must_use]
    pub fn mask_bytes(&self, mut value: BytesMut, syntax: Syntax, tally: &mut Tally) -> Masked {
        if self.is_off() {
            return Masked::uninspected(value.freeze(), Uninspected::DetectorsOff);
        }
        self.mask(&mut value, syntax, tally);
        Masked::sealed(value.freeze())
    }

    /// Appends what the detectors find in a whole text, in order, without masking it.
    pub fn scan(&self, text: &[u8], hits: &mut Vec<Hit>) {
        if !is_odd(text, Syntax::Text) {
            return self.scan_plain(text, |at| at, hits);
        }
        let (mut surface, mut seen) = (Surface::new(Syntax::Text), Vec::new());
        surface.take(text, &mut seen);
        surface.settle(&mut seen);
        self.scan_plain(&seen, |at| surface.origin(at), hits);
    }

    fn scan_plain(&self, text: &[u8], origin: impl Fn(usize) -> usize, hits: &mut Vec<Hit>) {
        let (mut cursor, mut spans) = (Cursor::default(), Vec::new());
        self.more.find(&self.plan, text, &mut spans);
        while !self.plan.scan(text, true, &mut cursor, &mut spans) {}
        spans.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
        let mut covered = 0;
        spans.retain(|span| {
            let is_new = covered < span.end;
            covered = covered.max(span.end);
            is_new
        });
        hits.extend(spans.iter().map(|span| Hit {
            label: span.rule.label,
            detector: span.rule.detector,
            range: origin(span.start)..origin(span.end),
        }));
    }

    /// A masker for a stream that arrives in pieces.
    #[must_use]
    pub fn stream(&self, syntax: Syntax) -> StreamMasker {
        // A number holds no token.
        let more = More { decode: self.more.decode && syntax != Syntax::Number, ..self.more.clone() };
        let plans = || Plans { main: self.plan.reading(syntax), more };
        StreamMasker::new((!self.is_off()).then(plans), self.transforms.clone(), syntax)
    }

    /// A value whose bytes are what the detectors read: no escapes.
    fn mask_plain(&self, value: &mut [u8], syntax: Syntax, tally: &mut Tally) -> bool {
        let plan = if syntax == Syntax::Json { &self.json_plan } else { &self.plan };
        let (mut cursor, mut spans) = (Cursor::default(), Vec::new());
        let mut writer = Writer { syntax, quotes: Quotes::default() };
        loop {
            let done = plan.scan(value, true, &mut cursor, &mut spans);
            // What the next detector may still look at stays raw until it has.
            let limit = if done { value.len() } else { cursor.at.saturating_sub(LEFT_CONTEXT) };
            writer.write(value, &mut spans, limit, tally);
            if done {
                // The floor moves with every hit.
                return cursor.floor > 0;
            }
        }
    }

    /// Whether the text of a value whose text is not its bytes holds nothing: most do, and then its places need not be followed.
    fn is_clean(&self, value: &[u8], syntax: Syntax) -> bool {
        if value.len() <= SHORT {
            let mut text = ShortText { bytes: [0; SHORT], length: 0 };
            Surface::read(value, syntax, &mut text);
            return text.bytes.get(..text.length).is_some_and(|text| self.finds_nothing(text, syntax));
        }
        if value.len() > LONGEST_AT_ONCE {
            return false;
        }
        let mut text = Vec::with_capacity(value.len());
        Surface::read(value, syntax, &mut text);
        self.finds_nothing(&text, syntax)
    }

    fn finds_nothing(&self, text: &[u8], syntax: Syntax) -> bool {
        if self.is_brief(text, syntax) {
            return true;
        }
        let plan = if syntax == Syntax::Json { &self.json_plan } else { &self.plan };
        let mut spans = Vec::new();
        self.more.find(plan, text, &mut spans);
        plan.scan(text, true, &mut Cursor::default(), &mut spans);
        spans.is_empty()
    }

    /// Whether a short look shows that a text holds nothing, without own detectors that look for anything.
    fn is_brief(&self, text: &[u8], syntax: Syntax) -> bool {
        syntax == Syntax::Text
            && self.more.layers.is_empty()
            && brief::holds_nothing(&self.plan, text, self.more.decode)
    }

    fn mask_odd(&self, value: &mut [u8], syntax: Syntax, tally: &mut Tally) -> bool {
        let mut own = Tally::default();
        let mut stream = self.stream(syntax);
        let (mut out, mut written, mut read) = (Vec::new(), 0, 0);
        while let Some(piece) = value.get(read..(read + ODD_PIECE).min(value.len())).filter(|piece| !piece.is_empty()) {
            read += piece.len();
            stream.push(piece, &mut out, &mut own);
            written += put(value, written, &mut out);
        }
        stream.finish(&mut out, &mut own);
        put(value, written, &mut out);
        tally.merge(&own);
        !own.is_empty()
    }
}

/// Text of a short value, without an allocation.
struct ShortText {
    bytes: [u8; SHORT],
    /// More than there is room for: it did not fit.
    length: usize,
}

impl Text for ShortText {
    fn append(&mut self, bytes: &[u8]) {
        if let Some(room) = self.bytes.get_mut(self.length..self.length.saturating_add(bytes.len())) {
            room.copy_from_slice(bytes);
        }
        self.length = self.length.saturating_add(bytes.len());
    }

    fn length(&self) -> usize {
        self.length
    }
}

impl fmt::Debug for Masker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Masker").field(&self.labels).finish()
    }
}

fn put(value: &mut [u8], at: usize, out: &mut Vec<u8>) -> usize {
    let length = out.len();
    if let Some(target) = value.get_mut(at..at + length) {
        target.copy_from_slice(out);
    }
    out.clear();
    length
}

/// Writes spans into a plain value.
struct Writer {
    syntax: Syntax,
    quotes: Quotes,
}

impl Writer {
    /// Writes what lies before `limit`; keeps the rest of the spans.
    fn write(&mut self, value: &mut [u8], spans: &mut Vec<Span>, limit: usize, tally: &mut Tally) {
        spans.retain_mut(|span| {
            if span.start >= limit {
                return true;
            }
            let end = span.end.min(limit);
            self.write_one(value, span.start, end);
            if !span.continues {
                tally.add(span.rule.label, span.rule.detector, Transform::Full);
            }
            (span.start, span.continues) = (end, true);
            end < span.end
        });
    }

    fn write_one(&mut self, value: &mut [u8], start: usize, end: usize) {
        let in_string = self.syntax == Syntax::Json && self.quotes.is_open_at(value, start);
        let before = start.checked_sub(1).and_then(|index| value.get(index)).copied();
        let Some(target) = value.get_mut(start..end) else { return };
        match self.syntax {
            Syntax::Json if !in_string => mask_number(target, before),
            Syntax::Json | Syntax::Text => mask_text(target),
            Syntax::Number => mask_zeros(target),
        }
    }
}

/// Counts quotes up to a position that only moves forward.
#[derive(Default)]
struct Quotes {
    at: usize,
    open: bool,
}

impl Quotes {
    fn is_open_at(&mut self, value: &[u8], at: usize) -> bool {
        let passed = value.get(self.at..at).unwrap_or_default();
        self.open ^= memchr_iter(b'"', passed).count() % 2 == 1;
        self.at = at;
        self.open
    }
}
