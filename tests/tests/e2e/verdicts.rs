//! Verdicts against what the target's own log says: what is forwarded, changed, refused and held, and the same decision however the same
//! thing is asked for.

use e2e::{Run, World, eventually, world::Wishes};
use serde_json::{Value, json};

use crate::request_parameters::Log;

const RULES: &str = r#"
@id("connect") permit (principal, action == Action::"Connect", resource) when { principal in resource.access };
@id("all") permit (principal, action in [Action::"Invoke", Action::"RunUnapproved"], resource);
@id("orders-stay") @reason("orders are kept")
forbid (principal, action == Action::"Invoke", resource) when { context.verbs.contains("delete") && context.writes.contains("public.orders") };
@id("notes-wait") @reason("notes are changed by two") @approvers("approver")
forbid (principal, action == Action::"RunUnapproved", resource) when { context.verbs.contains("update") && context.writes.contains("public.customers") };
@id("nothing-goes") @reason("nothing is removed here")
forbid (principal, action == Action::"Invoke", resource) when { context.verbs.contains("DELETE") };
@id("changes-wait") @reason("changes wait") @approvers("approver")
forbid (principal, action == Action::"RunUnapproved", resource) when { context.verbs.contains("PUT") };
"#;

async fn world() -> World {
    World::start_with(Wishes { policy: Some(RULES.into()), ..Wishes::default() }).await
}

/// Everything that PostgreSQL was told since it wrote its log, in lower case.
pub(crate) struct Server(String);

impl Server {
    pub(crate) async fn start(world: &World) -> Self {
        let admin = world.site.postgres.superuser("shop").await.unwrap();
        admin.batch_execute("ALTER SYSTEM SET log_statement = 'all'").await.unwrap();
        admin.batch_execute("SELECT pg_reload_conf()").await.unwrap();
        let row = admin.query_one("SHOW data_directory", &[]).await.unwrap();
        let folder = std::path::PathBuf::from(row.get::<_, String>(0));
        let log = folder.parent().unwrap().join("postgres.log").display().to_string();
        let server = Self(log);
        server.has(world, "log-is-on").await;
        server
    }

    /// Waits until the log has what we run directly, so that what came before is in it.
    pub(crate) async fn has(&self, world: &World, mark: &str) -> String {
        let admin = world.site.postgres.superuser("shop").await.unwrap();
        loop {
            let _shown = admin.batch_execute(&format!("SELECT '{mark}'")).await;
            let text: String = admin.query_one("SELECT pg_read_file($1)", &[&self.0]).await.unwrap().get(0);
            let text = text.to_lowercase();
            if text.contains(&format!("statement: select '{mark}'")) {
                return text;
            }
        }
    }
}

fn events(world: &World, connection: &str) -> Vec<Value> {
    let ids = world.session_ids(connection);
    let shown =
        ids.iter().map(|id| world.sallyport(world.carol(), &["sessions", "replay", id, "--format", "json"]).ok().out);
    shown.flat_map(|text| text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect::<Vec<_>>()).collect()
}

/// Whether the record has a request with this text, and what it was refused with, if it was.
fn recorded(events: &[Value], text: &str) -> Option<(Value, Option<Value>)> {
    let mut session = String::new();
    let mut found = None;
    for event in events {
        if event["kind"] == "opened" {
            session = event["session"].as_str().unwrap_or_default().to_owned();
        }
        match &found {
            None if event["kind"] == "request" && event["text"].as_str().is_some_and(|said| said.contains(text)) => {
                found = Some((session.clone(), event.clone(), None));
            }
            Some((of, request, None))
                if *of == session && event["kind"] == "refused" && event["exchange"] == request["exchange"] =>
            {
                found = Some((of.clone(), request.clone(), Some(event.clone())));
            }
            _ => {}
        }
    }
    found.map(|(_, request, refused)| (request, refused))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_statement_has_the_same_verdict_however_it_is_sent_and_never_arrives() {
    let world = world().await;
    let server = Server::start(&world).await;
    let simple = [
        "DELETE FROM orders WHERE id = 1",
        "SELECT 1; DELETE FROM orders WHERE id = 1; SELECT 2",
        "dElEtE/* */FROM--\n\"orders\"\tWHERE id=1",
        "DELETE FROM U&\"\\006frders\" WHERE id = 1",
        "PREPARE gone AS DELETE FROM orders WHERE id = $1; EXECUTE gone(1)",
        "WITH gone AS (DELETE FROM orders WHERE id = 1 RETURNING id) SELECT * FROM gone",
        "EXPLAIN ANALYZE DELETE FROM orders WHERE id = 1",
        "COPY (DELETE FROM orders WHERE id = 1 RETURNING id) TO STDOUT",
        "DO $$ BEGIN EXECUTE 'DELETE FROM orders WHERE id = 1'; END $$",
        "DO $x$ BEGIN DELETE FROM orders WHERE id = 1; END $x$",
    ];
    for statement in simple {
        let run = world.psql().args(["-v", "ON_ERROR_STOP=0", "-c", statement, "-c", "SELECT 'alive'"]).output();
        assert!(run.err.contains("42501") || run.err.contains("rule orders-stay"), "{statement}: {}", run.err);
        assert!(
            run.err.contains("orders are kept") && run.out.contains("alive"),
            "{statement}: {}{}",
            run.out,
            run.err
        );
    }
    // With the extended protocol, as drivers do.
    let (caller, ca) = (world.alice(), world.site.ca_file().display().to_string());
    let port = world.site.ports.postgres.to_string();
    let query = "DELETE FROM orders WHERE id = $1 RETURNING id";
    let arguments = ["127.0.0.1", &port, &caller.subject, &caller.ticket, "shop-db", &ca, query];
    let said = world.python("prepared.py", &arguments).input("once\n").refused();
    assert!(said.contains("orders are kept"), "{said}");
    // What is like it passes, and then it does arrive.
    let _like = world.psql().args(["-c", "DELETE FROM customers WHERE id = -77"]).ok();
    let log = server.has(&world, "all-forms-sent").await;
    assert!(log.contains("delete from customers where id = -77"));
    let arrived: Vec<&str> = log.lines().filter(|line| line.contains("orders") && line.contains("delete")).collect();
    assert!(arrived.is_empty(), "{arrived:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn for_each_verdict_the_record_and_the_targets_log_agree() {
    let world = world().await;
    let server = Server::start(&world).await;
    for statement in [
        "SELECT 'verdict-forward'",
        "DELETE FROM orders WHERE note = 'verdict-refuse'",
        "UPDATE customers SET note = 'verdict-hold' WHERE id = 1",
    ] {
        let _run = world.psql().args(["-v", "ON_ERROR_STOP=0", "-c", statement]).output();
    }
    let log = server.has(&world, "verdicts-given").await;
    assert_eq!(log.matches("verdict-forward").count(), 1);
    assert!(!log.contains("verdict-refuse") && !log.contains("verdict-hold"));
    let all = eventually("all three in the record", || {
        let all = events(&world, "shop-db");
        ["forward", "refuse", "hold"]
            .iter()
            .all(|word| recorded(&all, &format!("verdict-{word}")).is_some())
            .then_some(all)
    });
    let (forwarded, refused) = recorded(&all, "verdict-forward").unwrap();
    assert!(refused.is_none() && forwarded["rules"] == json!(["all"]), "{forwarded}");
    for (word, code, rule) in [("refuse", "SP-DENIED", "orders-stay"), ("hold", "SP-NEEDS-APPROVAL", "notes-wait")] {
        let (_, refused) = recorded(&all, &format!("verdict-{word}")).unwrap();
        let refused = refused.unwrap_or_else(|| panic!("{word} is not recorded as refused"));
        assert!(refused["code"] == code && refused["rule"] == rule, "{refused}");
    }
    // Who it was at the target stands there as well.
    let opened = all.iter().find(|event| event["kind"] == "opened").unwrap();
    assert_eq!(opened["target_login"], sallyport::demo::targets::postgres::ROLE);
}

#[tokio::test(flavor = "multi_thread")]
async fn http_requests_are_forwarded_changed_refused_and_held_alike_in_both_versions() {
    let agent = "[[targets]]\naddress = \"127.0.0.1:*\"\n";
    let world =
        World::start_with(Wishes { policy: Some(RULES.into()), agent: agent.into(), ..Wishes::default() }).await;
    let log = Log::start();
    let masked = json!({ "query": { "pin": { "label": "secret", "mode": "in-flight" } } });
    world.target("verdict-api", log.port, &json!({ "protocol": "http", "mask": { "requests": masked } }), &json!({}));
    for version in ["--http1.1", "--http2"] {
        let ask = |path: &str, options: &[&str]| {
            world.curl(&format!("/verdict-api{path}"), &[&["-i", version], options].concat()).ok().out
        };
        assert!(ask("/orders/1?v=forward", &[]).contains(" 204"));
        assert!(log.take().starts_with("GET /orders/1?v=forward "), "forwarded as it is");
        assert!(ask("/orders/1?pin=canary", &[]).contains(" 204"));
        let changed = log.take();
        assert!(changed.contains("?pin=******") && !changed.contains("canary"), "{changed}");
        for (method, code, rule) in
            [("DELETE", "SP-DENIED", "nothing-goes"), ("PUT", "SP-NEEDS-APPROVAL", "changes-wait")]
        {
            let stopped = ask("/orders/1?v=stopped", &["-X", method]);
            assert!(stopped.contains(" 403") && stopped.contains(code) && stopped.contains(rule), "{stopped}");
        }
        assert_eq!(log.take(), "", "nothing of what was stopped arrives");
    }
    let all = eventually("the record", || {
        let all = events(&world, "verdict-api");
        let stopped = all.iter().filter(|event| event["kind"] == "refused").count();
        (stopped == 4 && recorded(&all, "v=forward").is_some()).then_some(all)
    });
    assert!(!all.iter().any(|event| event.to_string().contains("canary")));
    let (request, refused) = recorded(&all, "DELETE /orders/1?v=stopped").unwrap();
    assert!(refused.is_some_and(|refused| refused["rule"] == "nothing-goes"), "{request}");
}

/// One file: for a SQL class, an operation and a tool, who may call it, what is masked, and what waits.
const ONE_FILE: &str = r#"
@id("connect") permit (principal, action == Action::"Connect", resource) when { principal in resource.access };
@id("who-may-call")
permit (principal in Group::"support", action == Action::"Invoke", resource)
when { [Function::"shop-db/select", Function::"shop-api/get_customer"].contains(resource)
  || context.functions.contains("tools/find_order")
  || context.functions.containsAny(["initialize", "notifications/initialized", "server/discover", "stream", "session/end", "response", "tools/list"]) };
@id("run") permit (principal, action == Action::"RunUnapproved", resource);
@id("who-sees-addresses")
permit (principal in Group::"approver", action == Action::"Reveal", resource == Label::"email");
@id("who-needs-approval") @reason("administrators ask first") @approvers("approver")
forbid (principal in Group::"admin", action == Action::"RunUnapproved", resource)
when { context.functions.containsAny(["select", "get_customer", "tools/find_order"]) };
"#;

#[tokio::test(flavor = "multi_thread")]
async fn one_file_lets_three_callers_see_get_a_mask_and_wait_for_a_statement_an_operation_and_a_tool() {
    let port = sallyport::demo::ports::Ports::free().unwrap().http;
    let agent = format!("[[targets]]\naddress = \"127.0.0.1:{port}\"\n");
    let world = World::start_with(Wishes { agent, ..Wishes::default() }).await;
    let _server = crate::mcp::start(&world, port, "tools");
    world.policy("default", ONE_FILE);
    let ca = world.site.ca_file().display().to_string();
    let url = format!("https://127.0.0.1:{}/tools/mcp", world.site.ports.http);
    let email = world.customer(1).email;
    let ask = |who: &str| -> [String; 3] {
        let caller = world.caller(who);
        let said = |run: Run| {
            let run = run.output();
            run.out + &run.err
        };
        let query = "SELECT email FROM customers WHERE id = 1";
        let tool = [url.as_str(), &caller.ticket, &ca, "find_order", r#"{"number":7}"#];
        [
            said(Run::new("psql").args(["-X", "-tA", "-c", query, &world.dsn(caller, "shop-db")])),
            said(world.curl_as(&caller.ticket, "/shop-api/customers/1", &["-i"])),
            said(world.python("mcp_call.py", &tool)),
        ]
    };
    eventually("the file is in force", || {
        ask("carol").iter().all(|said| said.contains("administrators ask first")).then_some(())
    });
    let clear = [email.as_str(), email.as_str(), "anna@example.org"];
    for ((bob, alice), address) in ask("bob").iter().zip(ask("alice")).zip(clear) {
        assert!(bob.contains(address), "Bob sees {address}: {bob}");
        assert!(
            !alice.contains(address) && !alice.contains("refused") && !alice.contains("SP-"),
            "Alice does not: {alice}"
        );
    }
    // Who may call one function of a connection may not call the others.
    let update = Run::new("psql").args([
        "-X",
        "-c",
        "UPDATE customers SET name = name WHERE id = 1",
        &world.dsn(world.alice(), "shop-db"),
    ]);
    assert!(update.output().err.contains("no policy lets alice use shop-db/update"));
    assert!(world.curl("/shop-api/exports/customers", &["-i"]).ok().out.contains(" 403"));
    let tool = [url.as_str(), &world.alice().ticket, &ca, "count_mails", "{}"];
    assert!(world.python("mcp_call.py", &tool).ok().out.contains("no policy lets alice use tools/tools/count_mails"));
}
