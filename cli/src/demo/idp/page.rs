//! The page where one picks a person.

use std::fmt::Write;

use super::Asked;
use crate::demo::people::PEOPLE;

const HEAD: &str = r#"<!doctype html><html lang="en"><meta charset="utf-8"><title>Development sign-in</title>
<meta name="viewport" content="width=device-width"><style>
body{font:16px system-ui;max-width:28rem;margin:4rem auto;padding:0 1rem}
.mark{background:#b00020;color:#fff;font-weight:700;padding:.6rem 1rem;text-align:center}
button{display:block;width:100%;font:inherit;text-align:left;padding:.8rem 1rem;margin:.6rem 0;cursor:pointer}
small{color:#555;display:block}</style>
<p class="mark">DEVELOPMENT ONLY: no password, anyone may be anyone</p><h1>Who are you today?</h1>
<form method="post" action="/authorize">
"#;

/// The page for one request.
pub(super) fn render(asked: &Asked) -> String {
    let mut page = String::from(HEAD);
    let carried = [
        ("client_id", &asked.client_id),
        ("redirect_uri", &asked.redirect_uri),
        ("response_type", &asked.response_type),
        ("state", &asked.state),
        ("nonce", &asked.nonce),
        ("code_challenge", &asked.code_challenge),
        ("code_challenge_method", &asked.code_challenge_method),
    ];
    for (name, value) in carried {
        let _infallible = writeln!(page, r#"<input type="hidden" name="{name}" value="{}">"#, escape(value));
    }
    for person in PEOPLE {
        let _infallible = writeln!(
            page,
            r#"<button name="person" value="{}">{}<small>{}</small></button>"#,
            person.subject, person.name, person.role
        );
    }
    page.push_str(r#"<label><input type="checkbox" name="second_factor"> with a second factor</label>"#);
    page.push_str("</form></html>\n");
    page
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}
