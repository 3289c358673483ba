//! What was found in a text and why, ready to print. Values are shown, for they are the caller's own text.

use masking::{Hit, Masker};
use serde::Serialize;

/// One value that was found.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Found {
    label: &'static str,
    detector: &'static str,
    /// Where it begins, in bytes.
    start: usize,
    /// Where it ends, in bytes.
    end: usize,
    value: String,
    /// What made it count.
    why: &'static str,
}

/// Everything the agent would mask in the text.
pub(super) fn explain(masker: &Masker, text: &[u8]) -> Vec<Found> {
    let mut hits: Vec<Hit> = Vec::new();
    masker.scan(text, &mut hits);
    let found = |hit: Hit| Found {
        label: hit.label.as_str(),
        detector: hit.detector,
        start: hit.range.start,
        end: hit.range.end,
        why: hit.why(),
        value: String::from_utf8_lossy(text.get(hit.range).unwrap_or_default()).into_owned(),
    };
    hits.into_iter().map(found).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing)]

    use masking::Label;

    use super::*;

    #[test]
    fn each_hit_says_what_made_it_count() {
        let found = explain(&Masker::new(&Label::ALL), b"4111 1111 1111 1111 and ssn 123456789");
        let short: Vec<_> = found.iter().map(|found| (found.label, found.detector, found.start, found.end)).collect();
        assert_eq!(short, [("card", "card", 0, 19), ("ssn", "ssn-named", 28, 37)]);
        assert!(found[0].why.contains("Luhn") && found[1].why.contains("word"));
    }
}
