//! What kind of content a message carries: by its first bytes, and by its label where those say nothing.

/// How content is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// JSON, or what may pass for it.
    Json,
    /// A JSON document a line.
    Lines,
    /// Server-sent events.
    Events,
    /// XML, HTML.
    Markup,
    /// `name=value&...`.
    Form,
    /// Other text.
    Text,
    /// No text; the reason is recorded.
    Binary(&'static str),
    /// The label does not tell.
    Unknown,
    /// It is text in a form that nobody here can read, so it does not pass.
    Unreadable,
}

impl Class {
    /// Whether it is text that is read.
    #[must_use]
    pub fn is_text(self) -> bool {
        !matches!(self, Self::Binary(_) | Self::Unreadable)
    }
}

/// Judges a `Content-Type`.
#[must_use]
pub fn classify(label: &str) -> Class {
    let media = label.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let Some((kind, name)) = media.split_once('/') else { return Class::Unknown };
    match (kind, name) {
        ("text", "event-stream") => Class::Events,
        (_, "ndjson" | "x-ndjson" | "jsonl" | "x-jsonlines" | "jsonlines" | "json-seq") => Class::Lines,
        (_, "json" | "x-json") => Class::Json,
        (_, name) if name.ends_with("+json") => Class::Json,
        ("text", "html") | (_, "xml") => Class::Markup,
        (_, name) if name.ends_with("+xml") => Class::Markup,
        (_, "x-www-form-urlencoded") => Class::Form,
        (_, name) if name.ends_with("+yaml") => Class::Text,
        ("text" | "multipart", _) => Class::Text,
        ("image" | "video" | "audio" | "font" | "model", _) => Class::Binary("media"),
        ("application", name) => application(name),
        _ => Class::Unknown,
    }
}

fn application(name: &str) -> Class {
    match name {
        "javascript" | "ecmascript" | "x-javascript" | "yaml" | "x-yaml" | "toml" | "sql" | "graphql" | "csv"
        | "x-sh" | "rtf" => Class::Text,
        "zip" | "gzip" | "x-gzip" | "x-tar" | "x-7z-compressed" | "x-bzip2" | "x-xz" | "zstd" | "java-archive"
        | "vnd.rar" => Class::Binary("archive"),
        "grpc" | "grpc+proto" | "grpc-web" | "grpc-web+proto" | "protobuf" | "x-protobuf" | "vnd.google.protobuf" => {
            Class::Binary("protobuf")
        }
        "pdf" | "wasm" | "font-woff" | "font-sfnt" => Class::Binary("binary"),
        // `octet-stream` means that the sender did not say.
        _ => Class::Unknown,
    }
}

/// Judges decoded content by its beginning, with its label.
#[must_use]
pub fn sniff(first: &[u8], label: &str) -> Class {
    let labelled = classify(label);
    // The length of a gRPC message can look like the NULs of wide characters.
    if labelled == Class::Binary("protobuf") && matches!(first, [0 | 1 | 0x80 | 0x81, ..]) {
        return labelled;
    }
    // Of characters of two or four bytes, the NULs are left out.
    let narrow: Vec<u8> =
        if is_wide(first) { first.iter().copied().filter(|byte| *byte != 0).collect() } else { first.to_vec() };
    let text = match narrow.as_slice() {
        [0xff, 0xfe, rest @ ..] | [0xfe, 0xff, rest @ ..] | [0xef, 0xbb, 0xbf, rest @ ..] => rest,
        all => all,
    };
    if let Some(reason) = binary(text, labelled) {
        return Class::Binary(reason);
    }
    if !is_wide(first) && is_foreign(text) && !label.to_ascii_lowercase().contains("charset=") {
        return Class::Unreadable;
    }
    by_text(text, labelled)
}

fn by_text(text: &[u8], labelled: Class) -> Class {
    let begins = |word: &[u8]| text.trim_ascii_start().starts_with(word);
    match (text.iter().find(|byte| !byte.is_ascii_whitespace()), labelled) {
        (_, Class::Events | Class::Lines | Class::Form) => labelled,
        (Some(b'{' | b'['), _) => Class::Json,
        (Some(b'<'), _) => Class::Markup,
        (_, Class::Binary(_) | Class::Unknown) if begins(b"data:") || begins(b"event:") => Class::Events,
        (_, Class::Json | Class::Markup) => labelled,
        _ => Class::Text,
    }
}

/// Whether it is no text, and what it is then.
fn binary(text: &[u8], labelled: Class) -> Option<&'static str> {
    let known = match text {
        [0x89, b'P', b'N', b'G', ..] | [0xff, 0xd8, 0xff, ..] | [b'G', b'I', b'F', b'8', ..] => Some("media"),
        [b'R', b'I', b'F', b'F', _, _, _, _, ..] => Some("media"),
        [b'P', b'K', 3 | 5, 4 | 6, ..] | [b'7', b'z', 0xbc, 0xaf, ..] | [0xfd, b'7', b'z', b'X', ..] => Some("archive"),
        [b'%', b'P', b'D', b'F', b'-', ..] | [0x7f, b'E', b'L', b'F', ..] | [0, b'a', b's', b'm', ..] => Some("binary"),
        _ => None,
    };
    if known.is_some() {
        return known;
    }
    let control = |byte: &u8| *byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b);
    match labelled {
        // What says it is text is read as text, odd bytes and all.
        Class::Binary(reason) if text.iter().any(control) || !is_utf8(text) => Some(reason),
        Class::Unknown if text.iter().any(control) => Some("binary"),
        _ => None,
    }
}

/// Whether it may be the beginning of UTF-8 text.
fn is_utf8(text: &[u8]) -> bool {
    match std::str::from_utf8(text) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    }
}

/// Characters of two or four bytes: a byte order mark, or NULs where such text has them.
fn is_wide(first: &[u8]) -> bool {
    matches!(
        first,
        [0xff, 0xfe, ..]
            | [0xfe, 0xff, ..]
            | [0, 0, 0xfe, 0xff, ..]
            | [0, 0, 0, 0x20..=0x7e, ..]
            | [0x20..=0x7e, 0, 0, 0, ..]
    ) || matches!(first, [a, 0, b, 0, ..] | [0, a, 0, b, ..] if is_plain(*a) && is_plain(*b))
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_graphic() || matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// Whether text is of a set in which letters and digits stand above 127, as in EBCDIC: no UTF-8, and hardly any ASCII.
fn is_foreign(text: &[u8]) -> bool {
    let high = text.iter().filter(|byte| **byte >= 0x80).count();
    !is_utf8(text) && high * 2 > text.len()
}
