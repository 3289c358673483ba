//! Whatever bytes come from either side of a PostgreSQL connection, they are read or refused. The first byte chooses the side.
#![no_main]

use libfuzzer_sys::fuzz_target;
use protocols::pg::{
    ask,
    frame::{HEADER, Side, peek},
    row,
};

fuzz_target!(|data: &[u8]| {
    let Some((choice, mut rest)) = data.split_first() else { return };
    let side = if choice % 2 == 0 { Side::Front } else { Side::Back };
    while let Ok(Some(header)) = peek(rest, side) {
        let body = rest.get(HEADER..header.frame().min(rest.len())).unwrap_or_default();
        let whole = rest.len() >= header.frame();
        let _read = (ask::query(body, whole), ask::parse(body, whole), ask::bind(body, whole));
        let _read = (ask::execute(body), ask::named(body), ask::parameter_types(body), ask::described_types(body));
        if let Ok(columns) = row::description(body) {
            assert!(columns.len() * 19 <= body.len());
        }
        let mut copy = body.to_vec();
        let _read = row::values(&mut copy, |_, value| value.fill(b'*'));
        assert_eq!(copy.len(), body.len());
        let Some(next) = rest.get(header.frame()..).filter(|next| next.len() < rest.len()) else { return };
        rest = next;
    }
});
