//! One line of a dump: what it can be read as, and where its data stand.

/// The longest line that is read, in bytes.
const LONGEST: usize = 4096;
/// The longest line of one piece, in characters: of a mail, of a key's armour. Longer ones are tokens of their own.
pub(super) const LONGEST_PIECE: usize = 128;
/// The shortest first line of one piece, in characters.
pub(super) const LEAST_PIECE: usize = 4;
/// The fewest pieces of a first line.
pub(super) const LEAST_PIECES: usize = 4;
/// The fewest if nothing else stands on the line.
pub(super) const LEAST_ALONE: usize = 2;

/// What stands for what has no letter.
pub(super) const NAMES: [&[u8]; 12] =
    [b"sp", b"nl", b"cr", b"ht", b"nul", b"\\n", b"\\r", b"\\t", b"\\0", b"\\a", b"\\b", b"\\f"];

/// As what the pieces of a line can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub(super) enum Kind {
    /// Two hexadecimal digits.
    Hex = 1,
    /// Four, eight or sixteen of them, the first byte first.
    Words = 1 << 1,
    /// The same, the last byte first.
    Swapped = 1 << 2,
    /// Three octal digits.
    Octal = 1 << 3,
    /// Six, eleven or twenty-two of them: two, four or eight bytes, the last first.
    OctalWords = 1 << 4,
    /// A number below 256.
    Decimal = 1 << 5,
    /// Eight binary digits.
    Binary = 1 << 6,
    /// A letter, or the name of what has none.
    Letters = 1 << 7,
    /// One piece of base64.
    Base64 = 1 << 8,
    /// One piece of base32.
    Base32 = 1 << 9,
    /// One piece of hexadecimal digits.
    HexPiece = 1 << 10,
    /// Two bytes in decimal, the last first.
    DecimalWords = 1 << 11,
    /// Four or eight of them.
    DecimalLongs = 1 << 12,
}

const KINDS: [Kind; 13] = [
    Kind::Hex,
    Kind::Words,
    Kind::Swapped,
    Kind::Octal,
    Kind::OctalWords,
    Kind::Decimal,
    Kind::Binary,
    Kind::Letters,
    Kind::Base64,
    Kind::Base32,
    Kind::HexPiece,
    Kind::DecimalWords,
    Kind::DecimalLongs,
];

impl Kind {
    /// Whether a line is one piece, which goes on on the next.
    pub(super) fn is_joined(self) -> bool {
        matches!(self, Self::Base64 | Self::Base32 | Self::HexPiece)
    }
}

/// A set of kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kinds(u16);

impl Kinds {
    const JOINED: u16 = Kind::Base64 as u16 | Kind::Base32 as u16 | Kind::HexPiece as u16;

    pub(super) const ALL: Self = Self(u16::MAX);
    pub(super) const NONE: Self = Self(0);

    pub(super) fn each(self) -> impl Iterator<Item = Kind> {
        KINDS.into_iter().filter(move |kind| self.0 & *kind as u16 != 0)
    }

    /// Whether lines are one piece each.
    pub(super) fn is_joined(self) -> bool {
        self.0 & Self::JOINED != 0
    }
}

/// A line of a dump.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    /// Where it begins.
    pub(super) begin: usize,
    /// Where its data begin, behind its offset.
    pub(super) start: usize,
    /// Where its data end.
    pub(super) data: usize,
    /// Where it ends, with the letters that some dumps have beside.
    pub(super) end: usize,
    /// Where the next begins.
    pub(super) next: usize,
    pub(super) kinds: Kinds,
    /// Whether it stands below the line with the offset.
    pub(super) row: usize,
    /// How many characters its one piece has.
    pub(super) width: usize,
    /// How many bytes it may stand for.
    pub(super) decoded: usize,
}

/// Where the line ends that begins `text`.
pub(super) fn end(text: &[u8]) -> Option<usize> {
    memchr::memchr2(b'\n', b'"', text)
}

/// How lines begin that stand below one with an offset.
pub(super) const BELOW: &[u8] = b"       ";

/// Whether a line has an offset alone, behind the last byte of a dump, or a star in place of lines like the one before.
pub(super) fn is_only_offset(line: &[u8]) -> bool {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    line == b"*" || (6..=8).contains(&line.len()) && line.iter().all(u8::is_ascii_hexdigit)
}

/// Whether a line that begins so may be one of a dump, the first of it or another.
pub(super) fn may_be(begun: &[u8], is_first: bool) -> bool {
    if begun.len() > LONGEST {
        return false;
    }
    if offset(begun).is_some() || may_be_offset(begun) {
        return true;
    }
    let data = beside(begun).map_or(begun, |letters| begun.get(..letters).unwrap_or(begun));
    if data.len() < begun.len() && pieces(data).count() < if is_first { LEAST_PIECES } else { 1 } {
        return false;
    }
    let begun = data;
    let count = pieces(begun).count();
    let whole = begun.last().is_some_and(|byte| is_gap(*byte));
    pieces(begun).enumerate().all(|(index, piece)| {
        let is_last = index + 1 == count && !whole;
        let is_prompt = is_first && index == 0 && is_prompt(piece);
        (index == 0 && count == 1 && is_one_piece(piece)) || !is_prompt && could_be(piece, is_last)
    })
}

/// A mark alone, which begins no value but stands where commands are typed.
fn is_prompt(piece: &[u8]) -> bool {
    matches!(piece, [mark] if !mark.is_ascii_alphanumeric())
}

fn could_be(piece: &[u8], cut: bool) -> bool {
    let bare = bare(piece);
    is_letter(piece)
        || cut && (bare.len() <= 22 && bare.iter().all(u8::is_ascii_hexdigit) || piece.len() <= 3)
        || piece.len() <= 3 && piece.iter().all(u8::is_ascii_digit)
        || matches!(bare.len(), 2 | 4 | 6 | 8 | 16) && bare.iter().all(u8::is_ascii_hexdigit)
        || matches!(bare.len(), 5 | 9..=11 | 18..=22) && bare.iter().all(u8::is_ascii_digit)
}

/// Whether a piece stands for one letter, by itself or by a name.
fn is_letter(piece: &[u8]) -> bool {
    piece.len() == 1 || NAMES.contains(&piece) || matches!(piece, [b'0'..=b'3', b'0'..=b'7', b'0'..=b'7'])
}

fn is_one_piece(piece: &[u8]) -> bool {
    piece.len() <= LONGEST_PIECE && piece.iter().all(|byte| is_base64(*byte) || *byte == b'=')
}

pub(super) const GAP: u8 = 1;
pub(super) const BASE64: u8 = 2;
pub(super) const HEX: u8 = 4;

pub(super) fn class(byte: u8) -> u8 {
    CLASSES.get(usize::from(byte)).copied().unwrap_or_default()
}

static CLASSES: [u8; 256] = classes();

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, which refuses what is out of bounds")]
const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b' ' | b'\t' | b',' | b'[' | b']' => GAP,
            b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F' => BASE64 | HEX,
            b'g'..=b'z' | b'G'..=b'Z' | b'+' | b'/' | b'-' | b'_' | b'=' => BASE64,
            _ => 0,
        };
        byte += 1;
    }
    table
}

/// Reads a line that begins at `begin`; what it can be read as besides what the lines before it can.
pub(super) fn read(content: &[u8], begin: usize, before: Option<Kinds>) -> Option<Line> {
    if content.len() > LONGEST {
        return None;
    }
    let content = content.strip_suffix(b"\r").unwrap_or(content);
    let offset = offset(content).unwrap_or(0);
    let behind = content.get(offset..).unwrap_or_default();
    let is_xxd = offset > 0 && content.get(offset - 1) == Some(&b':');
    let length = data_length(behind, is_xxd);
    let data = behind.get(..length).unwrap_or_default();
    let (mut kinds, count) = kinds(data, before.is_none());
    if offset > 0 {
        // No piece goes on behind an offset.
        kinds &= !Kinds::JOINED;
    }
    let is_prompt = before.is_none() && offset == 0 && pieces(data).next().is_some_and(is_prompt);
    let kinds = Kinds(if is_prompt { 0 } else { kinds & before.map_or(u16::MAX, |before| before.0) });
    let width = data.iter().filter(|byte| is_base64(**byte)).count();
    let least = if before.is_some() || offset > 0 { 1 } else { LEAST_ALONE };
    let enough = if kinds.is_joined() { before.is_some() || width >= LEAST_PIECE } else { count >= least };
    let start = begin + offset;
    let decoded = width.div_ceil(2);
    let (data, end) = (start + length, begin + content.len());
    (kinds.0 != 0 && enough).then_some(Line { begin, start, data, end, next: end, kinds, row: 0, width, decoded })
}

/// Where data begin behind an offset: `00000010: ` of xxd, `0000020 ` of od, `00000010  ` of hexdump.
fn offset(line: &[u8]) -> Option<usize> {
    let digits = line.iter().take(11).take_while(|byte| byte.is_ascii_hexdigit()).count();
    match line.get(digits..)? {
        [b':', ..] if (6..=10).contains(&digits) => Some(digits + 1),
        [b' ', rest @ ..] if (6..=8).contains(&digits) => {
            let next = pieces(rest).next().map_or(0, <[u8]>::len);
            // Six digits are two bytes in octal as well, beside others of that length.
            let is_offset = digits > 6 || matches!(next, 2..=4 | 8);
            (is_offset && next != digits && next > 0).then_some(digits + 1)
        }
        _ => None,
    }
}

/// Whether a line that goes on begins with what may be an offset: the piece behind it may still grow.
fn may_be_offset(begun: &[u8]) -> bool {
    let digits = begun.iter().take(9).take_while(|byte| byte.is_ascii_hexdigit()).count();
    (6..=8).contains(&digits) && begun.get(digits) == Some(&b' ') && pieces(begun).count() < 3
}

/// Where letters begin that stand beside the data of a line that goes on.
fn beside(begun: &[u8]) -> Option<usize> {
    begun.windows(3).position(|three| matches!(three, b"  |" | b"  >"))
}

/// How much of a line is data: not the letters beside them.
fn data_length(data: &[u8], is_xxd: bool) -> usize {
    if is_xxd {
        let begun = data.iter().take_while(|byte| **byte == b' ').count();
        let rest = data.get(begun..).unwrap_or_default();
        return begun + rest.windows(2).position(|two| two == b"  ").unwrap_or(rest.len());
    }
    let mark = match data.last() {
        Some(b'|') => b"  |",
        Some(b'<') => b"  >",
        _ => return data.len(),
    };
    data.windows(3).position(|three| three == mark).unwrap_or(data.len())
}

/// As what all pieces can be read, and how many they are.
fn kinds(data: &[u8], is_first: bool) -> (u16, usize) {
    let mut all = u16::MAX;
    let (mut count, mut letters) = (0, 0);
    let mut pieces = pieces(data).peekable();
    while let Some(piece) = pieces.next() {
        all &= kinds_of(piece, pieces.peek().is_none());
        count += 1;
        letters += usize::from(piece.len() == 1);
        if all == 0 {
            return (0, count);
        }
    }
    if count != 1 {
        all &= !Kinds::JOINED;
    }
    // Letters with gaps between, and few of what has no letter.
    if is_first && letters * 4 < count * 3 {
        all &= !(Kind::Letters as u16);
    }
    (all, count)
}

fn kinds_of(piece: &[u8], last: bool) -> u16 {
    let mut kinds = 0;
    let mut add = |kind: Kind, wanted: bool| kinds |= if wanted { kind as u16 } else { 0 };
    add(Kind::Letters, is_letter(piece));
    let all = |class: fn(&u8) -> bool| piece.iter().all(class);
    add(Kind::Base64, is_one_piece(piece));
    add(Kind::Base32, piece.len() <= LONGEST_PIECE && all(|byte| matches!(byte, b'A'..=b'Z' | b'2'..=b'7' | b'=')));
    let bare = bare(piece);
    if bare.iter().all(u8::is_ascii_hexdigit) {
        let words = matches!(bare.len(), 4 | 8 | 16) || last && matches!(bare.len(), 2 | 6);
        add(Kind::Hex, bare.len() == 2);
        add(Kind::Words, words);
        add(Kind::Swapped, words);
        add(Kind::HexPiece, bare.len() <= LONGEST_PIECE && bare.len().is_multiple_of(2));
    }
    let octal = all(|byte| matches!(byte, b'0'..=b'7'));
    add(Kind::Octal, octal && piece.len() == 3 && matches!(piece, [b'0'..=b'3', ..]));
    add(Kind::OctalWords, octal && matches!(piece.len(), 6 | 11 | 22) && matches!(piece, [b'0'..=b'3', ..]));
    add(Kind::Decimal, piece.len() <= 3 && all(u8::is_ascii_digit));
    let digits = all(u8::is_ascii_digit);
    add(Kind::DecimalWords, digits && (matches!(piece.len(), 4 | 5) || last && piece.len() <= 5));
    add(Kind::DecimalLongs, digits && (matches!(piece.len(), 9 | 10 | 18..=20) || last && piece.len() <= 20));
    add(Kind::Binary, piece.len() == 8 && all(|byte| matches!(byte, b'0' | b'1')));
    kinds
}

/// The pieces of data: what gaps, commas and brackets part.
pub(super) fn pieces(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    data.split(|byte| is_gap(*byte)).filter(|piece| !piece.is_empty())
}

pub(super) fn is_gap(byte: u8) -> bool {
    class(byte) & GAP != 0
}

/// Digits without the mark that says that they are hexadecimal.
pub(super) fn bare(piece: &[u8]) -> &[u8] {
    let marks: [&[u8]; 3] = [b"0x", b"0X", b"\\x"];
    marks.iter().find_map(|mark| piece.strip_prefix(*mark)).unwrap_or(piece)
}

pub(super) fn is_base64(byte: u8) -> bool {
    class(byte) & BASE64 != 0 && byte != b'='
}
