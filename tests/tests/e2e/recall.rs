//! Who may replay and export what others did: roles, and what policies add and take away.

use e2e::{World, eventually};
use serde_json::json;

#[test]
fn policies_give_and_take_the_right_to_replay_and_export() {
    let world = World::shared();
    let log = crate::request_parameters::Log::start();
    world.target("recall", log.port, &json!({ "protocol": "http" }), &json!({}));
    let _answer = world.curl("/recall/orders/mark-recall", &["--fail"]).ok();
    let (bob, carol) = (world.caller("bob"), world.carol());
    let id = eventually("the session", || world.session_ids("recall").first().cloned());
    let replay = |who, more: &[&str]| world.sallyport(who, &[&["sessions", "replay", &id], more].concat());
    let seen = eventually("the request in the record", || {
        let seen = replay(carol, &[]).ok().out;
        seen.contains("mark-recall").then_some(seen)
    });
    // Roles alone: an auditor, and whose own it is; for others there is no such session.
    assert_eq!(replay(world.alice(), &[]).ok().out, seen);
    let _export = replay(carol, &["--format", "json"]).ok();
    let hidden = replay(bob, &[]).refused();
    assert!(hidden.contains("SP-API-NOT-FOUND"), "{hidden}");

    // A permit that names the action gives the sessions of this connection, to read and not to take along.
    world.policy(
        "recall-given",
        r#"@id("recall-leads") permit (principal in Group::"approver", action == Action::"Replay", resource == Connection::"recall");"#,
    );
    assert_eq!(replay(bob, &[]).ok().out, seen);
    let listed = world.sallyport(bob, &["sessions", "list", "--connection", "recall"]).ok().out;
    assert!(listed.contains(&id), "{listed}");
    let refused = replay(bob, &["--format", "json"]).refused();
    assert!(refused.contains("SP-API-FORBIDDEN"), "{refused}");

    // What a policy forbids, no role gives back.
    world.policy(
        "recall-taken",
        r#"@id("recall-nobody") forbid (principal == Person::"carol", action in [Action::"Replay", Action::"Export"], resource == Connection::"recall");"#,
    );
    let refused = replay(carol, &[]).refused();
    assert!(refused.contains("SP-API-FORBIDDEN") && refused.contains("a policy"), "{refused}");
    let _export = replay(carol, &["--format", "asciicast"]).refused();
    let _still = replay(bob, &[]).ok();
    let told = eventually("the refusals in the audit log", || {
        let told = world.api(carol, "audit?limit=200").to_string();
        told.contains("recording.refused").then_some(told)
    });
    assert!(told.contains(&id), "{told}");
}
