//! What people do with policies: try a candidate over what was recorded, have it explained, let it run in the shadow; and the facts
//! about who calls, from where and how, each of which can flip a decision.

use e2e::{World, eventually, world::Wishes};
use serde_json::{Value, json};

const BASE: &str = r#"
@id("connect") permit (principal, action == Action::"Connect", resource) when { principal in resource.access };
@id("all") permit (principal, action in [Action::"Invoke", Action::"RunUnapproved"], resource);
"#;

async fn world(more: &str) -> World {
    World::start_with(Wishes { policy: Some(format!("{BASE}{more}")), ..Wishes::default() }).await
}

/// A file with a candidate for all policies.
fn candidate(world: &World, name: &str, text: &str) -> String {
    let file = world.folder(name).join("candidate.json");
    std::fs::write(&file, json!({ "policies": [{ "name": "default", "text": text }] }).to_string()).unwrap();
    file.display().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_candidate_over_what_was_recorded_tells_what_it_would_refuse_hold_mask_and_open() {
    let more = r#"@id("no-orders") forbid (principal, action == Action::"Invoke", resource) when { context.reads.contains("public.orders") };
@id("cards-for-support") permit (principal in Group::"support", action == Action::"Reveal", resource == Label::"card");"#;
    let (world, present) = (world(more).await, format!("{BASE}{more}"));
    let statements = [
        "SELECT card FROM customers LIMIT 1",
        "SELECT 1 FROM orders",
        "UPDATE customers SET name = name WHERE id = 1",
        "SELECT 'fine'",
    ];
    for statement in statements {
        let _refused = world.psql().args(["-c", statement]).output();
    }
    let _run = world.ssh(&["uptime"]).output();
    let file = candidate(
        &world,
        "replayed",
        &format!(
            "{BASE}{}",
            r#"@id("no-updates") forbid (principal, action == Action::"Invoke", resource) when { context.verbs.contains("update") };
@id("ask-first") @approvers("approver") forbid (principal, action == Action::"RunUnapproved", resource) when { context has commands && context.commands.contains("uptime") };
@id("emails-for-support") permit (principal in Group::"support", action == Action::"Reveal", resource == Label::"email");"#
        ),
    );
    let told = eventually("what was recorded", || {
        let told = world
            .sallyport(world.carol(), &["policy", "replay", "-f", &file, "--since", "1h", "--format", "json"])
            .ok()
            .json();
        (told["decided"].as_u64()? >= 5).then_some(told)
    });
    let kind = |name: &str| {
        told["differences"].as_array().unwrap().iter().find(|one| one["kind"] == name).cloned().unwrap_or(Value::Null)
    };
    // Of the answers whose caller could see cards, only that counts which had one.
    for (name, text, rule, count) in [
        ("newly refused", statements[2], "no-updates", 1),
        ("newly open", statements[1], "all", 1),
        ("newly masked", statements[0], "card", 1),
        ("newly held", "uptime", "ask-first", 1),
    ] {
        let found = kind(name);
        assert_eq!(
            (&found["count"], &found["subjects"]),
            (&json!(count), &json!({ "alice": count })),
            "{name}: {told:#}"
        );
        let mut samples = found["samples"].as_array().unwrap().iter();
        assert!(samples.any(|one| one["text"].as_str().unwrap().contains(text) && one["rule"] == rule), "{found}");
    }
    let words = world.sallyport(world.carol(), &["policy", "replay", "-f", &file, "--since", "1h"]).ok().out;
    assert!(words.contains("newly refused: 1 (alice 1)") && words.contains("recorded calls decided"), "{words}");
    let nothing = world
        .sallyport(world.carol(), &["policy", "replay", "-f", &file, "--connection", "shop-api", "--format", "json"])
        .ok()
        .json();
    assert_eq!(nothing["differences"], json!([]));
    let changed = world.sallyport(world.carol(), &["policy", "diff", "-f", &file]).ok().out;
    for rule in ["no-updates", "no-orders", "ask-first"] {
        assert!(changed.contains(rule), "{rule} in {changed}");
    }
    // Which kinds of calls are decided differently, for whom, and by which rule.
    for kind in [
        "support: shop-db/update reading: forward -> refuse [no-updates]",
        "support: shop-db/update without condition: forward -> refuse [no-updates]",
        "in clear: card -> email",
    ] {
        assert!(changed.contains(kind), "{kind} in {changed}");
    }
    let counted = changed.lines().last().unwrap_or_default().to_owned();
    let calls = changed.lines().filter(|line| line.contains(" -> ")).count();
    assert!(counted.contains(&format!("{calls} kinds of call are decided differently")), "{counted}");
    let same = world.sallyport(world.carol(), &["policy", "diff", "-f", &candidate(&world, "same", &present)]).ok().out;
    assert!(same.contains("0 rules differ, 0 kinds of call"), "{same}");
    let why =
        ["policy", "explain", "-f", &file, "--as", "alice", "--group", "support", "--connection", "shop-db", "--sql"];
    let why = world.sallyport(world.carol(), &[&why[..], &["UPDATE customers SET name = 'x'"]].concat()).ok().out;
    assert!(why.contains("refuse") && why.contains("no-updates"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_in_the_shadow_stops_nothing_and_stands_in_the_record() {
    let world = world(
        r#"@id("tried") @shadow("true") @reason("tried out") forbid (principal, action == Action::"Invoke", resource) when { context.effect == "write" };"#,
    )
    .await;
    assert!(world.psql().args(["-c", "UPDATE customers SET name = name WHERE id = 1"]).ok().out.contains("UPDATE 1"));
    eventually("the record", || {
        let list = world.sallyport(world.carol(), &["sessions", "list", "--format", "json"]).ok().json();
        let id = list.as_array()?.iter().find(|row| row["connection"] == "shop-db")?["id"].as_str()?.to_owned();
        let events = world.sallyport(world.carol(), &["sessions", "replay", &id, "--format", "json"]).ok().out;
        (events.contains("refuse by tried") && !events.contains("\"refused\"")).then_some(())
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_shadow_would_mask_or_keep_out_is_told_and_not_done() {
    let world = world(
        r#"@id("cards") permit (principal, action == Action::"Reveal", resource == Label::"card");
@id("no-cards") @shadow("true") forbid (principal, action == Action::"Reveal", resource == Label::"card");
@id("no-way") @shadow("true") forbid (principal, action == Action::"Connect", resource == Connection::"shop-api");"#,
    )
    .await;
    let seen = world.psql().args(["-tA", "-c", "SELECT card FROM customers WHERE id = 1"]).ok().out;
    assert!(seen.trim().bytes().all(|byte| byte.is_ascii_digit()), "{seen}");
    assert!(world.curl("/shop-api/customers/1", &[]).ok().out.contains("Bruno"));
    let shadow = eventually("the record", || {
        let list = world.sallyport(world.carol(), &["sessions", "list", "--format", "json"]).ok().json();
        let id = list.as_array()?.iter().find(|row| row["connection"] == "shop-db")?["id"].as_str()?.to_owned();
        let events = world.sallyport(world.carol(), &["sessions", "replay", &id, "--format", "json"]).ok().out;
        events.contains("mask card by no-cards").then_some(events)
    });
    assert!(shadow.contains("\"revealed\":[\"card\"]"), "{shadow}");
    let opened = world.api(world.carol(), "audit?kind=session.opened&connection=shop-api");
    let detail = &opened[0]["detail"];
    assert_eq!(
        (&detail["shadow"], &detail["permitted_by"]),
        (&json!("refuse by no-way"), &json!("connect")),
        "{opened}"
    );
    assert!(detail["bundle"].as_u64().unwrap() >= 1, "{opened}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bundle_in_force_over_what_it_decided_finds_no_difference() {
    let more = r#"@id("no-orders") forbid (principal, action == Action::"Invoke", resource) when { context.reads.contains("public.orders") };
@id("ask") @approvers("approver") forbid (principal, action == Action::"RunUnapproved", resource) when { context.verbs.contains("update") };
@id("few") forbid (principal, action == Action::"RunUnapproved", resource) when { context.rows > 5 };
@id("little") forbid (principal, action == Action::"RunUnapproved", resource) when { context.session_rows > 12 };
@id("odd") @incident forbid (principal, action == Action::"Invoke", resource) when { context.verbs.contains("listen") };
@id("refunds") forbid (principal, action == Action::"RunUnapproved", resource == Function::"shop-api/issue_refund")
when { context.arguments has "amount_cents" && context.arguments["amount_cents"] > 5000 };"#;
    let (world, present) = (world(more).await, format!("{BASE}{more}"));
    let statements = [
        vec!["SELECT 1 FROM orders", "UPDATE customers SET name = name WHERE id = 1", "SELECT 'fine'"],
        vec!["SELECT n FROM generate_series(1, 9) n", "SELECT n FROM generate_series(1, 5) n"],
        vec!["SELECT 1, 2 FROM generate_series(1, 5)"; 4],
        vec!["SELECT syntax error here", "SELECT 1 / 0"],
        vec!["LISTEN a", "SELECT 'on hold'"],
    ];
    let calls = statements.iter().flatten().count();
    for session in statements {
        let _out =
            world.psql().args(["-v", "ON_ERROR_STOP=0"]).args(session.iter().flat_map(|one| ["-c", one])).output();
    }
    let refund = ["-X", "POST", "-H", "content-type: application/json", "-d"];
    for amount in ["10", "9000"] {
        let content = format!(r#"{{"order_id": 4, "amount_cents": {amount}, "reason": "x"}}"#);
        let _out = world.curl("/shop-api/refunds", &[&refund[..], &[&content]].concat()).output();
    }
    let same = candidate(&world, "same", &present);
    let told = eventually("what was recorded", || {
        let args = ["policy", "replay", "-f", &same, "--since", "1h", "--format", "json"];
        let told = world.sallyport(world.carol(), &args).ok().json();
        let open: u64 = told["not_decided"].as_object()?.values().filter_map(Value::as_u64).sum();
        (told["decided"].as_u64()? + open >= calls as u64 + 2).then_some(told)
    });
    assert_eq!(told["differences"], json!([]), "{told:#}");
    let open = told["not_decided"].as_object().unwrap();
    assert!(
        open.keys().any(|why| why.contains("arguments")) && open.keys().any(|why| why.contains("hold")),
        "{told:#}"
    );
    let refused = world.api(world.carol(), "audit?kind=call.refused&connection=shop-db");
    let held = world.api(world.carol(), "audit?kind=call.held&connection=shop-db");
    for event in refused.as_array().unwrap().iter().chain(held.as_array().unwrap()) {
        assert!(event["detail"]["bundle"].as_u64().unwrap() >= 1, "{event}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_calls_from_where_how_and_when_can_each_flip_a_decision() {
    let world = world("").await;
    let now = time::OffsetDateTime::now_utc();
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let today = days[usize::from(now.weekday().number_days_from_monday())];
    let other = days[usize::from(now.weekday().number_days_from_monday() + 3) % 7];
    let psql =
        |statement: &str| world.psql().args(["-tA", "-c", statement]).env("PGAPPNAME", "nightly-report").output();
    let with_reason = |statement: &str| {
        let ticket = world.sallyport(world.alice(), &["ticket", "--reason", "INC-7", "--format", "json"]).ok().json();
        let dsn =
            world.dsn(world.alice(), "shop-db").replace(&world.alice().ticket, ticket["ticket"].as_str().unwrap());
        e2e::Run::new("psql").args(["-X", "-tA", "-c", statement, &dsn]).output()
    };
    // What holds for this call, and the like that does not.
    let conditions = [
        (format!("context.weekday == \"{today}\""), format!("context.weekday == \"{other}\"")),
        ("context.hour >= 0 && context.hour < 24".to_owned(), "context.hour > 23".to_owned()),
        ("context.now > datetime(\"2020-01-01\")".to_owned(), "context.now < datetime(\"2020-01-01\")".to_owned()),
        (
            "context has source && context.source.isInRange(ip(\"127.0.0.0/8\"))".to_owned(),
            "context has source && context.source.isInRange(ip(\"10.0.0.0/8\"))".to_owned(),
        ),
        ("context.auth_method == \"ticket\"".to_owned(), "context.auth_method == \"ssh-key\"".to_owned()),
        ("!context.mfa".to_owned(), "context.mfa".to_owned()),
        ("context.auth_age >= 0".to_owned(), "context.auth_age < 0".to_owned()),
        ("context.client like \"*nightly-report*\"".to_owned(), "context.client like \"*weekly*\"".to_owned()),
        ("context.risk >= 0".to_owned(), "context.risk > 1000".to_owned()),
        ("!(context has reason)".to_owned(), "context has reason".to_owned()),
    ];
    // One rule for each, told apart by a literal of the statement's own table.
    let rules: Vec<String> = conditions
        .iter()
        .enumerate()
        .flat_map(|(number, (holds, fails))| [(format!("holds-{number}"), holds), (format!("fails-{number}"), fails)])
        .map(|(id, condition)| {
            format!(
                "@id(\"{id}\") forbid (principal, action == Action::\"Invoke\", resource)\nwhen {{ context.writes.contains(\"public.{}\") && {condition} }};",
                id.replace('-', "_")
            )
        })
        .collect();
    let made: String = (0..conditions.len())
        .map(|number| format!("CREATE TABLE holds_{number} (a int); CREATE TABLE fails_{number} (a int);"))
        .collect();
    let _made = world.direct_psql().args(["-c", &made]).ok();
    world.policy("conditions", &rules.join("\n"));
    eventually("the rules", || psql("INSERT INTO public.holds_0 VALUES (1)").err.contains("holds-0").then_some(()));
    for (number, (holds, fails)) in conditions.iter().enumerate() {
        let refused = psql(&format!("INSERT INTO public.holds_{number} VALUES (1)"));
        assert!(refused.err.contains(&format!("holds-{number}")), "{holds}: {}{}", refused.out, refused.err);
        let passed = psql(&format!("INSERT INTO public.fails_{number} VALUES (1)"));
        assert!(passed.out.contains("INSERT 0 1"), "{fails}: {}", passed.err);
    }
    let last = conditions.len() - 1;
    assert!(with_reason(&format!("INSERT INTO public.holds_{last} VALUES (1)")).out.contains("INSERT 0 1"));
    assert!(with_reason(&format!("INSERT INTO public.fails_{last} VALUES (1)")).err.contains(&format!("fails-{last}")));
}

#[tokio::test(flavor = "multi_thread")]
async fn graphql_fields_are_functions_whatever_they_are_called_in_the_answer() {
    let world = world(
        r#"@id("no-refunds") @reason("refunds are finance's") forbid (principal, action == Action::"Invoke", resource) when { context.functions.contains("mutation/issueRefund") };"#,
    )
    .await;
    let port = world.site.ports.target_api;
    world.connect("graph", port, "protocol: http\n      kind: graphql");
    let ask = |query: &str| {
        let body = json!({ "query": query, "variables": { "id": 1 } }).to_string();
        world.curl("/graph/graphql", &["-i", "-H", "Content-Type: application/json", "-d", &body]).output().out
    };
    for dangerous in [
        "mutation { issueRefund(order: 1) { id } }",
        "mutation M($id: Int!) { harmless: issueRefund(order: $id) { id } }",
        "mutation { ...F } fragment F on Mutation { issueRefund(order: 1) { id } }",
        "mutation { ... on Mutation { a: issueRefund(order: 1) { id } } }",
    ] {
        let said = ask(dangerous);
        assert!(said.contains("\"errors\"") && said.contains("refunds are finance's"), "{dangerous}: {said}");
    }
    // The API's own answer says that the request reached it.
    for fine in ["{ customer(id: 1) { name } }", "query Q($id: Int!) { issueRefund: customer(id: $id) { name } }"] {
        let said = ask(fine);
        assert!(said.contains("the shop's API wants its own token"), "{fine}: {said}");
    }
}
