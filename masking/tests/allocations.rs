//! A clean cell costs no allocation.
#![allow(missing_docs)]

use masking::{Label, Masker, Syntax, Tally};

#[test]
fn a_clean_cell_costs_no_allocation() {
    let masker = Masker::new(&Label::ALL);
    let mut tally = Tally::default();
    for cell in [
        "1042",
        "Widget, large",
        "2024-01-15 10:30:00.123456",
        "550e8400-e29b-41d4-a716-446655440000",
        "1700000000000",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
        "GET /api/v1/items/48213?limit=50 HTTP/1.1",
        "{\"id\":1042,\"name\":\"Widget\",\"price\":19.99}",
        "100% done & dusted",
        "Größe 42 für München",
    ] {
        let mut value = cell.as_bytes().to_vec();
        let cost = allocation_counter::measure(|| {
            masker.mask(&mut value, Syntax::Text, &mut tally);
        });
        assert_eq!(cost.count_total, 0, "{cell}");
    }
    for cell in [r#"{"text":"one\nline \u00e9 two","path":"C:\\x"}"#, r#"{"html":"<a href=\"\/p\">x<\/a>"}"#] {
        let mut value = cell.as_bytes().to_vec();
        let cost = allocation_counter::measure(|| {
            masker.mask(&mut value, Syntax::Json, &mut tally);
        });
        assert_eq!(cost.count_total, 0, "{cell}");
    }
    assert!(tally.is_empty());
}
