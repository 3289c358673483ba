//! Labels: chosen ones only, and read by name.
#![allow(clippy::unwrap_used, missing_docs)]

use masking::{Label, Masker, Syntax, Tally};

#[test]
fn only_the_chosen_labels_are_masked() {
    let text = "4111111111111111 123-45-6789 alice@example.com";
    for (label, count) in [(Label::Card, 1), (Label::Ssn, 1), (Label::Email, 1), (Label::Secret, 0)] {
        let mut tally = Tally::default();
        let mut value = text.as_bytes().to_vec();
        let touched = Masker::new(&[label]).mask(&mut value, Syntax::Text, &mut tally);
        assert_eq!((touched, tally.total(), tally.count(label)), (count > 0, count, count));
        assert_eq!(value.iter().zip(text.as_bytes()).any(|(a, b)| a != b), count > 0);
    }
    assert!(Masker::new(&[]).is_off());
}

#[test]
fn labels_are_read_by_name() {
    for label in Label::ALL {
        assert_eq!(label.as_str().parse(), Ok(label));
    }
    assert!("cards".parse::<Label>().is_err());
}

#[test]
fn who_may_see_one_label_does_not_see_the_others_nor_what_a_detector_of_the_connection_finds() {
    let custom = r#"{"name": "employee", "pattern": "EMP-\\d{6}"}"#.parse().unwrap();
    let detectors = [masking::Detector::Label(Label::Card), masking::Detector::Label(Label::Email), custom];
    let masker = Masker::compile(&detectors, masking::Options::default()).unwrap();
    let mut text = b"EMP-123456 4111111111111111 alice@example.com".to_vec();
    masker.without(&["email".to_owned()]).mask(&mut text, Syntax::Text, &mut Tally::default());
    assert_eq!(text, b"***-****** **************** alice@example.com");
    let nothing = ["card", "email", "employee"].map(str::to_owned);
    assert!(masker.without(&nothing).is_off());
}
