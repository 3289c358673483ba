//! Pages without scripts: escaping, the frame around a page, and the headers that keep it so.

use std::fmt;

use axum::{extract::Request, middleware::Next, response::Response};
use http::{HeaderName, HeaderValue, header};

/// The one style sheet.
pub(super) const STYLE: &str = include_str!("style.css");

/// Text from outside, escaped for element content and quoted attributes. What would reorder or hide text is made
/// visible.
pub(super) struct Escaped<'a>(pub &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for char in self.0.chars() {
            match char {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                char if is_hidden(char) => write!(f, "[U+{:04X}]", u32::from(char))?,
                char => fmt::Write::write_char(f, char)?,
            }
        }
        Ok(())
    }
}

impl Escaped<'_> {
    /// Whether a reader sees a text as it is, nothing in it written in another way.
    pub(super) fn shows_all(text: &str) -> bool {
        !text.chars().any(is_hidden)
    }
}

fn is_hidden(char: char) -> bool {
    matches!(char, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
        || char.is_control()
}

/// A page; `body` is HTML already.
pub(super) fn page(title: &str, body: &str) -> axum::response::Html<String> {
    axum::response::Html(format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title} - Sallyport</title>\
         <link rel=\"stylesheet\" href=\"/style.css\"></head><body><main>{body}</main></body></html>",
        title = Escaped(title),
    ))
}

/// A page with one message and a way back.
pub(super) fn message(title: &str, text: &str) -> axum::response::Html<String> {
    message_back(title, text, "/")
}

/// A page with one message and a way back to a page of ours.
pub(super) fn message_back(title: &str, text: &str, back: &str) -> axum::response::Html<String> {
    page(title, &format!("<h1>{}</h1><p>{}</p><p><a href=\"{back}\">Back</a></p>", Escaped(title), Escaped(text)))
}

/// Headers of every answer.
pub(super) async fn headers(request: Request, next: Next) -> Response {
    const ALL: [(HeaderName, &str); 7] = [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    let mut response = next.run(request).await;
    for (name, value) in ALL {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_stays_text() {
        let text = "<script>\"'&\u{202e}\u{0}</script>";
        let safe = "&lt;script&gt;&quot;&#39;&amp;[U+202E][U+0000]&lt;/script&gt;";
        assert_eq!(Escaped(text).to_string(), safe);
    }
}
