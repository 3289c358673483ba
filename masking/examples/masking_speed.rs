//! Prints how fast masking is, in MB/s on one core, and what a short clean value costs.
//!
//! `cargo run --release -p masking --example masking_speed [-- NAME]`
#![allow(clippy::print_stdout, clippy::cast_precision_loss, missing_docs)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use masking::{Label, Masker, Syntax, Tally};

const SIZE: usize = 32 << 20;

fn main() {
    let masker = Masker::new(&Label::ALL);
    let only = std::env::args().nth(1).unwrap_or_default();
    let prose = "The quick brown fox jumps over the lazy dog, and then it rests for a while near the river. ";
    let log =
        "2024-01-15T10:30:00.123Z INFO gateway::listen accepted peer=192.168.10.24:50122 session=18f3c2 bytes=48213\n";
    let rows = "1042\tWidget, large\t19.99\t2024-01-15 10:30:00\tshipped\tf\t\\N\n";
    let json = "{\"id\":1042,\"name\":\"Widget\",\"price\":19.99,\"tags\":[\"new\",\"large\"],\"created_at\":\"2024-01-15T10:30:00Z\"},";
    let escaped = "{\"text\":\"line one\\nline \\u00e9 two\",\"path\":\"C:\\\\x\"},";
    let markup = "{\"html\":\"<a href=\\\"\\/p\\/1\\\">x<\\/a>\\n\\t\\u003cb\\u003e\",\"q\":\"say \\\"hi\\\"\"},";
    let access =
        "10.1.2.3 - - [15/Jan/2024:10:30:00 +0000] \"GET /api/v1/items/48213?limit=50&page=2 HTTP/1.1\" 200 5120\n";
    let german = "Größe 42 für München – „schöne“ Grüße aus Köln, Straße\n";
    let people = "2025-01-02 12:00:01 INFO worker-1 request id=000000001 user=user1@example.test took 3918 ms\n";
    let list = "{\"id\": 1, \"name\": \"User 1\", \"email\": \"user1@example.test\", \"phone\": \"+1-202-555-0001\", \"note\": \"lorem ipsum dolor sit amet\", \"balance\": 1.25}, ";
    let hashes = "1042\tc4ca4238a0b923820dcc509a6f75849b\tc81e728d9d4c2f636f067f89cc14862c\t3126\n";
    let ids = "550e8400-e29b-41d4-a716-446655440000\t9f86d081884c7d659a2feaa0c55ad015a3bf4f1b\tshipped\n";
    let dense = "4111 1111 1111 1111,123-45-6789,alice@example.com,";
    for (name, unit, syntax) in [
        ("prose", prose, Syntax::Text),
        ("log lines", log, Syntax::Text),
        ("rows", rows, Syntax::Text),
        ("json", json, Syntax::Json),
        ("json with escapes", escaped, Syntax::Json),
        ("dense in escapes", markup, Syntax::Json),
        ("access log", access, Syntax::Text),
        ("german", german, Syntax::Text),
        ("hashes", hashes, Syntax::Text),
        ("identifiers", ids, Syntax::Text),
        ("log with addresses", people, Syntax::Text),
        ("json with people", list, Syntax::Json),
        ("dense in hits", dense, Syntax::Text),
    ] {
        if !name.contains(&only) {
            continue;
        }
        let text = unit.repeat(SIZE / unit.len()).into_bytes();
        println!(
            "{name:20} whole {:6.0} MB/s   stream {:6.0} MB/s",
            whole(&masker, &text, syntax),
            stream(&masker, &text, syntax)
        );
    }
    for cell in [
        "1042",
        "Widget, large",
        "2024-01-15 10:30:00.123456",
        "19.99",
        "550e8400-e29b-41d4-a716-446655440000",
        "1700000000000",
    ] {
        if "cell".contains(&only) {
            println!("cell {cell:40} {:6.1} ns", short(&masker, cell));
        }
    }
}

fn whole(masker: &Masker, text: &[u8], syntax: Syntax) -> f64 {
    best(
        || {
            let mut value = text.to_vec();
            let start = Instant::now();
            black_box(masker.mask(&mut value, syntax, &mut Tally::default()));
            start.elapsed()
        },
        text.len(),
    )
}

fn stream(masker: &Masker, text: &[u8], syntax: Syntax) -> f64 {
    let mut out = Vec::with_capacity(64 << 10);
    best(
        || {
            let start = Instant::now();
            let (mut stream, mut tally) = (masker.stream(syntax), Tally::default());
            for piece in text.chunks(16 << 10) {
                out.clear();
                stream.push(piece, &mut out, &mut tally);
            }
            stream.finish(&mut out, &mut tally);
            start.elapsed()
        },
        text.len(),
    )
}

fn best(mut run: impl FnMut() -> Duration, size: usize) -> f64 {
    let fastest = (0..3).map(|_| run()).min().unwrap_or_default();
    size as f64 / 1e6 / fastest.as_secs_f64()
}

fn short(masker: &Masker, cell: &str) -> f64 {
    const TIMES: u32 = 2_000_000;
    let (mut value, mut tally) = (cell.as_bytes().to_vec(), Tally::default());
    let start = Instant::now();
    for _ in 0..TIMES {
        black_box(masker.mask(black_box(&mut value), Syntax::Text, &mut tally));
    }
    start.elapsed().as_secs_f64() * 1e9 / f64::from(TIMES)
}
