//! A target that says over HTTP/1.1 exactly what a scenario wants, well-formed or not.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::Arc,
};

/// An answer: everything that is written, from the status line on.
pub type Answer = Vec<u8>;

/// Answers `.../NUMBER` with that answer and closes; its port.
#[must_use]
pub fn serve(answers: Vec<Answer>) -> u16 {
    let target = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = target.local_addr().expect("an address").port();
    let answers = Arc::new(answers);
    std::thread::spawn(move || {
        for client in target.incoming().flatten() {
            let answers = Arc::clone(&answers);
            std::thread::spawn(move || answer(client, &answers));
        }
    });
    port
}

fn answer(mut client: TcpStream, answers: &[Answer]) -> std::io::Result<()> {
    let mut lines = BufReader::new(client.try_clone()?).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let path = request.split(' ').nth(1).unwrap_or_default();
    let number = path.rsplit('/').next().and_then(|number| number.parse::<usize>().ok());
    if let Some(answer) = number.and_then(|number| answers.get(number)) {
        client.write_all(answer)?;
    }
    // The other side closes first, so that nothing is cut off.
    let _rest = client.read(&mut [0; 64])?;
    Ok(())
}

/// An answer with this status line and head, and content of a known length.
#[must_use]
pub fn sized(status: &str, head: &str, body: impl AsRef<[u8]>) -> Answer {
    let body = body.as_ref();
    let head = format!("HTTP/1.1 {status}\r\n{head}content-length: {}\r\nconnection: close\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// The same in chunks of one byte.
#[must_use]
pub fn chunked(status: &str, head: &str, body: impl AsRef<[u8]>) -> Answer {
    let mut out =
        format!("HTTP/1.1 {status}\r\n{head}transfer-encoding: chunked\r\nconnection: close\r\n\r\n").into_bytes();
    for byte in body.as_ref() {
        out.extend_from_slice(&[b"1\r\n", &[*byte][..], b"\r\n"].concat());
    }
    out.extend_from_slice(b"0\r\n\r\n");
    out
}
