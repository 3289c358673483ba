//! Values outside of the content of a good answer: in errors, redirects and their fields, early hints, answers to HEAD, answers
//! that nobody asked for, upgrades, and in character sets that nobody reads here.

use e2e::{World, forms, raw};
use serde_json::json;
use tokio::io::AsyncWriteExt;

const CARD: &str = "4111111111111111";

fn ebcdic(text: &str) -> Vec<u8> {
    let byte = |byte: u8| match byte {
        b'0'..=b'9' => byte + 0xC0,
        b'a'..=b'i' => byte + 0x20,
        b'j'..=b'r' => byte + 0x27,
        b's'..=b'z' => byte + 0x2F,
        _ => 0x40,
    };
    text.bytes().map(byte).collect()
}

/// What a target could say, and whether anything of it may arrive at all.
fn answers() -> Vec<(&'static str, forms::Answer)> {
    let (text, body) = ("content-type: text/plain\r\n", format!("card {CARD} end"));
    let mut all: Vec<(&str, forms::Answer)> = Vec::new();
    for status in [
        "400 Bad Request",
        "404 Not Found",
        "422 Unprocessable Content",
        "500 Internal Server Error",
        "503 Unavailable",
    ] {
        all.push((status, forms::sized(status, text, &body)));
    }
    for status in
        ["301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"]
    {
        let place = format!("{text}location: https://x.example/{CARD}?card={}&c=41111111%31111%31111\r\n", &CARD);
        all.push((status, forms::sized(status, &place, &body)));
    }
    let fields = format!(
        "{text}content-location: /{CARD}\r\nrefresh: 0; url=/{CARD}\r\nwarning: 199 - \"{CARD}\"\r\nwww-authenticate: Basic realm=\"{CARD}\"\r\ncontent-disposition: attachment; filename=\"{CARD}.txt\"\r\n"
    );
    all.push(("fields", forms::sized("401 Unauthorized", &fields, &body)));
    let hints = format!("HTTP/1.1 103 Early Hints\r\nlink: </{CARD}>; rel=preload\r\nx-card: {CARD}\r\n\r\n");
    all.push(("early hints", [hints.as_bytes(), &forms::sized("200 OK", text, &body)].concat()));
    all.push((
        "processing",
        [b"HTTP/1.1 102 4111111111111111\r\n\r\n", &forms::sized("200 OK", text, &body)[..]].concat(),
    ));
    let second = [forms::sized("200 OK", text, "first").as_slice(), &forms::sized("200 OK", text, &body)].concat();
    let kept = String::from_utf8(second).unwrap().replace("connection: close\r\n", "");
    all.push(("two answers", kept.into_bytes()));
    let switched = format!(
        "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\nPRI * HTTP/2.0\r\n\r\nSM\r\n\r\n{CARD}"
    );
    all.push(("switched", switched.into_bytes()));
    for (name, charset, body) in [
        ("utf-7", "utf-7", format!("card +ADQAMQAxADEAMQAxADEAMQAxADEAMQAxADEAMQAxADE- or {CARD}").into_bytes()),
        ("ebcdic", "ibm037", ebcdic(&body)),
        ("ebcdic without a label", "", ebcdic(&format!("{body} and it goes on and on"))),
        ("unknown", "x-nobody", body.clone().into_bytes()),
    ] {
        let label = if charset.is_empty() {
            text.to_owned()
        } else {
            format!("content-type: text/plain; charset={charset}\r\n")
        };
        all.push((name, forms::sized("200 OK", &label, body)));
    }
    let json = "content-type: application/json\r\n";
    all.push((
        "lone surrogates",
        forms::sized("200 OK", json, format!(r#"{{"a":"\ud83d {CARD} \udc00","b":"4111\ud8001111\udfff11111111"}}"#)),
    ));
    let wide: Vec<u8> =
        [0xD83D_u16].into_iter().chain(body.encode_utf16()).chain([0xDC00]).flat_map(u16::to_le_bytes).collect();
    all.push(("a wide lone surrogate", forms::sized("200 OK", "content-type: text/plain; charset=utf-16le\r\n", wide)));
    all
}

fn digits(bytes: &[u8]) -> String {
    let narrow = |byte: &u8| if (0xF0..=0xF9).contains(byte) { byte - 0xC0 } else { *byte };
    bytes.iter().map(narrow).filter(u8::is_ascii_digit).map(char::from).collect()
}

#[test]
fn no_value_reaches_curl_outside_of_a_good_answer() {
    let world = World::shared();
    let port = forms::serve(answers().into_iter().map(|(_, answer)| answer).collect());
    world.target("outside", port, &json!({ "protocol": "http" }), &json!({}));
    for (number, (name, _)) in answers().into_iter().enumerate() {
        for options in [&["-i", "--http1.1"][..], &["-i", "--http2"], &["-I", "-m", "5"]] {
            let seen = world.curl(&format!("/outside/{number}"), options).output();
            let plain = digits(seen.out.replace("%31", "1").as_bytes());
            assert!(!plain.contains(&CARD[..12]) && !digits(&seen.bytes).contains(&CARD[..12]), "{name}: {}", seen.out);
            assert!(!seen.out.contains("ADQAMQAx"), "{name}: {}", seen.out);
            let [status, ..] = name.split(' ').collect::<Vec<_>>()[..] else { continue };
            let passed = status.parse::<u16>().is_err() || seen.out.contains(&format!(" {status}"));
            assert!(passed && (options[0] == "-I" || !seen.out.is_empty()), "{name}: {}", seen.out);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_in_a_row_and_an_upgrade_to_h2c_get_no_value() {
    let world = World::shared();
    let port = forms::serve(answers().into_iter().map(|(_, answer)| answer).collect());
    world.target("in-a-row", port, &json!({ "protocol": "http" }), &json!({}));
    let mut stream = raw::tls(world, world.site.ports.http, &["http/1.1"]).await;
    let ask = |number: usize, more: &str| {
        format!(
            "GET /in-a-row/{number} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {}\r\n{more}\r\n",
            world.alice().ticket
        )
    };
    let count = answers().len();
    let all: String =
        (0..count).map(|number| ask(number, if number + 1 == count { "connection: close\r\n" } else { "" })).collect();
    stream.write_all(all.as_bytes()).await.unwrap();
    let seen = raw::read_to_close(&mut stream).await;
    let text = String::from_utf8_lossy(&seen);
    assert!(text.matches("HTTP/1.1 ").count() >= 5 && text.contains("card *"), "{text}");
    assert!(!digits(text.replace("%31", "1").as_bytes()).contains(&CARD[..12]), "{text}");
    let upgrade = "connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n";
    let switched = answers().iter().position(|(name, _)| *name == "switched").unwrap();
    for number in [0, switched] {
        let mut stream = raw::tls(world, world.site.ports.http, &["http/1.1"]).await;
        stream.write_all(ask(number, upgrade).as_bytes()).await.unwrap();
        stream.write_all(ask(number, "connection: close\r\n").as_bytes()).await.unwrap();
        let seen = raw::read_to_close(&mut stream).await;
        let text = String::from_utf8_lossy(&seen);
        assert!(!text.contains("HTTP/1.1 101") && !digits(&seen).contains(&CARD[..12]), "{text}");
    }
}
