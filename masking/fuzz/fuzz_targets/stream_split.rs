//! Any split of a stream gives the output of the whole. The first byte chooses the syntax and the size of pieces.
#![no_main]

use libfuzzer_sys::fuzz_target;
use masking::{Label, Masker, Syntax, Tally};

fuzz_target!(|data: &[u8]| {
    let Some((choice, text)) = data.split_first() else { return };
    let syntax = [Syntax::Text, Syntax::Json, Syntax::Number][usize::from(choice % 3)];
    let masker = Masker::new(&Label::ALL);
    let (mut whole, mut tally) = (text.to_vec(), Tally::default());
    masker.mask(&mut whole, syntax, &mut tally);

    let (mut stream, mut out, mut counted) = (masker.stream(syntax), Vec::new(), Tally::default());
    for piece in text.chunks(1 + usize::from(choice / 3)) {
        stream.push(piece, &mut out, &mut counted);
    }
    stream.finish(&mut out, &mut counted);
    assert_eq!(out, whole);
    assert_eq!(counted, tally);
});
