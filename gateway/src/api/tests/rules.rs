//! The pages that refusals link to.

use super::*;

#[tokio::test]
async fn a_rules_page_tells_the_refused_what_they_were_told_and_auditors_the_rule() {
    let world = World::new().await;
    let stranger = world.send("GET", "/rules/hold-truncate", &[], "").await;
    assert_eq!(stranger.status, 200);
    assert!(stranger.text.contains("/auth/login?next=/rules/hold-truncate") && !stranger.text.contains("empties"));
    let (alice, carol) = (world.token(&world.alice).await, world.token(&world.carol).await);
    let page = world.call("GET", "/rules/hold-unfiltered-write", &alice, "").await;
    for part in ["changes every row", "Add a WHERE", "approver", "waits for approval"] {
        assert!(page.text.contains(part), "{part}: {}", page.text);
    }
    assert!(!page.text.contains("containsAny"), "{}", page.text);
    let whole = world.call("GET", "/rules/hold-unfiltered-write", &carol, "").await;
    assert!(whole.text.contains("containsAny"), "{}", whole.text);
    assert!(world.call("GET", "/rules/no-rule", &alice, "").await.text.contains("a right is missing"));
}

#[tokio::test]
async fn a_rule_that_is_not_in_force_is_not_found() {
    let world = World::new().await;
    let alice = world.token(&world.alice).await;
    for path in ["/rules/gone", "/rules/%3Cscript%3E", "/rules/A", "/rules/a%2F..%2Fb"] {
        assert_eq!(world.call("GET", path, &alice, "").await.status, 404, "{path}");
        let stranger = world.send("GET", path, &[], "").await;
        assert!(!stranger.text.contains("<script>"), "{}", stranger.text);
    }
}
