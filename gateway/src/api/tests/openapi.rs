//! The description that clients are generated from.

use super::*;

/// To accept a change: `UPDATE_OPENAPI=1 cargo test -p gateway openapi`.
#[tokio::test]
async fn the_openapi_document_is_the_one_that_is_checked_in() {
    let world = World::new().await;
    let served = world.send("GET", "/api/v1/openapi.json", &[], "").await;
    assert_eq!(served.status, 200);
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(file, &served.text).unwrap();
    }
    let golden = std::fs::read_to_string(file).unwrap_or_default();
    assert!(golden == served.text, "gateway/openapi.json differs; see the comment at this test");
}
