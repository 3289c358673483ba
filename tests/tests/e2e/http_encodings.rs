//! What carries an answer besides its content as it is: codings, ranges, marked fields, trailers, binary content, and messages of
//! websockets, seen by curl and a websocket client.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

use e2e::World;
use flate2::{Compression, write};
use serde_json::json;

/// A number that a card could have.
const CARD: &str = "4111111111111111";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = write::GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = write::ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn bare_deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = write::DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn brotli(bytes: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    brotli::BrotliCompress(&mut &bytes[..], &mut packed, &brotli::enc::BrotliEncoderParams::default()).unwrap();
    packed
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

fn text() -> Vec<u8> {
    format!("{{\"note\":\"paid with {CARD} yesterday\",\"n\":7}}").into_bytes()
}

/// The head after the status line, and the content, of the answer to a path.
fn answer_to(path: &str) -> (String, Vec<u8>) {
    let kind = "content-type: application/json\r\n";
    let coded = |coding: &str, bytes: Vec<u8>| (format!("{kind}content-encoding: {coding}\r\n"), bytes);
    match path.rsplit('/').next().unwrap_or_default() {
        "br" => coded("br", brotli(&text())),
        "zstd" => coded("zstd", zstd(&text())),
        "deflate" => coded("deflate", zlib(&text())),
        "bare-deflate" => coded("deflate", bare_deflate(&text())),
        "gzip-br" => coded("gzip, br", brotli(&gzip(&text()))),
        "br-gzip" => coded("br, gzip", gzip(&brotli(&text()))),
        "zstd-gzip-deflate" => coded("zstd, gzip, deflate", zlib(&gzip(&zstd(&text())))),
        "bomb" => coded("gzip", gzip(&vec![b'1'; 256 << 20])),
        "bomb-twice" => coded("gzip, gzip", gzip(&gzip(&vec![b'1'; 256 << 20]))),
        "marked" => (format!("{kind}x-customer-note: nobody else knows\r\nset-cookie: a={CARD}; Path=/\r\n"), text()),
        "picture" => ("content-type: image/png\r\n".into(), b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0".to_vec()),
        _ => (kind.into(), text()),
    }
}

/// Answers one request; tells the head of it.
fn answer(mut client: TcpStream, told: &mpsc::Sender<String>) -> std::io::Result<()> {
    let mut lines = BufReader::new(client.try_clone()?).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    let mut head = request.clone();
    for line in lines {
        let line = line?;
        if line.is_empty() {
            break;
        }
        head = format!("{head}\n{}", line.to_lowercase());
    }
    let _nobody_asks = told.send(head);
    let path = request.split(' ').nth(1).unwrap_or_default();
    let (head, body) = answer_to(path);
    if path.ends_with("/trailers") {
        let length = body.len();
        write!(
            client,
            "HTTP/1.1 200 OK\r\n{head}connection: close\r\ntrailer: x-paid-with\r\ntransfer-encoding: chunked\r\n\r\n{length:x}\r\n"
        )?;
        client.write_all(&body)?;
        write!(client, "\r\n0\r\nx-paid-with: {CARD}\r\nx-checked: yes\r\n\r\n")?;
    } else {
        write!(client, "HTTP/1.1 200 {CARD}\r\n{head}content-length: {}\r\nconnection: close\r\n\r\n", body.len())?;
        client.write_all(&body)?;
    }
    // The other side closes first, so that nothing is cut off.
    let _rest = client.read(&mut [0; 64])?;
    Ok(())
}

/// A target that makes these answers behind the connections `NAME` and `NAME-closed`, and the heads of what it is asked.
fn start(world: &World, name: &str) -> mpsc::Receiver<String> {
    let target = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = target.local_addr().unwrap().port();
    let (told, heads) = mpsc::channel();
    std::thread::spawn(move || {
        for client in target.incoming().flatten() {
            let told = told.clone();
            std::thread::spawn(move || answer(client, &told));
        }
    });
    let marks = json!({ "protocol": "http", "mask": { "headers": { "X-Customer-Note": "secret" } } });
    world.target(name, port, &marks, &json!({}));
    let closed = json!({ "protocol": "http", "mask": { "binary": "refuse" } });
    world.target(&format!("{name}-closed"), port, &closed, &json!({}));
    let allowed = json!({ "protocol": "http", "mask": { "binary": "refuse", "allow": ["image/png"] } });
    world.target(&format!("{name}-pictures"), port, &allowed, &json!({}));
    heads
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

#[test]
fn every_coding_and_codings_upon_codings_are_masked_for_curl() {
    let world = World::shared();
    let _heads = start(world, "coded");
    for coding in ["br", "zstd", "deflate", "bare-deflate", "gzip-br", "br-gzip", "zstd-gzip-deflate"] {
        let seen = world.curl(&format!("/coded/{coding}"), &["--fail"]).ok();
        assert!(seen.out.contains("paid with *") && seen.out.contains("\"n\":7"), "{coding}: {}", seen.out);
        assert!(!digits(&seen.out).contains(&CARD[..12]), "{coding}: {}", seen.out);
    }
    for bomb in ["bomb", "bomb-twice"] {
        let seen = world.curl(&format!("/coded/{bomb}"), &["-w", "%{http_code}"]).output();
        let stopped = seen.status != 0 || seen.out.contains("SP-UN");
        assert!(stopped && seen.bytes.len() < 64 << 20, "{bomb}: {} and {} bytes", seen.status, seen.bytes.len());
    }
    assert!(world.curl("/coded/br", &["--fail"]).ok().out.contains("paid with *"), "it goes on after a bomb");
}

#[test]
fn fields_trailers_and_ranges_are_masked_for_curl_and_binary_content_is_stopped_where_it_must_not_pass() {
    let world = World::shared();
    let heads = start(world, "carried");
    for version in ["--http1.1", "--http2"] {
        let marked = world.curl("/carried/marked", &["-i", version]).ok().out;
        assert!(!marked.contains("nobody else knows") && marked.contains("x-customer-note: *"), "{marked}");
        // Cookies are no part of addresses that connections share.
        assert!(!digits(&marked).contains(&CARD[..12]) && !marked.contains("set-cookie"), "{marked}");
        let ended = world.curl("/carried/trailers", &["-i", version, "-H", "TE: trailers"]).ok().out;
        assert!(!digits(&ended).contains(&CARD[..12]) && ended.contains("paid with *"), "{ended}");
        assert!(ended.contains("x-checked: yes") && ended.contains("x-paid-with: *"), "{ended}");
    }
    let whole = world.curl("/carried/plain", &["--fail"]).ok().out;
    let before: Vec<String> = heads.try_iter().collect();
    assert!(!before.is_empty());
    for (range, part) in [("0-24", &whole[..25]), ("20-27", &whole[20..28]), ("-10", &whole[whole.len() - 10..])] {
        let cut = world.curl("/carried/plain", &["--fail", "-i", "--http1.1", "-r", range]).ok().out;
        let (head, content) = cut.split_once("\r\n\r\n").unwrap();
        assert!(content == part && head.contains(" 206 ") && head.contains("content-range: bytes "), "{range}: {cut}");
        let asked: String = heads.try_iter().collect();
        assert!(asked.contains("/plain") && !asked.contains("range:"), "{range}: {asked}");
    }
    let stopped = world.curl("/carried-closed/picture", &["-i"]).output().out;
    assert!(!stopped.contains("IHDR") && stopped.contains("SP-UN"), "{stopped}");
    assert!(world.curl("/carried-closed/plain", &["--fail"]).ok().out.contains("paid with *"));
    assert!(world.curl("/carried-pictures/picture", &["--fail"]).ok().out.contains("IHDR"));
}

#[test]
fn messages_of_a_websocket_are_masked_in_one_frame_and_in_several() {
    let world = World::shared();
    let target = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = target.local_addr().unwrap().port();
    drop(target);
    world.target("told-ws", port, &json!({ "protocol": "http" }), &json!({}));
    let url = format!("wss://127.0.0.1:{}/told-ws/", world.site.ports.http);
    let ca = world.site.ca_file().display().to_string();
    let tour = world.python("websocket_masks.py", &[&port.to_string(), &url, &world.alice().ticket, &ca, CARD]);
    assert_eq!(tour.ok().out, "fine\n");
}
