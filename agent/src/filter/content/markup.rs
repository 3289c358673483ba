//! XML and HTML: text is read without the tags that stand in it, so that a value cannot be cut by them. Tags that begin
//! something new on the page separate; attributes and comments are read on their own.

use masking::{Masker, Syntax, Tally};

use super::weave::Weave;

/// Longest tag that is read as one.
const MAX_TAG: usize = 32 * 1024;

/// Reads markup as it arrives: first each text between tags by itself, then what tags may cut, without them.
pub(in crate::filter) struct Markup {
    apart: Pass,
    joined: Pass,
}

/// One reading of markup.
struct Pass {
    /// Whether every tag parts what it stands between.
    apart: bool,
    weave: Weave,
    state: State,
    /// The tag so far.
    tag: Vec<u8>,
    /// The name of the tag before.
    last: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Text,
    /// In a tag; in an attribute's quotes, if so.
    Tag(Option<u8>),
    Comment,
    /// In a CDATA section; how much of `]]>` has come.
    Verbatim(u8),
    /// In a tag that is too long: read as text.
    Long,
}

impl Markup {
    pub(in crate::filter) fn new(masker: &Masker) -> Self {
        Self { apart: Pass::new(masker, true), joined: Pass::new(masker, false) }
    }

    pub(in crate::filter) fn push(&mut self, masker: &Masker, bytes: &[u8], out: &mut Vec<u8>, tally: &mut Tally) {
        let mut between = Vec::with_capacity(bytes.len());
        self.apart.push(masker, bytes, &mut between, tally);
        self.joined.push(masker, &between, out, tally);
    }

    pub(in crate::filter) fn finish(&mut self, masker: &Masker, out: &mut Vec<u8>, tally: &mut Tally) {
        let mut between = Vec::new();
        self.apart.finish(masker, &mut between, tally);
        self.joined.push(masker, &between, out, tally);
        self.joined.finish(masker, out, tally);
    }
}

impl Pass {
    fn new(masker: &Masker, apart: bool) -> Self {
        Self { apart, weave: Weave::new(masker), state: State::Text, tag: Vec::new(), last: Vec::new() }
    }

    fn push(&mut self, masker: &Masker, mut bytes: &[u8], out: &mut Vec<u8>, tally: &mut Tally) {
        while !bytes.is_empty() {
            bytes = match self.state {
                State::Text => self.text(bytes, tally),
                State::Long => self.long(bytes, tally),
                _ => self.inside(masker, bytes, tally),
            };
        }
        self.weave.drain(masker, out, tally);
    }

    fn finish(&mut self, masker: &Masker, out: &mut Vec<u8>, tally: &mut Tally) {
        let tag = std::mem::take(&mut self.tag);
        self.weave.text(&tag, tally);
        if let State::Verbatim(matched) = self.state {
            self.weave.text(b"]]".get(..usize::from(matched)).unwrap_or_default(), tally);
        }
        self.state = State::Text;
        self.weave.finish(masker, out, tally);
    }

    fn text<'a>(&mut self, bytes: &'a [u8], tally: &mut Tally) -> &'a [u8] {
        let at = bytes.iter().position(|byte| *byte == b'<').unwrap_or(bytes.len());
        let (text, rest) = bytes.split_at_checked(at).unwrap_or((bytes, &[]));
        self.weave.text(text, tally);
        if let Some((first, rest)) = rest.split_first() {
            self.tag.push(*first);
            self.state = State::Tag(None);
            return rest;
        }
        rest
    }

    fn long<'a>(&mut self, bytes: &'a [u8], tally: &mut Tally) -> &'a [u8] {
        let at = bytes.iter().position(|byte| *byte == b'>').map_or(bytes.len(), |at| at + 1);
        let (text, rest) = bytes.split_at_checked(at).unwrap_or((bytes, &[]));
        self.weave.text(text, tally);
        if text.ends_with(b">") {
            self.state = State::Text;
        }
        rest
    }

    fn inside<'a>(&mut self, masker: &Masker, bytes: &'a [u8], tally: &mut Tally) -> &'a [u8] {
        let Some((&byte, rest)) = bytes.split_first() else { return bytes };
        if let State::Verbatim(matched) = self.state {
            self.verbatim(byte, matched, tally);
            return rest;
        }
        self.tag.push(byte);
        match self.state {
            State::Comment if self.tag.len() >= 7 && self.tag.ends_with(b"-->") => self.close(masker, tally),
            State::Comment => {}
            State::Tag(Some(quote)) if byte == quote => self.state = State::Tag(None),
            State::Tag(Some(_)) => {}
            _ if self.tag == b"<!--" => self.state = State::Comment,
            _ if self.tag == b"<![CDATA[" => {
                let tag = std::mem::take(&mut self.tag);
                self.weave.raw(&tag);
                self.state = State::Verbatim(0);
            }
            _ if self.tag.len() == 2 && !begins_tag(byte) => {
                // A lone `<` is text; what follows it may begin a tag again.
                let tag = std::mem::take(&mut self.tag);
                self.state = State::Text;
                self.weave.text(b"<", tally);
                if byte == b'<' {
                    self.tag.push(b'<');
                    self.state = State::Tag(None);
                } else {
                    self.weave.text(tag.get(1..).unwrap_or_default(), tally);
                }
            }
            State::Tag(None) if matches!(byte, b'"' | b'\'') && self.tag.ends_with(&[b'=', byte]) => {
                self.state = State::Tag(Some(byte));
            }
            _ if byte == b'>' => self.close(masker, tally),
            _ => {}
        }
        if self.tag.len() > MAX_TAG {
            let tag = std::mem::take(&mut self.tag);
            self.weave.text(&tag, tally);
            self.state = State::Long;
        }
        rest
    }

    fn verbatim(&mut self, byte: u8, matched: u8, tally: &mut Tally) {
        match (byte, matched) {
            (b']', 0..=1) => self.state = State::Verbatim(matched + 1),
            (b']', _) => self.weave.text(b"]", tally),
            (b'>', 2) => {
                self.weave.raw(b"]]>");
                self.state = State::Text;
            }
            _ => {
                self.weave.text(b"]]".get(..usize::from(matched)).unwrap_or_default(), tally);
                self.weave.text(&[byte], tally);
                self.state = State::Verbatim(0);
            }
        }
    }

    fn close(&mut self, masker: &Masker, tally: &mut Tally) {
        let mut tag = std::mem::take(&mut self.tag);
        self.state = State::Text;
        let name = name(&tag);
        let is_remark = tag.starts_with(b"<!--") || tag.starts_with(b"<?");
        let is_seen =
            tag.ends_with(b"/>") && !is_block(&name) || is_inline(&name) || (!is_block(&name) && name == self.last);
        let joins = is_remark || is_seen && !self.apart;
        masker.mask(&mut tag, Syntax::Text, tally);
        self.weave.raw(&tag);
        if !joins {
            self.weave.hidden(b"\n", tally);
        }
        if !tag.starts_with(b"<!--") {
            self.last = name;
        }
    }
}

fn begins_tag(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || matches!(byte, b'/' | b'!' | b'?' | b'_' | b':') || byte >= 0x80
}

/// A tag's name, in lower case.
fn name(tag: &[u8]) -> Vec<u8> {
    let inner = tag.iter().skip_while(|byte| matches!(byte, b'<' | b'/'));
    let name = inner.take_while(|byte| !byte.is_ascii_whitespace() && !matches!(byte, b'>' | b'/'));
    name.map(u8::to_ascii_lowercase).collect()
}

/// Elements that only change how text looks.
fn is_inline(name: &[u8]) -> bool {
    const INLINE: [&[u8]; 32] = [
        b"a", b"abbr", b"acronym", b"b", b"bdi", b"bdo", b"big", b"cite", b"code", b"data", b"del", b"dfn", b"em",
        b"font", b"i", b"ins", b"kbd", b"mark", b"nobr", b"q", b"s", b"samp", b"small", b"span", b"strike", b"strong",
        b"sub", b"sup", b"tt", b"u", b"var", b"wbr",
    ];
    INLINE.contains(&name)
}

/// Elements that begin something new.
fn is_block(name: &[u8]) -> bool {
    const BLOCK: [&[u8]; 38] = [
        b"br",
        b"hr",
        b"td",
        b"th",
        b"tr",
        b"p",
        b"div",
        b"li",
        b"ul",
        b"ol",
        b"dl",
        b"dt",
        b"dd",
        b"table",
        b"thead",
        b"tbody",
        b"tfoot",
        b"section",
        b"article",
        b"header",
        b"footer",
        b"nav",
        b"aside",
        b"main",
        b"h1",
        b"h2",
        b"h3",
        b"h4",
        b"h5",
        b"h6",
        b"pre",
        b"blockquote",
        b"title",
        b"option",
        b"select",
        b"script",
        b"style",
        b"img",
    ];
    BLOCK.contains(&name)
}
