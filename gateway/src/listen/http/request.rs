//! The request as it goes to the agent: without the caller's credential, without what only concerns the client's connection,
//! and without what a caller could use to pass for somebody else.

use bytes::BytesMut;
use protocols::http::{Version, claims_identity, is_hop_by_hop, put_request};

use super::{problem::Problem, route::Route};

/// Appends the head of a request. `named` are the fields that `Connection` names.
pub(super) fn put<'a>(
    out: &mut BytesMut,
    method: &[u8],
    route: &Route,
    version: Version,
    upgrade: bool,
    fields: impl Iterator<Item = (&'a [u8], &'a [u8])>,
    named: &[&[u8]],
) -> Result<(), Problem> {
    let fields = fields.filter(|(name, _)| {
        // The agent tells the target that trailers are wanted; no other value gets this far.
        name.eq_ignore_ascii_case(b"te")
            || (passes(name, route.by_path) && !named.iter().any(|option| option.eq_ignore_ascii_case(name)))
    });
    put_request(out, method, &route.target, version, upgrade, fields)
        .map_err(|error| Problem::from(proto::Refusal::new(proto::Code::TooLarge, error.to_string())))
}

fn passes(name: &[u8], by_path: bool) -> bool {
    let mut lower = [0u8; 64];
    // No name that must not pass is this long.
    let Some(lower) = lower.get_mut(..name.len()) else { return true };
    lower.copy_from_slice(name);
    lower.make_ascii_lowercase();
    let ours = matches!(&*lower, b"host" | b"authorization" | b"expect");
    !(ours || is_hop_by_hop(lower) || claims_identity(lower) || (by_path && lower == b"cookie"))
}

/// Whether a field of a response goes on to the client.
pub(super) fn passes_back(name: &[u8], by_path: bool) -> bool {
    !(by_path && matches!(name, b"set-cookie" | b"set-cookie2"))
}
