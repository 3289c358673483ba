//! Files of known kinds, by their first bytes and their label together: pictures, sound, film, fonts, archives, documents, programs.
//! Other binary content may be JSON by another name (CBOR, `MessagePack`, Avro), with members that are marked.

use crate::filter::content::{Class, classify};

/// What a file is, as far as labels tell it apart.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Image,
    /// Sound and film: their containers are the same.
    Media,
    Font,
    /// Archives, documents, programs.
    File,
}

/// How files begin.
const MARKS: [(&[u8], Kind); 39] = [
    (b"\x89PNG\r\n\x1a\n", Kind::Image),
    (b"\xff\xd8\xff", Kind::Image),
    (b"GIF87a", Kind::Image),
    (b"GIF89a", Kind::Image),
    (b"II*\0", Kind::Image),
    (b"MM\0*", Kind::Image),
    (b"\0\0\x01\0", Kind::Image),
    (b"BM", Kind::Image),
    (b"\xff\x0a", Kind::Image),
    (b"\0\0\0\x0cJXL ", Kind::Image),
    (b"OggS", Kind::Media),
    (b"fLaC", Kind::Media),
    (b"ID3", Kind::Media),
    (b"\xff\xfb", Kind::Media),
    (b"\xff\xf3", Kind::Media),
    (b"\xff\xf2", Kind::Media),
    (b"\xff\xf1", Kind::Media),
    (b"\xff\xf9", Kind::Media),
    (b"\x1a\x45\xdf\xa3", Kind::Media),
    (b"FLV\x01", Kind::Media),
    (b"MThd", Kind::Media),
    (b"\0\0\x01\xba", Kind::Media),
    (b"\0\0\x01\xb3", Kind::Media),
    (b"wOFF", Kind::Font),
    (b"wOF2", Kind::Font),
    (b"OTTO\0", Kind::Font),
    (b"\0\x01\0\0\0", Kind::Font),
    (b"true\0", Kind::Font),
    (b"ttcf\0", Kind::Font),
    (b"PK\x03\x04", Kind::File),
    (b"PK\x05\x06", Kind::File),
    (b"\x1f\x8b\x08", Kind::File),
    (b"\x28\xb5\x2f\xfd", Kind::File),
    (b"Rar!\x1a\x07", Kind::File),
    (b"%PDF-", Kind::File),
    (b"\x7fELF", Kind::File),
    (b"\0asm", Kind::File),
    (b"MZ", Kind::File),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Kind::File),
];

/// Whether content begins as a file of a known kind, and its label says nothing else.
#[must_use]
pub fn is_known(first: &[u8], label: &str) -> bool {
    kind(first).is_some_and(|kind| agrees(kind, label))
}

fn kind(first: &[u8]) -> Option<Kind> {
    match first {
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => return Some(Kind::Image),
        [b'R', b'I', b'F', b'F', _, _, _, _, ..] => return Some(Kind::Media),
        [_, _, _, _, b'f', b't', b'y', b'p', rest @ ..] => {
            let image = [&b"avif"[..], b"avis", b"heic", b"heix", b"mif1", b"msf1"];
            return Some(if image.iter().any(|brand| rest.starts_with(brand)) { Kind::Image } else { Kind::Media });
        }
        _ => {}
    }
    if first.get(257..262) == Some(b"ustar") {
        return Some(Kind::File);
    }
    MARKS.iter().find(|(mark, _)| first.starts_with(mark)).map(|(_, kind)| *kind)
}

fn agrees(kind: Kind, label: &str) -> bool {
    let media = label.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if matches!(&*media, "" | "application/octet-stream" | "binary/octet-stream" | "application/x-download") {
        return true;
    }
    let (family, name) = media.split_once('/').unwrap_or_default();
    match (family, kind) {
        ("image", kind) => kind == Kind::Image,
        ("audio" | "video", kind) => kind == Kind::Media,
        ("font", kind) => kind == Kind::Font,
        ("application", Kind::Media) => matches!(name, "ogg" | "mp4" | "vnd.apple.mpegurl"),
        ("application", Kind::Font) => name.contains("font") || name.contains("opentype"),
        ("application", Kind::File) => {
            !matches!(classify(label), Class::Json | Class::Text | Class::Form | Class::Lines | Class::Markup)
                && classify(label) != Class::Binary("protobuf")
        }
        // A drawing in a zip file, a font's old name.
        ("model", kind) => kind == Kind::File,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_its_bytes_and_its_label_together() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
        for (first, label, known) in [
            (&png[..], "image/png", true),
            (png, "", true),
            (png, "application/octet-stream", true),
            (png, "IMAGE/PNG; a=b", true),
            (png, "application/json", false),
            (png, "video/mp4", false),
            (b"\0\0\0\x20ftypisom", "video/mp4", true),
            (b"\0\0\0\x20ftypavif", "image/avif", true),
            (b"wOF2\0\x01", "font/woff2", true),
            (b"PK\x03\x04", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", true),
            (b"PK\x03\x04", "text/plain", false),
            (b"\xa1\x63ssn\x6acanary-one", "application/cbor", false),
            (b"\x81\xa3ssn\xaacanary-one", "application/octet-stream", false),
            (b"GIF89a", "application/javascript", false),
            (b"\x0a\x0acanary-one", "image/png", false),
        ] {
            assert_eq!(is_known(first, label), known, "{label}: {first:?}");
        }
    }
}
