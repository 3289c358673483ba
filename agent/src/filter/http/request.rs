//! Requests: which fields reach the target, and what is recorded before they do.

use masking::{Masker, Syntax, Tally};
use proto::event::{Field, Masked, Request};
use protocols::http::{RequestHead, claims_identity, is_hop_by_hop};
use sha2::{Digest as _, Sha256};

use super::parameters::Parameters;
use crate::filter::masked::masked_lines;

/// Fields that are recorded. Never credentials.
const RECORDED: [&[u8]; 12] = [
    b"content-type",
    b"content-length",
    b"accept",
    b"user-agent",
    b"range",
    b"origin",
    b"traceparent",
    b"tracestate",
    b"x-request-id",
    b"idempotency-key",
    b"grpc-timeout",
    b"sec-websocket-protocol",
];

/// Whether a field from the caller goes on to the target. The gateway has left out most of the others already; a target
/// trusts what its agent sends, so the agent does not rely on that.
#[must_use]
pub fn passes_to_target(name: &[u8]) -> bool {
    !is_hop_by_hop(name)
        && !claims_identity(name)
        && !matches!(name, b"host" | b"authorization" | b"expect" | b"sec-websocket-extensions")
}

/// What is recorded of a request, and what was masked in it. `content` is its content, as far as it has arrived.
#[must_use]
pub fn describe(
    head: &RequestHead,
    content: &[u8],
    parameters: &Parameters,
    masker: &Masker,
) -> (Request, Vec<Masked>) {
    let (head, mut lines) = parameters.recorded_head(masker, head);
    let mut tally = Tally::default();
    let mut mask = |bytes: &[u8]| {
        let mut bytes = bytes.to_vec();
        if !masker.is_off() {
            masker.mask(&mut bytes, Syntax::Text, &mut tally);
        }
        String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    };
    let mut line = Vec::with_capacity(head.method.len() + 1 + head.target.len());
    line.extend_from_slice(&head.method);
    line.push(b' ');
    line.extend_from_slice(&head.target);
    let kept = |name: &[u8]| RECORDED.contains(&name) || parameters.names_header(name);
    let recorded = head.fields.iter().filter(|(name, _)| kept(name));
    let fields = recorded
        .map(|(name, value)| Field { name: String::from_utf8_lossy(name).into_owned(), value: mask(value) })
        .collect();
    // With a digest of the content, whoever knows the rest of it could try values of a marked parameter out.
    let hashed = if parameters.is_empty() { content } else { &[] };
    let digest = Sha256::new().chain_update(&line).chain_update(b"\n").chain_update(hashed).finalize();
    let request = Request {
        operation: "http".into(),
        text: mask(&line),
        fields,
        bytes: (line.len() + content.len()) as u64,
        digest: digest.to_vec().into(),
        ..Request::default()
    };
    lines.extend(masked_lines("request", tally));
    (request, lines)
}
