//! The snippets of docs/policies.md are valid and do what they say: every Cedar block is checked, and every test case runs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{fs, path::Path, process::Command};

const CONNECTIONS: &str = r#"
connections:
  - name: shop-db
    agent: near
    address: db:5432
    settings: { protocol: postgres, login: app, database: shop }
    access: { groups: [support] }
    labels: { zone: prod }
  - name: web-1
    agent: near
    address: web:22
    settings: { protocol: ssh, login: app, host_keys: ["SHA256:x"] }
    access: { groups: [support] }
"#;

/// The code blocks of a language.
fn blocks<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    text.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

#[test]
fn the_documented_policies_validate_and_pass_their_documented_cases() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/policies.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut bundle = bundle(&blocks(&text, "cedar").join("\n"));
    bundle.documents.push(rules(&text).into());
    let engine = policy::Engine::compile(bundle).unwrap_or_else(|error| panic!("{error}"));
    assert!(engine.sentences().len() > 15);

    let cases = blocks(&text, "yaml").into_iter().find(|block| block.starts_with("cases:")).expect("cases");
    let (file, bundle) = (folder.path().join("shop.test.yaml"), folder.path().join("bundle.json"));
    fs::write(&file, cases).unwrap();
    fs::write(&bundle, serde_json::to_string(engine.bundle()).unwrap()).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_sallyport"))
        .args(["policy", "test", "-f"])
        .arg(&bundle)
        .arg(&file)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("41 passed, 0 failed"), "{said}");
}

/// The documented rules of the short form.
fn rules(text: &str) -> gateway::api::PolicyDocument {
    let block = blocks(text, "yaml").into_iter().find(|block| block.contains("rules:")).expect("rules");
    gateway::api::Document::parse(block).unwrap_or_else(|error| panic!("{error}")).policies.remove(0)
}

#[test]
fn every_construct_of_the_short_form_is_documented_by_an_example() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/policies.md")).unwrap();
    let document = rules(&text);
    let written = document.rules.clone().unwrap();
    for kind in policy::form::Kind::ALL {
        assert!(written.iter().any(|rule| rule.kind == kind), "{}", kind.as_str());
    }
    let all = serde_json::to_string(&written).unwrap();
    for key in [
        "until",
        "when",
        "unless",
        "reason",
        "fix",
        "approvers",
        "shadow",
        "incident",
        "note",
        "connection",
        "effects",
        "functions",
        "reads",
        "writes",
        "columns",
        "commands",
        "arguments",
        "over",
        "under",
        "rows_over",
        "hours",
        "weekdays",
        "networks",
        "mfa",
        "signed_in_within",
        "given_reason",
    ] {
        assert!(all.contains(&format!("\"{key}\":")), "{key}");
        assert!(text.contains(&format!("`{key}`")), "{key} is in no table");
    }
    let again = policy::Document::from(document.clone());
    assert_eq!(gateway::api::PolicyDocument::from(&again), document, "what is applied is what is exported");
}

#[test]
fn every_fact_is_documented_and_every_documented_fact_is_one() {
    let docs =
        |name: &str| fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name)).unwrap();
    let (facts, policies) = (docs("policy-facts.md"), docs("policies.md"));
    let known: Vec<&str> = policy::schema::TEXT
        .lines()
        .map(|line| line.split("//").next().unwrap())
        .flat_map(|line| line.split(','))
        .filter_map(|part| part.split_once(": "))
        .map(|(name, _)| name.trim().trim_end_matches('?'))
        .filter(|name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'))
        .collect();
    assert!(known.len() > 40, "{known:?}");
    for name in &known {
        let told = facts.contains(&format!("`{name}`"))
            || policies.contains(&format!("context.{name}"))
            || policies.contains(&format!("resource.{name}"))
            || ["context", "owner", "principal", "resource", "appliesto", "labels", "access", "name", "protocol"]
                .contains(name);
        assert!(told, "{name} is on no page");
    }
    // The first column of each table of facts.
    for line in facts.lines().filter(|line| line.starts_with("| ") && !line.contains("---")) {
        let first = line.trim_start_matches("| ").split(" | ").next().unwrap();
        for name in first.split('`').skip(1).step_by(2) {
            let functions = ["shell", "exec", "sftp", "subsystem", "forward"];
            let function = functions.iter().any(|known| name.starts_with(known)) || name.contains('-');
            let judged = ["read", "write", "admin"].contains(&name);
            assert!(function || judged || known.contains(&name), "{name} is documented and is no fact");
        }
    }
    let snippet = blocks(&facts, "cedar").join("\n");
    assert!(snippet.contains("only-looking"));
    policy::Engine::compile(bundle(&snippet)).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn a_case_that_does_not_hold_fails_and_says_what_happened() {
    let folder = tempfile::tempdir().unwrap();
    let (file, bundle) = (folder.path().join("wrong.yaml"), folder.path().join("bundle.json"));
    fs::write(&bundle, serde_json::to_string(&self::bundle("")).unwrap()).unwrap();
    let case = "cases:\n  - name: wrong\n    caller: { subject: alice, groups: [support] }\n    connection: shop-db\n    sql: DROP TABLE t\n    expect: forward\n";
    fs::write(&file, case).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_sallyport"))
        .args(["policy", "test", "-f"])
        .arg(&bundle)
        .arg(&file)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!output.status.success() && said.contains("hold-structure"), "{said}");
}

#[test]
fn the_policies_of_the_documents_own_yaml_are_read_with_their_connections() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("deployment.yaml");
    let policies = "policies:\n  - name: default\n    text: |\n      @id(\"reads\") permit (principal in Group::\"support\", action == Action::\"Invoke\", resource in Connection::\"shop-db\") when { context.efect == \"read\" };\n";
    fs::write(&file, format!("{CONNECTIONS}{policies}")).unwrap();
    let check =
        || Command::new(env!("CARGO_BIN_EXE_sallyport")).args(["policy", "check", "-f"]).arg(&file).output().unwrap();
    let wrong = check();
    let said = String::from_utf8_lossy(&wrong.stdout).into_owned();
    assert!(!wrong.status.success() && said.contains("default:1:") && said.contains("efect"), "{said}");
    fs::write(&file, format!("{CONNECTIONS}{}", policies.replace("efect", "effect"))).unwrap();
    let right = check();
    assert!(right.status.success(), "{}", String::from_utf8_lossy(&right.stderr));
}

/// The default bundle with these policies, over the connections of the documentation.
fn bundle(text: &str) -> policy::Bundle {
    let document = gateway::api::Document::parse(CONNECTIONS).unwrap();
    let connections = document.connections.into_iter().map(gateway::store::Connection::from);
    let connections: Vec<_> = connections.collect();
    let documents = vec![
        policy::Document { name: "default".into(), text: policy::DEFAULT.into() },
        policy::Document { name: "shop".into(), text: text.into() },
    ];
    let mut bundle = gateway::store::compose(documents, connections.iter());
    let refund = policy::Described {
        name: "issue_refund".into(),
        labels: ["shop".into()].into(),
        arguments: [("amount".into(), policy::Kind::Decimal)].into(),
    };
    let api = policy::Connection {
        protocol: "http".into(),
        access: ["support".into()].into(),
        functions: vec![refund],
        ..policy::Connection::default()
    };
    bundle.connections.insert("shop-api".into(), api);
    bundle
}
