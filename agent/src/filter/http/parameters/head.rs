//! Marked parameters in the head of a request: in the query, in header fields, in cookies.

use bytes::{Bytes, BytesMut};
use functions::http::Api;
use masking::Masker;
use protocols::http::{Fields, RequestHead};

use super::{Places, Told, graphql};
use crate::filter::http::{
    mark::replace,
    read::{Marks, Names, Notes as _, decode, encode},
};

/// Fields that repeat the query of this request, or of the one before.
const ADDRESSES: [&[u8]; 4] = [b"referer", b"x-original-url", b"x-rewrite-url", b"x-override-url"];

/// Masks what is marked in a head.
pub(super) fn mask(places: &Places, masker: &Masker, api: &Api, head: &mut RequestHead, told: &mut Told) {
    if !places.path.is_empty() {
        path(places, masker, api, head, told);
    }
    if let Some(target) = query(places, masker, &head.target, told) {
        head.target = target;
    }
    if api.speaks_graphql() && !places.json.is_empty() {
        document(places, masker, head, told);
    }
    mask_fields(places, masker, &mut head.fields, told);
}

/// Masks a GraphQL document in the query of an address.
fn document(places: &Places, masker: &Masker, head: &mut RequestHead, told: &mut Told) {
    let Some(at) = memchr::memchr(b'?', &head.target) else { return };
    let (path, query) = head.target.split_at(at + 1);
    if let Some(masked) = graphql::mask_query(&places.json, masker, query, told) {
        head.target = [path, &masked].concat().into();
    }
}

/// Masks what is marked in the path, and where header fields repeat it.
fn path(places: &Places, masker: &Masker, api: &Api, head: &mut RequestHead, told: &mut Told) {
    for (at, name, value) in api.path_parameters(&head.target) {
        let Some((marked, label)) = places.path.find(name.as_bytes()).filter(|_| !value.is_empty()) else { continue };
        let mut masked = value.clone().into_bytes();
        let transform = replace(masker.transforms(), label, &mut masked);
        // Without its value the path would lead elsewhere.
        if masked.is_empty() {
            masked = b"*".to_vec();
        }
        let Some(raw) = segments(&head.target).nth(at).map(<[u8]>::to_vec) else { continue };
        let plain = String::from_utf8_lossy(&decode(&raw, false)).into_owned();
        let masked = String::from_utf8_lossy(&masked).into_owned();
        let begins = plain.rfind(&value).unwrap_or_default();
        let (before, found) = plain.split_at_checked(begins).unwrap_or(("", &plain));
        let after = found.strip_prefix(value.as_str()).unwrap_or_default();
        let made = encode(format!("{before}{masked}{after}").as_bytes());
        told.of("path").note(marked, label, transform);
        head.target = with_segment(&head.target, |number, segment| number == at && segment == raw, &made);
        for (name, value) in &mut head.fields {
            if ADDRESSES.contains(&&name[..]) {
                *value = with_segment(value, |_, segment| segment == raw, &made);
            }
        }
    }
}

/// The segments of an address as they are written; the first comes after the first slash.
fn segments(address: &[u8]) -> impl Iterator<Item = &[u8]> {
    let path = address.split(|byte| *byte == b'?').next().unwrap_or_default();
    path.split(|byte| *byte == b'/').skip(1)
}

/// An address with some segments replaced.
fn with_segment(address: &[u8], which: impl Fn(usize, &[u8]) -> bool, made: &[u8]) -> Bytes {
    let path = address.split(|byte| *byte == b'?').next().unwrap_or_default();
    let mut out = BytesMut::with_capacity(address.len());
    for (number, segment) in path.split(|byte| *byte == b'/').enumerate() {
        match number.checked_sub(1) {
            Some(at) => {
                out.extend_from_slice(b"/");
                out.extend_from_slice(if which(at, segment) { made } else { segment });
            }
            None => out.extend_from_slice(segment),
        }
    }
    out.extend_from_slice(address.get(path.len()..).unwrap_or_default());
    out.freeze()
}

/// The same of header fields or trailers alone.
pub(super) fn mask_fields(places: &Places, masker: &Masker, fields: &mut Fields, told: &mut Told) {
    for (name, value) in fields {
        if let Some((marked, label)) = places.headers.find(name).filter(|_| !value.is_empty()) {
            let mut masked = value.to_vec();
            let transform = replace(masker.transforms(), label, &mut masked);
            told.of("header").note(marked, label, transform);
            *value = masked.into();
        } else if &name[..] == b"cookie" {
            *value = cookies(places, masker, value, told);
        } else if ADDRESSES.contains(&&name[..])
            && let Some(address) = query(places, masker, value, told)
        {
            *value = address;
        }
    }
}

/// An address with what is marked in its query masked; `None` if nothing is.
fn query(places: &Places, masker: &Masker, address: &Bytes, told: &mut Told) -> Option<Bytes> {
    if places.query.is_empty() && places.json.is_empty() {
        return None;
    }
    let at = address.iter().position(|byte| *byte == b'?')? + 1;
    let (path, query) = address.split_at_checked(at)?;
    let marks = Marks { names: &places.query, json: &places.json, masker };
    let masked = marks.all(query, told.of("query"));
    (masked != query).then(|| [path, &masked].concat().into())
}

fn cookies(places: &Places, masker: &Masker, line: &Bytes, told: &mut Told) -> Bytes {
    if places.cookies.is_empty() {
        return line.clone();
    }
    let mut out = BytesMut::with_capacity(line.len());
    for pair in line.split_inclusive(|byte| *byte == b';') {
        let content = pair.strip_suffix(b";").unwrap_or(pair);
        let (name, value) = split(content);
        match places.cookies.find(name).filter(|_| !value.is_empty()) {
            Some((marked, label)) => {
                let mut plain = decode(value, false);
                let transform = replace(masker.transforms(), label, &mut plain);
                told.of("cookie").note(marked, label, transform);
                out.extend_from_slice(name);
                out.extend_from_slice(b"=");
                out.extend_from_slice(&encode(&plain));
            }
            None => out.extend_from_slice(content),
        }
        out.extend_from_slice(pair.get(content.len()..).unwrap_or_default());
    }
    out.freeze()
}

/// Leaves only marked cookies in a head; the others are credentials as often as not.
pub(super) fn keep_cookies(marked: &Names, fields: &mut Fields) {
    for (_, value) in fields.iter_mut().filter(|(name, _)| &name[..] == b"cookie") {
        let kept = value.split(|byte| *byte == b';').filter(|pair| marked.find(split(pair).0).is_some());
        *value = kept.map(<[u8]>::trim_ascii).collect::<Vec<_>>().join(&b"; "[..]).into();
    }
}

fn split(pair: &[u8]) -> (&[u8], &[u8]) {
    let at = memchr::memchr(b'=', pair).unwrap_or(pair.len());
    (pair.get(..at).unwrap_or_default(), pair.get(at + 1..).unwrap_or_default())
}
