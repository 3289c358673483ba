//! Values in disguise, as a target of any kind could send them, arrive masked at curl.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
};

use e2e::World;
use serde_json::json;

/// A number that a card could have, and what is left of its disguise where it was not masked.
const CARD: &str = "4111111111111111";

/// One answer: its name, its head after the status line, and bytes.
type Form = (&'static str, String, Vec<u8>);

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
    let plain: Vec<(&str, &str, Vec<u8>)> = vec![
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
        ("base64 twice", text, b"see TkRFeE1URXhNVEV4TVRFeE1URXhNUT09 there".to_vec()),
        ("keys twice", "application/json", format!("{{\"a\":1,\"a\":\"{CARD}\",\"a\":2}}").into()),
        ("a key", "application/json", format!("{{\"{CARD}\":1}}").into()),
        ("items", "application/json", b"{\"card\":[\"4111\",\"1111\",\"1111\",\"1111\"]}".to_vec()),
        ("json in json", "application/json", format!("{{\"a\":\"{{\\\"b\\\":\\\"{CARD}\\\"}}\"}}").into()),
        ("no json at all", "application/json", format!(")]}}',\n{{a: {CARD}, // {CARD}\n").into()),
        ("lines", "application/x-ndjson", format!("{{\"a\":1}}\n{{\"a\":\"{CARD}\"}}\n").into()),
        ("events", "text/event-stream", format!("data: card {}\ndata: {}\n\n", &CARD[..8], &CARD[8..]).into()),
        ("comment", "text/event-stream", format!(": {CARD}\nid: {CARD}\ndata: x\n\n").into()),
        ("cdata", "application/xml", format!("<a><![CDATA[{CARD}]]></a>").into()),
        ("parts", "multipart/mixed; boundary=b", format!("--b\r\n\r\n{CARD}\r\n--b--\r\n").into()),
        ("form", "application/x-www-form-urlencoded", format!("a=1&card={CARD}").into()),
        ("table", "text/csv", format!("id,card\n1,{CARD}\n").into()),
        ("no type", "application/octet-stream", format!("card {CARD} ").into()),
    ];
    let mut forms: Vec<Form> =
        plain.into_iter().map(|(name, kind, body)| (name, format!("content-type: {kind}\r\n"), body)).collect();
    let big =
        [0xfe, 0xff].into_iter().chain(format!("card {CARD} ").encode_utf16().flat_map(u16::to_be_bytes)).collect();
    let wide = format!("card {CARD} ").chars().flat_map(|char| (char as u32).to_le_bytes()).collect();
    forms.push(("utf-16, big end first", "content-type: text/plain; charset=utf-16\r\n".into(), big));
    forms.push(("utf-32", "content-type: text/plain\r\n".into(), wide));
    let (once, halves) =
        (packed(CARD.as_bytes()), [packed(&CARD.as_bytes()[..8]), packed(&CARD.as_bytes()[8..])].concat());
    let coded = |coding: &str| format!("content-type: text/plain\r\n{coding}");
    forms.push(("gzip", coded("content-encoding: gzip\r\n"), once.clone()));
    forms.push(("gzip in two members", coded("content-encoding: gzip\r\n"), halves));
    forms.push(("gzip twice", coded("content-encoding: gzip, x-gzip\r\n"), packed(&once)));
    forms.push(("gzip without a label", coded(""), once.clone()));
    forms.push(("gzip labelled otherwise", coded("content-encoding: br\r\n"), once));
    for name in ["x-card", "etag", "link", "location", "set-cookie"] {
        let value = if name == "set-cookie" { format!("card={CARD}; Path=/") } else { format!("\"{CARD}\"") };
        forms.push((name, format!("content-type: text/plain\r\n{name}: {value}\r\n"), b"*".to_vec()));
    }
    forms
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
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
    let (_, head, body) = &forms[number.parse::<usize>().unwrap()];
    // The reason phrase is text of the target's, too.
    write!(client, "HTTP/1.1 200 {CARD}\r\n{head}connection: close\r\n")?;
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
    for (number, (name, head, body)) in forms().into_iter().enumerate() {
        for path in [format!("/disguise/{number}"), format!("/disguise/pieces/{number}")] {
            let seen = world.curl(&path, &["-i", "--http1.1"]).output();
            let text = seen.out.to_lowercase();
            let unreadable = text.contains("sp-unmaskable") || text.contains("sp-uninspectable");
            let digits: String = text.chars().filter(char::is_ascii_digit).collect();
            assert!(!digits.contains(&CARD[1..]), "{name} {path}: {text}");
            assert!(!text.contains("ndexmtex") && !text.contains("tkrfee1urxhn"), "{name} {path}: {text}");
            assert!(!body.starts_with(&[0x1f, 0x8b]) || !seen.bytes.ends_with(&body), "{name} {path}: as it was");
            // A number stays one.
            let masks = ["*", "＊", "%2a", "\\u002a", "&#42;", "100000000000000", "1.000000000000000"];
            // What says it is packed otherwise than it is does not pass.
            let refused = unreadable && head.contains("br");
            assert!(refused || masks.iter().any(|mask| text.contains(mask)), "{name} {path}: {text}");
        }
    }
}
