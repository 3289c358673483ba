//! Asks the target which search path and role a new session has: a role's or database's own settings, and whatever the client
//! asked for at login, come together there. It is asked while the client hears that it is in, so it costs nobody a
//! round trip. From version 18 on a server says it by itself.

use std::time::Duration;

use bytes::BytesMut;
use protocols::pg::{
    encode,
    frame::{HEADER, Side, back, front, peek},
    report, row,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::connect::Wire;
use crate::filter::pg::Filter;

const QUESTION: &str = "SELECT pg_catalog.current_setting('search_path'), pg_catalog.current_setting('role')";
/// How long the answer may take.
const DEADLINE: Duration = Duration::from_secs(5);
/// A longer answer is none.
const LARGEST: usize = 64 * 1024;

/// Tells the filter. What the target says besides stays in `received`, for the client.
pub(super) async fn learn(wire: &mut Wire, received: &mut BytesMut, filter: &mut Filter) {
    if filter.knows_path() {
        return;
    }
    let answer = async {
        match wire {
            Wire::Plain(stream) => ask(stream, received).await,
            Wire::Tls(stream) => ask(stream.as_mut(), received).await,
        }
    };
    let answer = tokio::time::timeout(DEADLINE, answer).await.ok().flatten();
    let told = answer.as_ref().and_then(|values| match values.as_slice() {
        [path, role] => Some((path.as_str(), role.as_str())),
        _ => None,
    });
    filter.begin(told);
}

/// The values of the only row; `None` if there is none.
async fn ask<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, received: &mut BytesMut) -> Option<Vec<String>> {
    let mut out = BytesMut::new();
    encode::frame(&mut out, front::QUERY, |out| encode::string(out, QUESTION));
    stream.write_all(&out).await.ok()?;
    stream.flush().await.ok()?;
    let (mut values, mut at) = (Vec::new(), 0);
    loop {
        while let Some(header) = peek(received.get(at..)?, Side::Back).ok()? {
            let end = at + header.frame();
            if header.frame() > LARGEST || received.len() < end {
                break;
            }
            let ours =
                matches!(header.tag, back::ROW_DESCRIPTION | back::DATA_ROW | back::COMMAND_COMPLETE | back::READY);
            if header.tag == back::DATA_ROW {
                row::values(received.get_mut(at + HEADER..end)?, |_, value| {
                    values.push(String::from_utf8_lossy(value).into_owned());
                })
                .ok()?;
            }
            let refused = header.tag == back::ERROR && !is_fatal(received.get(at + HEADER..end)?);
            if !ours && !refused {
                // An error that ends the session among them: the client hears it.
                at = end;
                continue;
            }
            let rest = received.split_off(end);
            received.truncate(at);
            received.unsplit(rest);
            if header.tag == back::READY {
                return Some(values);
            }
        }
        if received.len() > at + LARGEST || stream.read_buf(received).await.ok()? == 0 {
            return None;
        }
    }
}

fn is_fatal(body: &[u8]) -> bool {
    matches!(report::field(body, b'V'), Ok(Some(b"FATAL" | b"PANIC")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn frame(tag: u8, body: &[u8]) -> Vec<u8> {
        let mut out = BytesMut::new();
        encode::frame(&mut out, tag, |out| out.extend_from_slice(body));
        out.to_vec()
    }

    /// What is learned from a target that answers with these frames, and what is left for the client.
    async fn heard(answer: &[Vec<u8>]) -> (Option<Vec<String>>, Vec<u8>) {
        let (mut ours, mut theirs) = tokio::io::duplex(64 * 1024);
        theirs.write_all(&answer.concat()).await.unwrap();
        let mut received = BytesMut::new();
        let answer = tokio::time::timeout(Duration::from_millis(200), ask(&mut ours, &mut received)).await;
        (answer.ok().flatten(), received.to_vec())
    }

    #[tokio::test]
    async fn the_answer_is_taken_out_and_everything_else_is_left_for_the_client() {
        let row = frame(b'D', b"\0\x02\0\0\0\x03app\0\0\0\x04none");
        let (notice, parameter) = (frame(b'N', b"SNOTICE\0\0"), frame(b'S', b"TimeZone\0UTC\0"));
        let answer = [frame(b'T', b"\0\0"), notice.clone(), row, parameter.clone(), frame(b'C', b"SELECT 1\0")];
        let ready = [frame(b'Z', b"I"), parameter.clone()];
        let (values, left) = heard(&[answer.as_slice(), ready.as_slice()].concat()).await;
        assert_eq!(values.unwrap(), ["app", "none"]);
        assert_eq!(left, [notice, parameter.clone(), parameter].concat());
    }

    #[tokio::test]
    async fn an_error_tells_nothing_and_only_one_that_ends_the_session_is_passed_on() {
        let error = |severity: &str| frame(b'E', format!("S{severity}\0V{severity}\0CXX000\0\0").as_bytes());
        let (values, left) = heard(&[error("ERROR"), frame(b'Z', b"I")]).await;
        assert_eq!((values, left), (Some(Vec::new()), Vec::new()));
        let (values, left) = heard(&[error("FATAL")]).await;
        assert_eq!((values, left), (None, error("FATAL")));
    }
}
