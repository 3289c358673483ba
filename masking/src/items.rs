//! Values that are spread over the items of a list in JSON: `["4539", "5787", "6362", "1486"]`. Only short lists of nothing but texts
//! are read, and only what a checksum or a shape of its own tells from chance counts.

use crate::hit::{Rule, Span};
use crate::label::Label;
use crate::scan::{Cursor, Plan};

/// The longest list that is read, in bytes.
const LONGEST: usize = 512;
/// Fewer digits than these are nothing.
const LEAST_DIGITS: usize = 9;

/// Where an item's text stands.
type Item = (usize, usize);

/// What begins with a bracket.
enum List {
    /// Texts: how many, how many digits are in them, and where they end.
    Texts { count: usize, digits: usize, end: usize },
    /// Something else.
    Other,
    /// More of it may come.
    Open,
}

/// Goes on from `at`; appends the items of a hit. Everything before the new `at` is decided.
pub(crate) fn scan(plan: &Plan, text: &[u8], last: bool, at: &mut usize, spans: &mut Vec<Span>) {
    while let Some(found) = memchr::memchr(b'[', text.get(*at..).unwrap_or_default()) {
        let begin = *at + found;
        match read(text, begin) {
            List::Open if !last => {
                *at = begin;
                return;
            }
            List::Texts { count, digits, end } => {
                if count > 1 && digits >= LEAST_DIGITS {
                    look(plan, text, &items(text, begin, end), spans);
                }
                *at = end;
            }
            List::Open | List::Other => *at = begin + 1,
        }
    }
    *at = text.len();
}

/// Reads a list, of which most hold nothing and cost no allocation.
fn read(text: &[u8], begin: usize) -> List {
    let (mut count, mut digits) = (0, 0);
    let mut at = begin + 1;
    loop {
        at = skip_blanks(text, at);
        match text.get(at) {
            _ if at > begin + LONGEST => return List::Other,
            None => return List::Open,
            Some(b'"') => at += 1,
            Some(_) => return List::Other,
        }
        let room = text.get(at..(begin + LONGEST).min(text.len())).unwrap_or_default();
        let mut length = 0;
        while let Some(byte) = room.get(length).filter(|byte| **byte != b'"') {
            digits += usize::from(byte.is_ascii_digit());
            length += 1;
        }
        if length == room.len() {
            return if at + room.len() < begin + LONGEST { List::Open } else { List::Other };
        }
        count += 1;
        at = skip_blanks(text, at + length + 1);
        match text.get(at) {
            Some(b',') => at += 1,
            Some(b']') => return List::Texts { count, digits, end: at },
            Some(_) => return List::Other,
            None => return List::Open,
        }
    }
}

/// The items of a list that has nothing but texts.
fn items(text: &[u8], begin: usize, end: usize) -> Vec<Item> {
    let list = text.get(begin..end).unwrap_or_default();
    let quotes: Vec<usize> = memchr::memchr_iter(b'"', list).map(|quote| begin + quote).collect();
    quotes.as_chunks().0.iter().map(|[open, close]| (open + 1, *close)).collect()
}

fn skip_blanks(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest.iter().take(LONGEST).take_while(|byte| byte.is_ascii_whitespace()).count()
}

fn look(plan: &Plan, text: &[u8], items: &[Item], spans: &mut Vec<Span>) {
    let content = |item: &Item| text.get(item.0..item.1).unwrap_or_default();
    let joined: Vec<u8> = items.iter().flat_map(content).copied().collect();
    let (mut cursor, mut found) = (Cursor::default(), Vec::new());
    while !plan.scan(&joined, true, &mut cursor, &mut found) {}
    let mut begin = 0;
    for item in items {
        let end = begin + item.1 - item.0;
        // What stands in one item alone is found there.
        let hit = found
            .iter()
            .find(|hit| counts(hit.rule) && hit.start < end && begin < hit.end && (hit.start < begin || end < hit.end));
        if let Some(hit) = hit.filter(|_| begin < end) {
            let (start, end) = *item;
            spans.push(Span { rule: hit.rule, start, end, continues: false, extra: true, whole: false });
        }
        begin = end;
    }
}

fn counts(rule: Rule) -> bool {
    matches!(rule.label, Label::Card | Label::Iban) || rule.detector == "ssn"
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use crate::{Label, Masker, Syntax, Tally};

    fn masked(text: &str, size: usize) -> String {
        let masker = Masker::new(&Label::ALL);
        let (mut stream, mut out, mut tally) = (masker.stream(Syntax::Json), Vec::new(), Tally::default());
        text.as_bytes().chunks(size).for_each(|piece| stream.push(piece, &mut out, &mut tally));
        stream.finish(&mut out, &mut tally);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_value_over_the_items_of_a_list_is_masked() {
        for (text, seen) in [
            (r#"{"x": ["4539", "5787", "6362", "1486"]}"#, r#"{"x": ["****", "****", "****", "****"]}"#),
            (r#"["536-","22-8145"]"#, r#"["***-","**-****"]"#),
            (r#"["GB33BUKB2020","1555555555"]"#, r#"["************","**********"]"#),
        ] {
            assert_eq!(masked(text, usize::MAX), seen);
        }
        let letters = "4539578763621486".chars().map(|digit| format!("\"{digit}\"")).collect::<Vec<_>>().join(",");
        assert!(!masked(&format!("[{letters}]"), usize::MAX).contains('4'));
        for text in [
            r#"["2019","2020","2021","2022"]"#,
            r#"["10.0.0.1","10.0.0.2"]"#,
            r#"["4539", 5787, "6362", "1486"]"#,
            r#"["a", ["b"], "123456789"]"#,
            r#"["tel", "415", "555"]"#,
        ] {
            assert_eq!(masked(text, usize::MAX), text);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_list_is_read_the_same_however_it_is_split(text in "(\\[|\\]|\"|, |4539578763621486|4539|5787|6362|1486|536-|22-8145|x|\n| ){1,30}", size in 1_usize..40) {
            prop_assert_eq!(masked(&text, size), masked(&text, usize::MAX));
        }
    }
}
