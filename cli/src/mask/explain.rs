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

/// The fewest digits of a card in groups: 4-6-5.
const SHORTEST_GROUPED: usize = 15;

/// Everything the agent would mask in the text.
pub(super) fn explain(masker: &Masker, text: &[u8]) -> Vec<Found> {
    let mut hits: Vec<Hit> = Vec::new();
    masker.scan(text, &mut hits);
    let mut values: Vec<Hit> = Vec::new();
    for hit in hits {
        match values.last_mut().filter(|last| continues(text, last, &hit)) {
            Some(last) => last.range.end = hit.range.end,
            None => values.push(hit),
        }
    }
    let found = |hit: Hit| Found {
        label: hit.label.as_str(),
        detector: hit.detector,
        start: hit.range.start,
        end: hit.range.end,
        why: hit.why(),
        value: String::from_utf8_lossy(text.get(hit.range).unwrap_or_default()).into_owned(),
    };
    values.into_iter().map(found).collect()
}

/// Whether the hit is a further group of the card whose groups are masked apart.
fn continues(text: &[u8], last: &Hit, hit: &Hit) -> bool {
    let digits =
        || text.get(last.range.clone()).unwrap_or_default().iter().filter(|byte| byte.is_ascii_digit()).count();
    hit.detector == "card-groups" && last.detector == hit.detector && digits() < SHORTEST_GROUPED
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

    #[test]
    fn a_card_whose_groups_are_masked_apart_is_one_value() {
        let text = b"4111,1111,1111,1111\n4012,8888,8888,1881";
        let values: Vec<_> = explain(&Masker::new(&Label::ALL), text).into_iter().map(|found| found.value).collect();
        assert_eq!(values, ["4111,1111,1111,1111", "4012,8888,8888,1881"]);
    }
}
