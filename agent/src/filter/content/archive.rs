//! Members of an archive in the form of ZIP: each is read as what it is, text, markup or another binary.

use masking::{Masker, StreamMasker, Syntax, Tally, Unzip, ZipPart};

use super::markup::Markup;
use super::scanner::{Found, Scanner};

/// How many bytes of a member say what it is.
const FIRST: usize = 8;
/// How deep archives are followed into archives.
const DEEPEST: u8 = 3;

/// Looks into an archive that arrives in pieces.
pub(super) struct Archive {
    unzip: Unzip,
    members: Members,
}

/// What its members are looked at with.
struct Members {
    masker: Masker,
    depth: u8,
    first: Vec<u8>,
    eye: Option<Eye>,
    /// Something in one cannot pass.
    found: bool,
}

/// How a member is read.
enum Eye {
    Text(Box<StreamMasker>),
    Markup(Box<Markup>),
    Binary(Box<Scanner>),
}

impl Archive {
    /// For an archive so deep in others; `None` if that is too deep to be read.
    pub(super) fn new(masker: &Masker, depth: u8) -> Option<Self> {
        let members = Members { masker: masker.clone(), depth: depth + 1, first: Vec::new(), eye: None, found: false };
        (depth < DEEPEST).then(|| Self { unzip: Unzip::default(), members })
    }

    pub(super) fn push(&mut self, bytes: &[u8], tally: &mut Tally) -> Result<(), Found> {
        let members = &mut self.members;
        let read = self.unzip.push(bytes, &mut |part| match part {
            ZipPart::Begins(name) => members.begin(name, tally),
            ZipPart::Content(content) => members.content(content, tally),
            ZipPart::Ends => members.end(tally),
        });
        if read.is_err() || members.found { Err(Found) } else { Ok(()) }
    }

    /// Looks at what is left of one that was cut off.
    pub(super) fn finish(&mut self, tally: &mut Tally) -> Result<(), Found> {
        self.members.end(tally);
        if self.members.found { Err(Found) } else { Ok(()) }
    }
}

impl Members {
    fn begin(&mut self, name: &[u8], tally: &mut Tally) {
        self.masker.mask(&mut name.to_vec(), Syntax::Text, tally);
        (self.first, self.eye) = (Vec::new(), None);
    }

    fn content(&mut self, content: &[u8], tally: &mut Tally) {
        if self.eye.is_some() {
            return self.look(content, tally);
        }
        self.first.extend_from_slice(content);
        if self.first.len() >= FIRST {
            self.open(tally);
        }
    }

    fn end(&mut self, tally: &mut Tally) {
        if self.eye.is_none() {
            self.open(tally);
        }
        let mut out = Vec::new();
        match self.eye.take() {
            Some(Eye::Text(mut stream)) => stream.finish(&mut out, tally),
            Some(Eye::Markup(mut markup)) => markup.finish(&self.masker, &mut out, tally),
            Some(Eye::Binary(mut scanner)) => self.found |= scanner.finish().is_err(),
            None => {}
        }
    }

    /// Judges a member by its beginning.
    fn open(&mut self, tally: &mut Tally) {
        let first = std::mem::take(&mut self.first);
        let visible = first.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&first).trim_ascii_start();
        let is_binary = first.iter().any(|byte| *byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0C | 0x1B));
        let is_wide =
            matches!(first.as_slice(), [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [_, 0, _, 0, ..] | [0, _, 0, _, ..]);
        self.eye = Some(match visible {
            _ if is_binary && !is_wide => Eye::Binary(Box::new(Scanner::inside(&self.masker, &first, self.depth))),
            [b'<', ..] => Eye::Markup(Box::new(Markup::new(&self.masker))),
            _ => Eye::Text(Box::new(self.masker.stream(Syntax::Text))),
        });
        self.look(&first, tally);
    }

    fn look(&mut self, content: &[u8], tally: &mut Tally) {
        let mut out = Vec::new();
        match &mut self.eye {
            Some(Eye::Text(stream)) => stream.push(content, &mut out, tally),
            Some(Eye::Markup(markup)) => markup.push(&self.masker, content, &mut out, tally),
            Some(Eye::Binary(scanner)) => self.found |= scanner.push(content).is_err(),
            None => {}
        }
    }
}
