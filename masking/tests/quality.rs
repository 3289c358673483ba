//! Precision and recall on the labelled corpus in `corpus/values.tsv` and `corpus/contexts.tsv`, with the bars the product promises.
//!
//! `cargo test -p masking --test quality -- --nocapture` prints the table and what was missed or wrong.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    missing_docs
)]

use std::collections::BTreeMap;
use std::ops::Range;

use masking::{Hit, Label, Masker, Syntax, Tally};

const CORPUS: &str = concat!(
    include_str!("corpus/values.tsv"),
    include_str!("corpus/contexts.tsv"),
    include_str!("corpus/secrets.tsv"),
    include_str!("corpus/international.tsv"),
    include_str!("corpus/forms.tsv"),
    include_str!("corpus/lists.tsv")
);

struct Case {
    kind: String,
    label: String,
    line: String,
    value: Range<usize>,
}

fn cases() -> Vec<Case> {
    let plain = |text: &str| {
        let mut out = String::new();
        let mut rest = text.chars();
        while let Some(next) = rest.next() {
            out.push(match next {
                '\\' => match rest.next() {
                    Some('t') => '\t',
                    Some('n') => '\n',
                    other => other.unwrap(),
                },
                other => other,
            });
        }
        out
    };
    let case = |line: &str| {
        let fields: Vec<_> = line.split('\t').map(plain).collect();
        let [kind, label, before, value, after] = fields.try_into().unwrap();
        let range = before.len()..before.len() + value.len();
        Case { kind, label, line: before + &value + &after, value: range }
    };
    CORPUS.lines().filter(|line| !line.starts_with('#')).map(case).collect()
}

#[derive(Default)]
struct Score {
    right: u32,
    missed: u32,
    disguised: u32,
    disguised_missed: u32,
    wrong: u32,
}

fn covers(hit: &Hit, value: &Range<usize>) -> bool {
    let common = hit.range.end.min(value.end).saturating_sub(hit.range.start.max(value.start));
    common * 10 >= value.len() * 9 && hit.range.len() * 9 <= value.len() * 10
}

fn percent(right: u32, wrong: u32) -> f64 {
    f64::from(right) / f64::from((right + wrong).max(1))
}

#[test]
fn the_corpus_is_labelled_as_it_should_be() {
    let masker = Masker::new(&Label::ALL);
    let mut scores: BTreeMap<String, Score> = BTreeMap::new();
    let (mut negatives, mut touched) = (0, 0);
    for case in cases() {
        let mut hits = Vec::new();
        masker.scan(case.line.as_bytes(), &mut hits);
        if case.kind == "negative" {
            negatives += 1;
            touched += u32::from(!hits.is_empty());
        }
        let score = scores.entry(case.label.clone()).or_default();
        let found = hits.iter().position(|hit| hit.label.as_str() == case.label && covers(hit, &case.value));
        match (case.kind.as_str(), found.is_some()) {
            ("negative", _) => {}
            ("plain", true) => score.right += 1,
            ("plain", false) => score.missed += 1,
            (_, true) => score.disguised += 1,
            (_, false) => score.disguised_missed += 1,
        }
        if case.kind != "negative" && found.is_none() {
            println!("missed {} {}: {:?}", case.kind, case.label, case.line);
        }
        for (_, hit) in hits.iter().enumerate().filter(|(index, _)| Some(*index) != found) {
            println!("wrong {} ({}): {:?} in {:?}", hit.label, hit.detector, &case.line[hit.range.clone()], case.line);
            scores.entry(hit.label.to_string()).or_default().wrong += 1;
        }
    }
    println!("{:8} {:>9} {:>7} {:>9} {:>6}", "label", "precision", "recall", "disguised", "values");
    for label in Label::ALL {
        let score = &scores[label.as_str()];
        let right = score.right + score.disguised;
        let precision = percent(right, score.wrong);
        let (recall, disguised) =
            (percent(score.right, score.missed), percent(score.disguised, score.disguised_missed));
        println!(
            "{:8} {precision:9.4} {recall:7.4} {disguised:9.4} {:6}",
            label.as_str(),
            right + score.missed + score.disguised_missed
        );
        let least = if label == Label::Secret { 0.98 } else { 0.99 };
        assert!(precision >= 0.99 && recall >= least, "{label}");
        assert!(disguised >= 0.95 || score.disguised + score.disguised_missed == 0, "{label}");
    }
    let wrong: u32 = scores.iter().filter(|(label, _)| *label != "secret").map(|(_, score)| score.wrong).sum();
    let right: u32 =
        scores.iter().filter(|(label, _)| *label != "secret").map(|(_, score)| score.right + score.disguised).sum();
    println!(
        "precision without secrets {:.4}; negative lines touched: {touched} of {negatives}",
        percent(right, wrong)
    );
    assert!(percent(right, wrong) >= 0.995);
    assert!(touched * 1000 <= negatives * 5, "{touched} of {negatives}");
}

#[test]
fn a_mask_matches_no_detector() {
    let masker = Masker::new(&Label::ALL);
    for case in cases() {
        let mut line = case.line.clone().into_bytes();
        masker.mask(&mut line, Syntax::Text, &mut Tally::default());
        let mut again = Vec::new();
        masker.scan(&line, &mut again);
        assert_eq!(again, vec![], "{:?}", String::from_utf8_lossy(&line));
    }
}
