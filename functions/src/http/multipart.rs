//! The fields of a form that is sent in parts (RFC 7578), as far as they are there. Files in it are not read; that a name stands there is.

/// Most fields that are read.
const MOST: usize = 256;
/// Longest value that is read, in bytes.
const LONGEST: usize = 16 * 1024;

/// What stands in a form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Parts {
    /// Names and values.
    pub(crate) fields: Vec<(String, String)>,
    /// Something in it was not read.
    pub(crate) more: bool,
}

/// Reads the parts of `content`, whose label is `content_type`. `None` if the label names no boundary.
pub(crate) fn read(content: &[u8], content_type: &str) -> Option<Parts> {
    let boundary = parameter(content_type.split_once(';')?.1, "boundary").filter(|boundary| !boundary.is_empty())?;
    let text = String::from_utf8_lossy(content);
    let mut parts = Parts::default();
    for part in text.split(&format!("--{boundary}")).skip(1) {
        if part.starts_with("--") {
            break;
        }
        if parts.fields.len() >= MOST {
            parts.more = true;
            break;
        }
        let (head, value) = part.split_once("\r\n\r\n").or_else(|| part.split_once("\n\n")).unwrap_or((part, ""));
        let lines = head.lines().filter(|line| line.to_ascii_lowercase().starts_with("content-disposition"));
        for line in lines {
            let Some(name) = parameter(line, "name") else { continue };
            let value = value.trim_end_matches(['\r', '\n']);
            let file = parameter(line, "filename").is_some() || line.to_ascii_lowercase().contains("filename*");
            parts.more |= file || value.len() > LONGEST;
            // A file of the name of a field may be taken for one.
            let kept = if value.len() > LONGEST || file && !name.starts_with('_') { "" } else { value };
            if !file || name.starts_with('_') {
                parts.fields.push((name, kept.to_owned()));
            }
        }
    }
    Some(parts)
}

/// Requests that stand in the parts, as members of a list: `DELETE /orders HTTP/1.1`.
pub(crate) fn requests(content: &[u8]) -> Vec<(String, String)> {
    const METHODS: [&str; 6] = ["GET", "POST", "PUT", "PATCH", "DELETE", "MERGE"];
    let text = String::from_utf8_lossy(content);
    let request = |line: &str| {
        let mut words = line.split_ascii_whitespace();
        let (method, path) = (words.next()?, words.next()?);
        let plain = words.next().is_none_or(|version| version.starts_with("HTTP/"));
        (plain && METHODS.contains(&method)).then(|| (method.to_owned(), path.to_owned()))
    };
    let found = text.lines().filter_map(request).take(MOST).enumerate();
    found
        .flat_map(|(number, (method, path))| {
            [(format!("/part{number}/method"), method), (format!("/part{number}/path"), path)]
        })
        .collect()
}

/// A parameter of a header field, without its quotes.
fn parameter(text: &str, name: &str) -> Option<String> {
    text.split(';').find_map(|part| {
        let (key, value) = part.split_once('=')?;
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"').to_owned())
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn fields_are_read_and_files_are_not() {
        let content = b"--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b\r\ncontent-disposition: form-data; name=_method\r\n\
            \r\nDELETE\r\n--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x\"\r\n\r\n\xff\r\n--b--\r\n";
        let parts = read(content, "multipart/form-data; boundary=\"b\"").unwrap();
        assert_eq!(parts.fields, [("a".to_owned(), "1".to_owned()), ("_method".to_owned(), "DELETE".to_owned())]);
        assert!(parts.more);
        let hidden = b"--b\nContent-Disposition: form-data; filename=\"x\"; name=\"_method\"\n\nPUT\n--b--";
        assert_eq!(read(hidden, "multipart/form-data; charset=x; boundary=b").unwrap().fields.len(), 1);
        assert_eq!(read(b"x", "multipart/form-data"), None);
    }
}
