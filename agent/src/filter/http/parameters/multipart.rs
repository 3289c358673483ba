//! Marked fields of `multipart/form-data` (RFC 7578, RFC 2046 section 5.1). Servers differ in how they read what is not quite of
//! that form, so nothing else passes: each part is what its one `Content-Disposition` says, and begins and ends where every server
//! says it does.

use memchr::memmem;

use super::{Places, Told, Unmaskable, content::unreadable};
use crate::filter::http::{
    mark::replace,
    read::{Notes as _, looks_like_json},
};
use masking::{Masker, Tally};

/// Most parts that are read.
const MOST_PARTS: usize = 1000;
/// The longest boundary (RFC 2046).
const LONGEST_BOUNDARY: usize = 70;

/// Content with the values of marked fields masked.
///
/// # Errors
/// Why it cannot be read.
pub(super) fn mask(
    rules: &[(&Places, Masker)],
    label: &str,
    content: &[u8],
    told: &mut Told,
) -> Result<Vec<u8>, Unmaskable> {
    let boundary = boundary(label).ok_or_else(|| unreadable("has no boundary that all servers read alike"))?;
    let mut out = Vec::with_capacity(content.len());
    for (head, body) in parts(content, &boundary)? {
        let name = name(head)?;
        out.extend_from_slice(b"--");
        out.extend_from_slice(boundary.as_bytes());
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(head);
        out.extend_from_slice(b"\r\n\r\n");
        out.extend_from_slice(&value(rules, &name, body, told));
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    Ok(out)
}

/// The value of one part, by its marks: whole, or JSON in it.
fn value(rules: &[(&Places, Masker)], name: &str, body: &[u8], told: &mut Told) -> Vec<u8> {
    let mut value = body.to_vec();
    for (places, masker) in rules {
        if let Some((marked, label)) = places.form.find(name.as_bytes()).filter(|_| !value.is_empty()) {
            let transform = replace(masker.transforms(), label, &mut value);
            told.of("form").note(marked, label, transform);
        } else if !places.json.is_empty() && looks_like_json(&value) {
            let mut tally = Tally::default();
            value = places.json.mask(masker, &value, &mut tally);
            told.of("form").merge(&tally);
        }
    }
    value
}

/// Head and body of a part.
type Part<'a> = (&'a [u8], &'a [u8]);

fn parts<'a>(content: &'a [u8], boundary: &str) -> Result<Vec<Part<'a>>, Unmaskable> {
    let odd = || unreadable("is not the multipart form that it says it is");
    let (line, inner) = (format!("--{boundary}"), format!("\r\n--{boundary}"));
    let mut rest = content.strip_prefix(line.as_bytes()).ok_or_else(odd)?;
    // Some servers end a part at a line feed alone, or at a boundary that goes on.
    let loose = format!("\n--{boundary}");
    let all = memmem::find_iter(content, loose.as_bytes()).count();
    if all != memmem::find_iter(content, inner.as_bytes()).count() {
        return Err(odd());
    }
    let mut parts = Vec::new();
    loop {
        if matches!(rest, b"--" | b"--\r\n") {
            return Ok(parts);
        }
        rest = rest.strip_prefix(b"\r\n").ok_or_else(odd)?;
        let end = memmem::find(rest, inner.as_bytes()).ok_or_else(odd)?;
        let (part, after) = rest.split_at_checked(end).ok_or_else(odd)?;
        let at = memmem::find(part, b"\r\n\r\n").ok_or_else(odd)?;
        let (head, body) = part.split_at_checked(at).ok_or_else(odd)?;
        parts.push((head, body.get(4..).unwrap_or_default()));
        rest = after.get(inner.len()..).unwrap_or_default();
        if parts.len() > MOST_PARTS {
            return Err(odd());
        }
    }
}

/// The name of a part by its head.
fn name(head: &[u8]) -> Result<String, Unmaskable> {
    let odd = || unreadable("has a part whose name servers read differently");
    let head = std::str::from_utf8(head).map_err(|_| odd())?;
    let mut name = None;
    for line in head.split("\r\n") {
        let (field, value) = line.split_once(':').ok_or_else(odd)?;
        let plain = !field.is_empty() && field.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if !plain || value.contains(['\r', '\n', '\0']) {
            return Err(odd());
        }
        match &*field.to_ascii_lowercase() {
            "content-disposition" if name.is_none() => name = Some(disposition(value.trim()).ok_or_else(odd)?),
            "content-disposition" | "content-transfer-encoding" | "content-encoding" => return Err(odd()),
            _ => {}
        }
    }
    name.ok_or_else(odd)
}

/// The name that a `Content-Disposition` gives, if every server takes the same one from it.
fn disposition(value: &str) -> Option<String> {
    let mut rest = value.strip_prefix("form-data")?;
    let mut name = None;
    while let Some(more) = rest.trim_start().strip_prefix(';') {
        let (key, after) = more.trim_start().split_once('=')?;
        let quoted = after.strip_prefix('"')?;
        let (text, behind) = quoted.split_once('"')?;
        let known = matches!(key, "name" | "filename");
        if !known || text.contains('\\') || key == "name" && name.is_some() {
            return None;
        }
        if key == "name" {
            // Browsers write quotes and line ends so.
            name = Some(text.replace("%22", "\"").replace("%0D%0A", "\n"));
        }
        rest = behind;
    }
    name.filter(|_| rest.trim().is_empty())
}

/// The boundary that a label names.
fn boundary(label: &str) -> Option<String> {
    let (media, parameters) = label.split_once(';')?;
    let (key, value) = parameters.trim().split_once('=')?;
    let value = value.strip_prefix('"').map_or(Some(value), |quoted| quoted.strip_suffix('"'))?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"'()+_,-./:=?".contains(&byte);
    let whole = (1..=LONGEST_BOUNDARY).contains(&value.len()) && value.bytes().all(plain);
    let named = key.eq_ignore_ascii_case("boundary") && media.trim().eq_ignore_ascii_case("multipart/form-data");
    (whole && named).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use masking::Label;

    use super::*;
    use crate::filter::http::read::{Markings, Names};

    fn sent(label: &str, content: &str) -> Result<String, Unmaskable> {
        let places = Places {
            form: Names::new([("ssn", Label::Ssn)]),
            json: Markings::new([("pin", Some(Label::Secret))]).unwrap(),
            ..Places::default()
        };
        let masked = mask(&[(&places, Masker::new(&[]))], label, content.as_bytes(), &mut Told::new("x"))?;
        Ok(String::from_utf8(masked).unwrap())
    }

    fn form(parts: &[(&str, &str)]) -> String {
        let part = |(head, body): &(&str, &str)| format!("--b1\r\n{head}\r\n\r\n{body}\r\n");
        parts.iter().map(part).collect::<String>() + "--b1--\r\n"
    }

    const LABEL: &str = "multipart/form-data; boundary=b1";
    const SSN: &str = "Content-Disposition: form-data; name=\"ssn\"";

    #[test]
    fn marked_parts_are_masked_and_everything_else_stays() {
        let file = "Content-Disposition: form-data; name=\"f\"; filename=\"a.png\"\r\nContent-Type: image/png";
        let data = "Content-Disposition: form-data; name=\"data\"";
        let came = form(&[
            (SSN, "123-45-6789"),
            (file, "\0\r\n\r\nx--b1"),
            (SSN, "7"),
            (data, "{\"pin\":\"77\",\"a\":1}"),
            (data, ""),
        ]);
        let goes = form(&[
            (SSN, "***********"),
            (file, "\0\r\n\r\nx--b1"),
            (SSN, "*"),
            (data, "{\"pin\":\"**\",\"a\":1}"),
            (data, ""),
        ]);
        assert_eq!(sent(LABEL, &came).unwrap(), goes);
        assert_eq!(sent("Multipart/Form-Data;boundary=\"b1\"", came.trim_end()).unwrap(), goes);
    }

    #[test]
    fn what_servers_could_read_differently_does_not_pass() {
        let plain = form(&[(SSN, "1")]);
        for label in [
            "multipart/form-data",
            "multipart/form-data; boundary=",
            "multipart/mixed; boundary=b1",
            "multipart/form-data; boundary=b1; x=y",
        ] {
            assert!(sent(label, &plain).is_err(), "{label}");
        }
        for head in [
            "Content-Disposition: form-data; name=ssn",
            "Content-Disposition: form-data; name*=utf-8''ssn",
            "Content-Disposition: form-data; name=\"a\"; name=\"ssn\"",
            "Content-Disposition: form-data; name=\"s\\sn\"",
            "Content-Disposition: form-data; filename=\"x\"",
            "Content-Disposition: form-data; name=\"a\"\r\nContent-Disposition: form-data; name=\"ssn\"",
            "Content-Disposition: form-data;\r\n name=\"ssn\"",
            "Content-Disposition : form-data; name=\"ssn\"",
            "Content-Disposition: form-data; name=\"ssn\"\r\nContent-Transfer-Encoding: base64",
            "Content-Disposition: form-data; name=\"a\"\nX: y",
            "X: y",
        ] {
            assert!(sent(LABEL, &form(&[(head, "1")])).is_err(), "{head}");
        }
        for content in [
            "x\r\n".to_owned() + &plain,
            plain.clone() + "x",
            plain.replace("--b1--", "--b1"),
            form(&[(SSN, "1\n--b1\nContent-Disposition: form-data; name=\"ssn\"\n\n2")]),
            form(&[(SSN, "1\r\n--b1x\r\n")]),
            plain.replace("\r\n\r\n", "\r\n"),
            String::new(),
        ] {
            assert!(sent(LABEL, &content).is_err(), "{content}");
        }
    }
}
