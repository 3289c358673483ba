//! What all detectors say about a text.

use masking::{Hit, Label, Masker};

pub fn hits(text: &str) -> Vec<Hit> {
    let mut hits = Vec::new();
    Masker::new(&Label::ALL).scan(text.as_bytes(), &mut hits);
    hits
}

pub fn found(text: &str) -> Vec<(Label, &str)> {
    hits(text).into_iter().map(|hit| (hit.label, &text[hit.range])).collect()
}

#[track_caller]
pub fn finds(label: Label, text: &str, value: &str) {
    assert_eq!(found(text), vec![(label, value)], "in {text:?}");
}

#[track_caller]
pub fn leaves(text: &str) {
    assert_eq!(found(text), vec![], "in {text:?}");
}
