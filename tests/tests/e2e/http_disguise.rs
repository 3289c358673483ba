//! Values in disguise, as a target of any kind could send them, arrive masked at curl.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
};

use e2e::World;
use serde_json::json;

/// A number that a card could have, and what is left of its disguise where it was not masked.
const CARD: &str = "4111111111111111";

/// One answer: its name, media type, and bytes.
type Form = (&'static str, &'static str, Vec<u8>);

fn between(mark: &str) -> Vec<u8> {
    CARD.split("").filter(|digit| !digit.is_empty()).collect::<Vec<_>>().join(mark).into_bytes()
}

fn each(form: impl Fn(char) -> String) -> String {
    CARD.chars().map(form).collect()
}

fn forms() -> Vec<Form> {
    let text = "text/plain";
    let wide = each(|digit| char::from_u32(digit as u32 + 0xFEE0).unwrap().to_string());
    let utf16: Vec<u8> = format!("\u{feff}card {CARD} ").encode_utf16().flat_map(u16::to_le_bytes).collect();
    vec![
        ("plain", text, CARD.into()),
        ("nul", text, between("\0")),
        ("backspace", text, between("\u{8}")),
        ("zero-width", text, between("\u{200b}")),
        ("spaces", text, between(" ")),
        ("groups", text, b"4111:1111:1111:1111".to_vec()),
        ("full-width", text, wide.into_bytes()),
        ("utf-16", text, utf16),
        ("percent", text, each(|digit| format!("%{:x}", digit as u32)).into_bytes()),
        ("references", "text/html", each(|digit| format!("&#{};", digit as u32)).into_bytes()),
        ("tags", "text/html", between("<b></b>")),
        ("escapes", "application/json", format!("\"{}\"", each(|digit| format!("\\u{:04x}", digit as u32))).into()),
        ("json-nul", "application/json", [b"\"".to_vec(), between("\\u0000"), b"\"".to_vec()].concat()),
        ("json-backspace", "application/json", [b"\"".to_vec(), between("\\b"), b"\"".to_vec()].concat()),
        ("number", "application/json", format!("{{\"n\":{CARD}}}").into()),
        ("float", "application/json", b"{\"n\":4.111111111111111e15}".to_vec()),
        ("hexadecimal", text, each(|digit| format!("{:x}", digit as u32)).into_bytes()),
        ("base64", text, b"see NDExMTExMTExMTExMTExMQ== there".to_vec()),
    ]
}

/// Answers `/NUMBER` with that form, at once or in pieces of one byte.
fn answer(mut client: TcpStream, forms: &[Form]) -> std::io::Result<()> {
    let mut lines = BufReader::new(client.try_clone()?).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let path = request.split(' ').nth(1).unwrap_or_default();
    let (pieces, number) = (path.contains("pieces"), path.trim_matches(|char: char| !char.is_ascii_digit()));
    let (_, kind, body) = &forms[number.parse::<usize>().unwrap()];
    write!(client, "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\nconnection: close\r\n")?;
    if pieces {
        client.write_all(b"transfer-encoding: chunked\r\n\r\n")?;
        for byte in body {
            client.write_all(&[b"1\r\n", &[*byte][..], b"\r\n"].concat())?;
            client.flush()?;
        }
        client.write_all(b"0\r\n\r\n")
    } else {
        write!(client, "content-length: {}\r\n\r\n", body.len())?;
        client.write_all(body)
    }?;
    // The other side closes first, so that nothing is cut off.
    let _rest = client.read(&mut [0; 64])?;
    Ok(())
}

#[test]
fn a_value_in_disguise_is_masked_for_curl_at_once_and_byte_by_byte() {
    let world = World::shared();
    let target = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = target.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for client in target.incoming().flatten() {
            std::thread::spawn(move || answer(client, &forms()));
        }
    });
    world.target("disguise", port, &json!({ "protocol": "http" }), &json!({}));
    for (number, (name, _, body)) in forms().into_iter().enumerate() {
        for path in [format!("/disguise/{number}"), format!("/disguise/pieces/{number}")] {
            let seen = world.curl(&path, &["--fail"]).ok().bytes;
            assert!(!seen.is_empty(), "{name} {path}");
            assert_ne!(seen, body, "{name} {path}");
            let digits: String =
                seen.iter().filter(|byte| byte.is_ascii_digit()).map(|byte| char::from(*byte)).collect();
            assert!(!digits.contains(&CARD[1..]), "{name} {path}: {}", String::from_utf8_lossy(&seen));
            let text = String::from_utf8_lossy(&seen).to_lowercase();
            let stars = ["*", "＊", "%2a", "\\u002a", "&#42;"].iter().any(|star| text.contains(star));
            // Only a number stays one.
            assert!(stars || matches!(name, "number" | "float"), "{name} {path}: {text:?}");
        }
    }
}
