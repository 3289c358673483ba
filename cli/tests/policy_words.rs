//! `sallyport policy explain` and `show`: what they say of a file, without a gateway.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::{fs, path::PathBuf, process::Command};

const FILE: &str = r#"
connections:
  - name: shop-db
    agent: near
    address: db:5432
    settings: { protocol: postgres, login: app, database: shop }
    access: { groups: [support] }
  - name: shop-api
    agent: near
    address: api:80
    settings: { protocol: http, routes: { "GET /customers/{id}": get_customer, "POST /refunds": issue_refund } }
    access: { groups: [support] }
  - name: web-1
    agent: near
    address: web:22
    settings: { protocol: ssh, login: app, host_keys: ["SHA256:x"] }
    access: { groups: [support] }
policies:
  - name: shop
    text: |
      @id("connect") permit (principal, action == Action::"Connect", resource) when { principal in resource.access };
      @id("support") permit (principal in Group::"support", action in [Action::"Invoke", Action::"RunUnapproved"], resource);
      @id("cards") permit (principal in Group::"fraud", action == Action::"Reveal", resource == Label::"card") when { context.mfa };
      @id("hold-refunds") @reason("refunds are finance's") @approvers("finance") @fix("Ask finance.")
      forbid (principal, action == Action::"RunUnapproved", resource == Function::"shop-api/issue_refund");
      @id("no-drops") @reason("tables stay") forbid (principal, action == Action::"Invoke", resource) when { context.verbs.contains("drop") };
      @id("no-shutdown") @reason("it stays up") forbid (principal, action == Action::"Invoke", resource in Connection::"web-1") when { context.commands.contains("shutdown") };
      @id("tried") @shadow("true") forbid (principal, action == Action::"Invoke", resource) when { context.effect == "write" };
"#;

fn said(arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file: PathBuf = folder.path().join("deployment.yaml");
    fs::write(&file, FILE).unwrap();
    let (verb, rest) = arguments.split_first().unwrap();
    let run = Command::new(env!("CARGO_BIN_EXE_sallyport"))
        .args(["policy", verb, "-f"])
        .arg(&file)
        .args(rest)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(run.status.success(), "{said}{}", String::from_utf8_lossy(&run.stderr));
    said
}

#[test]
fn an_explanation_says_what_would_come_of_a_call_by_which_rule_and_why() {
    let explain = |more: &[&str]| said(&[&["explain", "--as", "alice", "--group", "support"], more].concat());
    let forward = explain(&["--connection", "shop-db", "--sql", "SELECT card FROM customers WHERE id = 7"]);
    for part in ["forward", "by support: group support may use everything", "masked: every label", "public.customers"] {
        assert!(forward.contains(part), "{part}: {forward}");
    }
    let fraud = ["--group", "fraud", "--mfa", "--connection", "shop-db", "--sql", "SELECT card FROM customers"];
    assert!(explain(&fraud).contains("in clear: card"));
    let refuse = explain(&["--connection", "shop-db", "--sql", "SELECT 1; dRoP/**/TABLE t"]);
    for part in ["refuse", "by no-drops", "tables stay", "because tables stay"] {
        assert!(refuse.contains(part), "{part}: {refuse}");
    }
    let hold = explain(&["--connection", "shop-api", "--http", "POST /%72efunds", "--body", r#"{"amount":5}"#]);
    for part in ["hold", "needs approval by finance", "refunds are finance's", "fix: Ask finance.", "by hold-refunds"] {
        assert!(hold.contains(part), "{part}: {hold}");
    }
    assert!(hold.contains("in shadow: refuse by tried"), "{hold}");
    let ssh = explain(&["--connection", "web-1", "--ssh", "sudo sh -c 'shut''down now'"]);
    assert!(ssh.contains("refuse") && ssh.contains("by no-shutdown") && ssh.contains("\"commands\""), "{ssh}");
    let nobody = said(&["explain", "--as", "eve", "--connection", "shop-db", "--sql", "SELECT 1"]);
    for part in ["may not even connect", "refuse", "by no rule: nothing permits it"] {
        assert!(nobody.contains(part), "{part}: {nobody}");
    }
    let json: serde_json::Value =
        serde_json::from_str(&explain(&["--connection", "shop-db", "--sql", "SELECT 1", "--format", "json"])).unwrap();
    assert_eq!((&json["connects"], &json["verdict"]["outcome"]), (&true.into(), &"forward".into()), "{json}");
}

#[test]
fn policies_are_readable_as_sentences() {
    let shown = said(&["show"]);
    for line in [
        "connect: everybody may connect to everything when principal in its access",
        "support: group support may use everything without approval",
        "cards: group fraud may see in clear card when mfa",
        "hold-refunds: shop-api/issue_refund needs approval for everybody; finance may approve, because refunds are finance's",
        "no-drops: everything is refused to everybody when verbs contains (\"drop\"), because tables stay",
    ] {
        assert!(shown.lines().any(|shown| shown == line), "{line}\nin\n{shown}");
    }
    assert!(shown.lines().any(|line| line.starts_with("tried: ") && line.ends_with("(only tried out)")), "{shown}");
    let json: serde_json::Value = serde_json::from_str(&said(&["show", "--format", "json"])).unwrap();
    assert_eq!((json.as_array().map(Vec::len), &json[0]["document"]), (Some(7), &"shop".into()));
}
