//! What kind of content a message carries: by its label first, by its first bytes where the label says nothing.

use masking::Syntax;

/// How content is treated when something is to be masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Read and masked.
    Readable(Syntax),
    /// Passed as it is; the reason is recorded.
    Opaque(&'static str),
    /// The label does not tell; the first bytes must.
    Unknown,
    /// It is text in a form that cannot be read, so it does not pass.
    Unreadable(&'static str),
}

/// Judges a `Content-Type`.
#[must_use]
pub fn classify(content_type: Option<&[u8]>) -> Content {
    let Some(label) = content_type.and_then(|value| std::str::from_utf8(value).ok()) else { return Content::Unknown };
    let mut parts = label.split(';');
    let media = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
    let content = media_type(&media);
    if matches!(content, Content::Readable(_)) && !parts.all(readable_charset) {
        return Content::Unreadable("charset");
    }
    content
}

fn media_type(media: &str) -> Content {
    let Some((kind, name)) = media.split_once('/') else { return Content::Unknown };
    match (kind, name) {
        (_, "json" | "x-json" | "ndjson" | "x-ndjson" | "jsonl" | "x-jsonlines" | "json-seq") => {
            Content::Readable(Syntax::Json)
        }
        (_, name) if name.ends_with("+json") => Content::Readable(Syntax::Json),
        ("image", "svg+xml") => Content::Readable(Syntax::Text),
        (_, name) if name.ends_with("+xml") || name.ends_with("+yaml") => Content::Readable(Syntax::Text),
        ("text" | "multipart", _) => Content::Readable(Syntax::Text),
        ("image" | "video" | "audio" | "font" | "model", _) => Content::Opaque("media"),
        ("application", name) => application(name),
        _ => Content::Unknown,
    }
}

fn application(name: &str) -> Content {
    match name {
        "xml"
        | "javascript"
        | "ecmascript"
        | "x-javascript"
        | "x-www-form-urlencoded"
        | "yaml"
        | "x-yaml"
        | "toml"
        | "sql"
        | "graphql"
        | "csv"
        | "x-sh"
        | "rtf" => Content::Readable(Syntax::Text),
        "zip" | "gzip" | "x-gzip" | "x-tar" | "x-7z-compressed" | "x-bzip2" | "x-xz" | "zstd" | "java-archive"
        | "vnd.rar" => Content::Opaque("archive"),
        "grpc" | "grpc+proto" | "grpc-web" | "grpc-web+proto" | "protobuf" | "x-protobuf" | "vnd.google.protobuf" => {
            Content::Opaque("protobuf")
        }
        "pdf" | "wasm" | "font-woff" | "font-sfnt" => Content::Opaque("binary"),
        // `octet-stream` means that the sender did not say.
        _ => Content::Unknown,
    }
}

fn readable_charset(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else { return true };
    if !name.trim().eq_ignore_ascii_case("charset") {
        return true;
    }
    let value = value.trim().trim_matches('"').to_ascii_lowercase();
    matches!(value.as_str(), "utf-8" | "utf8" | "us-ascii" | "ascii")
        || value.starts_with("iso-8859-")
        || value.starts_with("windows-125")
}

/// Judges the first bytes of content without a telling label.
#[must_use]
pub fn sniff(first: &[u8]) -> Content {
    if let Some(reason) = disguise(first) {
        return if reason == "charset" { Content::Unreadable(reason) } else { Content::Opaque(reason) };
    }
    let shown = first.get(..1024.min(first.len())).unwrap_or_default();
    let binary = |byte: &u8| *byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b);
    if shown.iter().any(binary) {
        return Content::Opaque("binary");
    }
    match shown.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{' | b'[') => Content::Readable(Syntax::Json),
        _ => Content::Readable(Syntax::Text),
    }
}

/// What the first bytes of content betray that text cannot begin with: a compression, or a wide character set.
#[must_use]
pub(super) fn disguise(first: &[u8]) -> Option<&'static str> {
    match first {
        [0x1f, 0x8b, ..] | [0x28, 0xb5, 0x2f, 0xfd, ..] => Some("compressed"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, 0, 0xfe, 0xff, ..] => Some("charset"),
        [0, byte, 0, ..] | [byte, 0, _, 0, ..] if byte.is_ascii_graphic() => Some("charset"),
        _ => None,
    }
}
