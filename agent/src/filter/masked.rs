//! Counts of what was masked, as they are written down: one line per label, detector and what was really done.

use masking::{Tally, Transform};
use proto::event::Masked;

/// The lines of a tally for a field: a column, a stream, a body.
pub fn masked_lines(field: &str, tally: Tally) -> impl Iterator<Item = Masked> {
    tally.entries.into_iter().map(move |count| Masked {
        field: field.to_owned(),
        label: count.label.to_string(),
        detector: count.detector.to_owned(),
        transform: count.transform.to_string(),
        count: count.times,
    })
}

/// The transform that a connection names.
#[must_use]
pub fn transform(named: proto::Transform) -> Transform {
    match named {
        proto::Transform::Full => Transform::Full,
        proto::Transform::Partial => Transform::Partial,
        proto::Transform::Constant => Transform::Constant,
        proto::Transform::Null => Transform::Null,
        proto::Transform::Year => Transform::Year,
        proto::Transform::Token => Transform::Token,
    }
}
