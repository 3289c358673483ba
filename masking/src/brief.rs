//! Short values, as nearly all cells of tables are: one look at the classes of their bytes shows most of them to hold nothing, without
//! what a search through a long text has to set up.

use crate::beads;
use crate::dump;
use crate::folded;
use crate::lanes::{self, BLOCK, Masks};
use crate::scan::Plan;
use crate::spelt;
use crate::wrapped;

/// Whether nothing stands in a whole text whose bytes are what detectors read. It says no in doubt, and to all that is longer than a
/// block without the blanks at its end, which columns of a fixed width have; `decode` also looks into tokens, dumps and rows of bytes.
pub(crate) fn holds_nothing(plan: &Plan, text: &[u8], decode: bool) -> bool {
    let text = without_blanks(text);
    if text.len() > BLOCK {
        return false;
    }
    let masks = Masks::of(text);
    if decode {
        let tokens = lanes::tokens(text);
        let wrapped = wrapped::may_hold(tokens) && wrapped::nested(plan, text, wrapped::DEEPEST).is_some();
        // A text without a gap is a word, and no line of several pieces.
        let is_word = text.len() < BLOCK && tokens.trailing_ones() as usize == text.len();
        let row = beads::may_hold(&masks) && {
            let (mut at, mut spans) = (0, Vec::new());
            beads::scan(plan, text, true, &mut at, &mut spans);
            !spans.is_empty()
        };
        if wrapped
            || row
            || spelt::holds(plan, text, &masks)
            || !is_word && (dump::may_hold(text) || folded::may_hold(text))
        {
            return false;
        }
    }
    plan.finds_nothing(text, masks)
}

/// The text up to its last byte that is no blank.
fn without_blanks(mut text: &[u8]) -> &[u8] {
    while let Some((rest, [b' ', b' ', b' ', b' ', b' ', b' ', b' ', b' '])) = text.split_last_chunk() {
        text = rest;
    }
    while let Some((b' ', rest)) = text.split_last() {
        text = rest;
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::hit::Span;
    use crate::label::Label;
    use crate::more::More;
    use crate::scan::Cursor;

    /// What the search through long texts finds.
    fn finds(plan: &Plan, text: &[u8]) -> bool {
        let more = More { layers: Vec::new(), decode: true };
        let mut spans: Vec<Span> = Vec::new();
        more.find(plan, text, &mut spans);
        plan.scan(text, true, &mut Cursor::default(), &mut spans);
        !spans.is_empty()
    }

    #[test]
    fn a_short_look_is_enough_for_what_most_cells_hold() {
        let plan = Plan::new(&Label::ALL);
        for text in [
            "Ann Smith",
            "d41d8cd98f00b204e9800998ecf8427e",
            "2026-11-21 10:03:59.123+00",
            "pending",
            "12 Long Lane, Leeds",
        ] {
            assert!(holds_nothing(&plan, text.as_bytes(), true), "{text}");
            assert!(holds_nothing(&plan, format!("{text:200}").as_bytes(), true), "{text} in a wide column");
        }
        assert!(!holds_nothing(&plan, b"4111 1111 1111 1111", true));
        assert!(!holds_nothing(&plan, b"NDExMSAxMTExIDExMTEgMTExMQ==", true));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(20_000), failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn where_a_short_look_sees_nothing_the_whole_search_finds_nothing(
            text in "([0-9a-f]{1,40}|[0-9A-F]{32}|[0-9]{1,19}|[a-z]{1,12}|[ ,:=./@-]|\\[|GB82 ?WEST ?1234 ?5698 ?7654 ?32|4111111111111111|4111 1111 1111 1111|NDExMTExMTExMTExMTExMQ==|0x34|\\\\x34313131313131313131313131313131|34 31 31 31 31 31 31 31|00000000: 3431|123-45-6789|a@b\\.co|212-555-0123|password=|hunter2X|ghp_|AKIA|Bearer |enable secret |de89|4b1d|dapi|key-|machine x login b password |IDENTIFIED BY |-----BEGIN PRIVATE KEY-----){1,5}",
            blanks in prop_oneof![Just(0_usize), 1..100_usize],
        ) {
            let plan = Plan::new(&Label::ALL);
            let text = text.as_bytes().get(..text.len().min(BLOCK)).unwrap_or_default();
            let padded = [text, &vec![b' '; blanks]].concat();
            prop_assert!(!holds_nothing(&plan, &padded, true) || !finds(&plan, &padded));
        }
    }
}
