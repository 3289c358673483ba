//! A detector that is read from any text is refused or can be used, and what it masks keeps its length. The text ends at the first
//! NUL; what follows is masked.
#![no_main]

use libfuzzer_sys::fuzz_target;
use masking::{Detector, Masker, Options, Syntax, Tally};

fuzz_target!(|data: &[u8]| {
    let end = data.iter().position(|byte| *byte == 0).unwrap_or(data.len());
    let (definition, text) = data.split_at(end);
    let Ok(definition) = std::str::from_utf8(definition) else { return };
    let Ok(detector) = definition.parse::<Detector>() else { return };
    assert_eq!(detector.to_string().parse(), Ok(detector.clone()));
    let Ok(masker) = Masker::compile(&[detector], Options::default()) else { return };
    let mut masked = text.to_vec();
    masker.mask(&mut masked, Syntax::Text, &mut Tally::default());
    assert_eq!(masked.len(), text.len());
});
