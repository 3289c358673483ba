//! Who may administer: the role from the gateway's configuration, and what policies add and take away.

use e2e::{Run, World, eventually, world::Wishes};
use sallyport::demo::site::Caller;
use serde_json::{Value, json};

const LEADS: &str = r#"
@id("leads-dev") permit (principal in Group::"approver", action == Action::"Administer", resource in Zone::"dev");
"#;

/// A connection as it is exported.
fn connection(world: &World, name: &str) -> Value {
    let exported = world.sallyport(world.carol(), &["export", "--format", "json"]).ok().json();
    let all = exported["connections"].as_array().unwrap();
    all.iter().find(|one| one["name"] == name).unwrap().clone()
}

/// Applies one connection as it is, with a change.
fn apply(world: &World, who: &Caller, name: &str, change: impl FnOnce(&mut Value)) -> Run {
    apply_one(world, who, connection(world, name), change)
}

fn apply_one(world: &World, who: &Caller, mut connection: Value, change: impl FnOnce(&mut Value)) -> Run {
    change(&mut connection);
    let file = world.folder("administer").join("connection.json");
    std::fs::write(&file, json!({ "connections": [connection] }).to_string()).unwrap();
    world.sallyport(who, &["apply", "-f", file.to_str().unwrap()])
}

fn apply_policy(world: &World, who: &Caller, text: &str) -> Run {
    let file = world.folder("administer-policy").join("policy.json");
    std::fs::write(&file, json!({ "policies": [{ "name": "administer", "text": text }] }).to_string()).unwrap();
    world.sallyport(who, &["apply", "-f", file.to_str().unwrap()])
}

fn forbidden(run: Run) -> String {
    let said = run.refused();
    assert!(said.contains("SP-API-FORBIDDEN"), "{said}");
    said
}

fn exported(world: &World, who: &Caller) -> (Vec<String>, usize) {
    let all = world.sallyport(who, &["export", "--format", "json"]).ok().json();
    let names = all["connections"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned());
    (names.collect(), all["policies"].as_array().map_or(0, Vec::len))
}

fn given(world: &World) {
    let (bob, carol) = (world.caller("bob"), world.carol());
    world.like("shop-db", "dev-db", |copy| copy["labels"] = json!({ "zone": "dev" }));
    let _nothing = forbidden(world.sallyport(bob, &["export"]));
    let _nothing = forbidden(apply(world, bob, "dev-db", |dev| dev["access"]["groups"] = json!(["support", "hr"])));
    let _given = apply_policy(world, carol, LEADS).ok();
    assert_eq!(exported(world, bob), (vec!["dev-db".to_owned()], 0));
    let _changed = apply(world, bob, "dev-db", |dev| dev["access"]["groups"] = json!(["support", "hr"])).ok();
    let now = world.sallyport(carol, &["export", "--format", "json"]).ok().out;
    assert!(now.contains("\"hr\""), "{now}");
    // Not what is not theirs, not by a label, not what gives more, and not what only shows.
    let _other = forbidden(apply(world, bob, "shop-db", |_| {}));
    let _other = forbidden(apply(world, bob, "shop-db", |shop| shop["labels"] = json!({ "zone": "dev" })));
    let _moved = forbidden(apply(world, bob, "dev-db", |dev| dev["labels"] = json!({ "zone": "prod" })));
    let _new = apply(world, bob, "dev-db", |dev| dev["name"] = json!("dev-two")).ok();
    let _new = forbidden(apply(world, bob, "shop-db", |shop| shop["name"] = json!("shop-two")));
    let _more = forbidden(apply_policy(world, bob, "@id(\"x\") permit (principal, action, resource);"));
    let _agents = forbidden(world.post(bob, "agents/far/join-tokens", &json!({})));
    let _bundle = forbidden(world.api_curl(bob, "policies/bundle"));
    let _seen = forbidden(world.api_curl(bob, "connections/shop-db"));
    let _gone = forbidden(world.delete(bob, "connections/shop-db"));
    let _gone = world.delete(bob, "connections/dev-two").ok();
    assert_eq!(exported(world, bob), (vec!["dev-db".to_owned()], 0));
    let _nobody = forbidden(world.sallyport(world.alice(), &["export"]));
}

fn taken(world: &World) {
    let carol = world.carol();
    let rules = format!(
        "{LEADS}\n{}",
        r#"@id("web-is-closed") forbid (principal, action == Action::"Administer", resource == Connection::"web-1");
@id("agents-are-hosts") forbid (principal, action == Action::"Administer", resource == Gateway::"agents")
unless { principal in Group::"hosts" };"#
    );
    let web = connection(world, "web-1");
    let _taken = apply_policy(world, carol, &rules).ok();
    assert!(!exported(world, carol).0.contains(&"web-1".to_owned()));
    let said = forbidden(apply_one(world, carol, web, |web| web["access"]["groups"] = json!(["hr"])));
    assert!(said.contains("web-is-closed"), "{said}");
    let said = forbidden(world.post(carol, "agents/far/join-tokens", &json!({})));
    assert!(said.contains("agents-are-hosts"), "{said}");
    let said = forbidden(world.api_curl(carol, "agents"));
    assert!(said.contains("agents-are-hosts"), "{said}");
    // Sessions of a connection are ended by those who may administer it.
    let shell = world.ssh(&["sleep 30"]).start();
    let id = eventually("the session", || {
        let open = world.api(carol, "sessions?connection=web-1&status=open");
        open[0]["id"].as_str().map(str::to_owned)
    });
    let said = forbidden(world.post(carol, &format!("sessions/{id}/kill"), &json!({ "reason": "x" })));
    assert!(said.contains("web-is-closed"), "{said}");
    let _given_back = apply_policy(world, carol, LEADS).ok();
    let _killed = world.post(carol, &format!("sessions/{id}/kill"), &json!({ "reason": "x" })).ok();
    let _ended = shell.wait_with_output();
}

fn locked_out(world: &World) {
    let carol = world.carol();
    let before = world.sallyport(carol, &["export"]).ok().out;
    for (rule, text) in [
        ("freeze", r#"@id("freeze") forbid (principal, action, resource);"#),
        ("nobody", r#"@id("nobody") forbid (principal, action == Action::"Administer", resource);"#),
        (
            "others",
            r#"@id("others") forbid (principal in Group::"admin", action == Action::"Administer", resource == Gateway::"policies");"#,
        ),
        (
            "strict",
            r#"@id("strict") forbid (principal, action == Action::"Administer", resource) unless { context.mfa };"#,
        ),
        (
            "typed",
            r#"@id("typed") forbid (principal, action == Action::"Administer", resource == Gateway::"policies") when { context.auth_age >= 0 };"#,
        ),
    ] {
        let said = apply_policy(world, carol, text).refused();
        assert!(said.contains("could not change policies any more") && said.contains(rule), "{said}");
    }
    let said = apply_policy(
        world,
        carol,
        r#"@id("x") forbid (principal, action == Action::"Administer", resource == Gateway::"polices");"#,
    );
    assert!(said.refused().contains("no part of the gateway is called \"polices\""));
    assert_eq!(world.sallyport(carol, &["export"]).ok().out, before);
    let _work = world.psql().args(["-c", "SELECT 1"]).ok();
    // Everything else may stop: who has to mend it still can.
    let freeze = r#"@id("freeze") forbid (principal, action, resource) unless { action == Action::"Administer" };"#;
    let _frozen = apply_policy(world, carol, freeze).ok();
    eventually("the freeze", || (world.psql().args(["-c", "SELECT 1"]).output().status != 0).then_some(()));
    let _thawed = apply_policy(world, carol, LEADS).ok();
    eventually("the thaw", || (world.psql().args(["-c", "SELECT 1"]).output().status == 0).then_some(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn policies_give_and_take_the_right_to_administer_and_lock_nobody_out() {
    let world = World::start().await;
    given(&world);
    taken(&world);
    locked_out(&world);
    let log = world.api(world.carol(), "audit?kind=api.forbidden&limit=200").to_string();
    for part in ["\"connection shop-db\"", "\"policies\"", "\"agents\"", "web-is-closed", "\"bob\"", "\"alice\""] {
        assert!(log.contains(part), "{part}: {log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_administers_whatever_policies_say() {
    let wishes = Wishes { gateway: "operator_groups = [\"approver\"]\n".into(), ..Wishes::default() };
    let world = World::start_with(wishes).await;
    // The operator can take from the administrators what they cannot take from themselves.
    let only = r#"@id("operators-only") forbid (principal, action == Action::"Administer", resource);"#;
    let _refused = apply_policy(&world, world.carol(), only).refused();
    let _taken = apply_policy(&world, world.caller("bob"), only).ok();
    let said = forbidden(apply_policy(&world, world.carol(), LEADS));
    assert!(said.contains("operators-only"), "{said}");
    let _mended = apply_policy(&world, world.caller("bob"), LEADS).ok();
    let _again = apply_policy(&world, world.carol(), "@id(\"x\") permit (principal, action, resource);").ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_are_applied_at_the_same_time_all_count() {
    let world = World::start().await;
    let folder = world.folder("at-once");
    let base = connection(&world, "shop-db");
    std::thread::scope(|scope| {
        for number in 0..6 {
            let mut one = base.clone();
            one["name"] = format!("at-once-{number}").into();
            let rule = format!(
                r#"@id("at-once-{number}") permit (principal, action == Action::"Reveal", resource == Label::"l{number}");"#
            );
            let document =
                json!({ "connections": [one], "policies": [{ "name": format!("at-once-{number}"), "text": rule }] });
            let file = folder.join(format!("{number}.json"));
            std::fs::write(&file, document.to_string()).unwrap();
            let world = &world;
            scope.spawn(move || world.sallyport(world.carol(), &["apply", "-f", file.to_str().unwrap()]).ok());
        }
    });
    let (names, policies) = exported(&world, world.carol());
    for number in 0..6 {
        assert!(names.contains(&format!("at-once-{number}")), "{names:?}");
    }
    let before = world.sallyport(world.carol(), &["export"]).ok().out;
    assert!(policies >= 6 && (0..6).all(|number| before.contains(&format!("@id(\"at-once-{number}\")"))), "{before}");
}
