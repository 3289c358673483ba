#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};

use super::*;

fn bundle(text: &str) -> Bundle {
    let described = Described {
        name: "issue_refund".into(),
        labels: BTreeSet::new(),
        arguments: BTreeMap::from([("amount".into(), Kind::Decimal), ("order".into(), Kind::Long)]),
    };
    let connection = |protocol: &str, functions: Vec<Described>| Connection {
        protocol: protocol.into(),
        access: BTreeSet::from(["support".into()]),
        labels: BTreeMap::from([("zone".into(), "prod".into())]),
        functions,
        described_by: String::new(),
    };
    Bundle {
        version: 7,
        documents: vec![Document { name: "default".into(), text: text.into() }],
        connections: BTreeMap::from([
            ("shop-db".into(), connection("postgres", vec![])),
            ("shop-api".into(), connection("http", vec![described])),
            ("web-1".into(), connection("ssh", vec![])),
        ]),
        help: String::new(),
    }
}

fn engine(text: &str) -> Engine {
    Engine::compile(bundle(text)).unwrap()
}

fn problems(text: &str) -> Vec<String> {
    match Engine::compile(bundle(text)) {
        Err(CompileError::Documents(problems)) => problems.iter().map(ToString::to_string).collect(),
        other => panic!("{other:?}"),
    }
}

fn person(name: &str, groups: &[&str]) -> Principal {
    Principal { kind: ActorKind::Person, name: name.into(), groups: groups.iter().map(ToString::to_string).collect() }
}

fn alice() -> Caller {
    Caller { subject: person("alice", &["support"]), actor: None }
}

fn call(function: &str, effect: Effect) -> Facts {
    Facts {
        functions: BTreeSet::from([Function { name: function.into(), effect }]),
        verbs: BTreeSet::from([function.into()]),
        filtered: true,
        statements: 1,
        ..Facts::default()
    }
}

fn decide(engine: &Engine, caller: Caller, connection: &str, facts: &Facts) -> Verdict {
    let labels = ["card".to_owned(), "ssn".to_owned()];
    let scope = engine.scope(caller, connection, &labels).unwrap();
    engine.decide(&scope, facts, &Circumstances { now: 1_795_690_800, ..Circumstances::default() })
}

#[test]
fn a_fresh_install_lets_a_stranger_do_nothing() {
    let engine = engine(DEFAULT);
    let mallory = Caller { subject: person("mallory", &["sales"]), actor: None };
    let scope = engine.scope(mallory.clone(), "shop-db", &[]).unwrap();
    assert!(engine.connect(&scope, &Circumstances::default()).is_err());
    let verdict = decide(&engine, mallory, "shop-db", &call("select", Effect::Read));
    assert_eq!(verdict.outcome, Outcome::Refuse);
    assert_eq!(verdict.rules, Vec::<String>::new());
}

#[test]
fn no_documents_allow_nothing() {
    let engine = engine("");
    let scope = engine.scope(alice(), "shop-db", &[]).unwrap();
    assert!(engine.connect(&scope, &Circumstances::default()).is_err());
    assert_eq!(decide(&engine, alice(), "shop-db", &call("select", Effect::Read)).outcome, Outcome::Refuse);
}

#[test]
fn the_default_bundle_runs_reads_and_filtered_writes_and_names_its_rules() {
    let engine = engine(DEFAULT);
    let scope = engine.scope(alice(), "shop-db", &[]).unwrap();
    let permit = engine.connect(&scope, &Circumstances::default()).unwrap();
    assert_eq!((permit.subject(), permit.connection(), permit.reason()), ("alice", "shop-db", "connect"));
    let read = decide(&engine, alice(), "shop-db", &call("select", Effect::Read));
    assert_eq!((read.outcome, read.bundle), (Outcome::Forward, 7));
    assert_eq!(read.rules, ["ask", "run"]);
    assert!(decide(&engine, alice(), "shop-db", &call("update", Effect::Write)).forwards());
}

#[test]
fn the_default_bundle_holds_what_can_hurt() {
    let engine = engine(DEFAULT);
    let unfiltered = Facts { filtered: false, ..call("delete", Effect::Write) };
    let verdict = decide(&engine, alice(), "shop-db", &unfiltered);
    assert_eq!((verdict.outcome, verdict.rule()), (Outcome::Hold, "hold-unfiltered-write"));
    assert!(verdict.message().starts_with("needs approval by approver: it changes every row"), "{}", verdict.message());
    assert_eq!(decide(&engine, alice(), "shop-db", &call("drop", Effect::Admin)).rule(), "hold-structure");
    let bulk = Facts { rows: 100_001, ..call("select", Effect::Read) };
    assert_eq!(decide(&engine, alice(), "shop-db", &bulk).rule(), "hold-bulk-export");
    let dynamic = Facts { dynamic: true, ..call("exec", Effect::Read) };
    assert_eq!(decide(&engine, alice(), "web-1", &dynamic).rule(), "hold-dynamic");
    let program = Facts { external: BTreeSet::from(["program".into()]), ..call("copy_out", Effect::Admin) };
    let verdict = decide(&engine, alice(), "shop-db", &program);
    assert_eq!((verdict.outcome, verdict.rule()), (Outcome::Refuse, "refuse-program-or-file"));
    let unknown = Facts { unknown: Some("syntax error".into()), ..call("unknown", Effect::Admin) };
    assert_eq!(decide(&engine, alice(), "shop-db", &unknown).rule(), "refuse-unknown");
}

#[test]
fn every_function_of_a_call_must_be_allowed() {
    let engine = engine(
        r#"@id("reads") permit (principal, action in [Action::"Invoke", Action::"RunUnapproved"], resource == Function::"shop-db/select");"#,
    );
    assert!(decide(&engine, alice(), "shop-db", &call("select", Effect::Read)).forwards());
    let mut both = call("select", Effect::Write);
    both.functions.insert(Function { name: "delete".into(), effect: Effect::Write });
    let verdict = decide(&engine, alice(), "shop-db", &both);
    assert_eq!(verdict.outcome, Outcome::Refuse);
    assert!(verdict.reason.contains("shop-db/delete"), "{}", verdict.reason);
}

#[test]
fn an_actor_and_its_subject_must_both_be_allowed() {
    let engine = engine(
        r#"@id("people") permit (principal in Group::"support", action in [Action::"Invoke", Action::"RunUnapproved"], resource);
           @id("bots") permit (principal in Group::"bots", action in [Action::"Invoke", Action::"RunUnapproved"], resource)
             when { context.effect == "read" };"#,
    );
    let bot = Principal { kind: ActorKind::Ai, name: "reporter".into(), groups: vec!["bots".into()] };
    let for_alice = Caller { actor: Some(bot.clone()), ..alice() };
    assert!(decide(&engine, for_alice.clone(), "shop-db", &call("select", Effect::Read)).forwards());
    assert!(!decide(&engine, for_alice, "shop-db", &call("update", Effect::Write)).forwards());
    let for_mallory = Caller { subject: person("mallory", &[]), actor: Some(bot) };
    assert!(!decide(&engine, for_mallory, "shop-db", &call("select", Effect::Read)).forwards());
}

#[test]
fn without_reveal_nothing_is_revealed() {
    assert!(decide(&engine(DEFAULT), alice(), "shop-db", &call("select", Effect::Read)).revealed.is_empty());
    let text = format!(
        "{DEFAULT}\n@id(\"cards\") permit (principal in Group::\"support\", action == Action::\"Reveal\", resource == Label::\"card\") when {{ context.auth_age < 900 || context.reason == \"x\" }};"
    );
    // `reason` is optional: asking for it unguarded is refused at save time.
    assert!(problems(&text).first().unwrap().contains("reason"), "{:?}", problems(&text));
    let guarded = text.replace("context.reason == \"x\"", "(context has reason && context.reason like \"T-*\")");
    let engine = engine(&guarded);
    let scope = engine.scope(alice(), "shop-db", &["card".into(), "ssn".into()]).unwrap();
    let around = Circumstances { now: 10_000, reason: Some("T-1".into()), ..Circumstances::default() };
    assert_eq!(engine.decide(&scope, &call("select", Effect::Read), &around).revealed, ["card"]);
    let without = Circumstances { reason: None, ..around };
    assert!(engine.decide(&scope, &call("select", Effect::Read), &without).revealed.is_empty());
}

#[test]
fn arguments_are_typed_per_function_and_a_misspelt_one_is_an_error() {
    let rule = |condition: &str| {
        format!(
            "{DEFAULT}\n@id(\"big\") forbid (principal, action == Action::\"RunUnapproved\", resource == Function::\"shop-api/issue_refund\") when {{ {condition} }};"
        )
    };
    let good = rule("context.arguments has amount && context.arguments.amount.greaterThan(decimal(\"500.0\"))");
    let engine = engine(&good);
    let refund = |amount: f64| Facts {
        arguments: BTreeMap::from([("amount".into(), Argument::Decimal(amount))]),
        ..call("issue_refund", Effect::Write)
    };
    assert!(decide(&engine, alice(), "shop-api", &refund(500.0)).forwards());
    assert_eq!(decide(&engine, alice(), "shop-api", &refund(500.000_01)).outcome, Outcome::Hold);
    assert!(engine.depends().arguments && !engine.depends().moment);
    let misspelt = rule("context.arguments has amuont && context.arguments.amuont.greaterThan(decimal(\"500.0\"))");
    assert!(!problems(&misspelt).is_empty());
    let wrong_type = rule("context.arguments has amount && context.arguments.amount > 500");
    assert!(!problems(&wrong_type).is_empty());
}

#[test]
fn a_rule_about_an_argument_is_not_dodged_by_type_spelling_or_by_content_that_cannot_be_read() {
    let engine = engine(&format!(
        "{DEFAULT}\n@id(\"big\") forbid (principal, action == Action::\"RunUnapproved\", resource == Function::\"shop-api/issue_refund\") when {{ context.arguments has amount && context.arguments.amount.greaterThan(decimal(\"500.0\")) }};"
    ));
    let refund = |name: &str, argument: Argument| Facts {
        arguments: BTreeMap::from([(name.into(), argument)]),
        ..call("issue_refund", Effect::Write)
    };
    let text = |text: &str| Argument::Text(text.into());
    for (facts, outcome) in [
        (refund("amount", text("12.5")), Outcome::Forward),
        (refund("amount", text("5000")), Outcome::Hold),
        (refund("amount", text("5e3")), Outcome::Hold),
        (refund("Amount", Argument::Long(5000)), Outcome::Hold),
        (refund("amount[]", text("5000")), Outcome::Hold),
        (refund(" amount\0", text("5000")), Outcome::Hold),
        (refund("query.amount", text("5000")), Outcome::Hold),
        (refund("query.amount_due", text("5000")), Outcome::Forward),
        (refund("amount", text("5000 EUR")), Outcome::Refuse),
        (refund("amount", text("inf")), Outcome::Refuse),
        (Facts { inspected: Inspected::Partial, ..call("issue_refund", Effect::Write) }, Outcome::Refuse),
        (Facts { inspected: Inspected::Partial, ..call("post", Effect::Write) }, Outcome::Forward),
        // No policy about `post` looks at arguments, so a number that none could be given says nothing.
        (
            Facts {
                arguments: BTreeMap::from([("serial".into(), Argument::Decimal(1.2e19))]),
                ..call("post", Effect::Write)
            },
            Outcome::Forward,
        ),
        (refund("amount", Argument::Decimal(1.2e19)), Outcome::Refuse),
        (refund("serial", Argument::Decimal(1.2e19)), Outcome::Refuse),
    ] {
        assert_eq!(decide(&engine, alice(), "shop-api", &facts).outcome, outcome, "{facts:?}");
    }
    let mut twice = refund("amount", Argument::Long(1));
    twice.arguments.insert("AMOUNT".into(), Argument::Long(5000));
    assert_eq!(decide(&engine, alice(), "shop-api", &twice).outcome, Outcome::Refuse);
}

#[test]
fn what_does_not_validate_is_refused_with_its_position() {
    let cases = [
        ("permit (principal, action, resource);", "every policy needs an @id"),
        ("@id(\"x\")\npermit (principal, action == Action::\"Invok\", resource);", "default:2:"),
        (
            "@id(\"x\") permit (principal, action == Action::\"Invoke\", resource) when { context.efect == \"read\" };",
            "efect",
        ),
        (
            "@id(\"x\") permit (principal, action == Action::\"Invoke\", resource) when { context.rows > \"5\" };",
            "default:1:",
        ),
        ("@id(\"x\") permit (principal, action, resource)\n  when {{ };", "default:2:"),
        ("@id(\"X y\") permit (principal, action, resource);", "an @id is"),
        ("@id(\"x\") @reson(\"r\") permit (principal, action, resource);", "unknown annotation @reson"),
        (
            "@id(\"x\") permit (principal, action, resource);\n@id(\"x\") permit (principal, action, resource);",
            "has this id",
        ),
        (
            "@id(\"x\") permit (principal, action, resource == Function::\"shop-api/isue_refund\");",
            "no function is called",
        ),
        ("@id(\"x\") permit (principal, action, resource in Connection::\"shop\");", "no connection is called"),
    ];
    for (text, expected) in cases {
        let found = problems(text).join("\n");
        assert!(found.contains(expected), "{text}\n{found}");
    }
}

#[test]
fn shadow_policies_decide_nothing_and_are_told() {
    let text = format!(
        "{DEFAULT}\n@id(\"try\") @shadow(\"true\") forbid (principal, action == Action::\"Invoke\", resource == Function::\"shop-db/select\");"
    );
    let verdict = decide(&engine(&text), alice(), "shop-db", &call("select", Effect::Read));
    assert!(verdict.forwards());
    assert_eq!(
        verdict.shadow,
        Some(Shadow { outcome: Outcome::Refuse, rules: vec!["try".into()], labels: Vec::new() })
    );
    let held = decide(&engine(DEFAULT), alice(), "shop-db", &call("select", Effect::Read));
    assert_eq!(held.shadow, None);
}

#[test]
fn a_bulk_limit_is_asked_about_at_its_number() {
    let depends = engine(DEFAULT).depends().clone();
    assert!(!depends.moment && !depends.arguments && depends.bytes.next([0, 0], 0).is_none());
    let next = |sent| depends.rows.next([0, 0], sent);
    assert_eq!([next(0), next(100_000), next(100_001)], [Some(100_000), Some(100_001), None]);
    let timed = engine(&format!(
        "{DEFAULT}\n@id(\"h\") forbid (principal, action == Action::\"Invoke\", resource) when {{ context.hour > 22 }};"
    ));
    assert!(timed.depends().moment);
}

#[test]
fn undescribed_functions_of_a_connection_still_belong_to_it() {
    let engine = engine(DEFAULT);
    assert!(decide(&engine, alice(), "shop-api", &call("tools/echo", Effect::Read)).forwards());
    assert_eq!(decide(&engine, alice(), "shop-api", &Facts::default()).outcome, Outcome::Refuse);
}

#[test]
fn equal_bundles_have_equal_hashes_whatever_their_version() {
    let (one, other) = (bundle(DEFAULT), Bundle { version: 9, ..bundle(DEFAULT) });
    assert_eq!(one.hash(), other.hash());
    assert_ne!(one.hash(), bundle("").hash());
}

#[test]
fn recorded_facts_can_be_read_back_without_their_arguments() {
    let facts = Facts { arguments: BTreeMap::from([("a".into(), Argument::Long(1))]), ..call("select", Effect::Read) };
    let text = facts.to_record();
    let back = Facts::from_record(&text).unwrap();
    assert_eq!(back, Facts { arguments: BTreeMap::new(), ..facts });
    assert!(text.len() < 120, "{text}");
}

#[test]
fn an_incident_says_what_every_further_call_gets_and_is_for_what_stops_calls() {
    let open =
        r#"@id("all") permit (principal, action in [Action::"Invoke", Action::"RunUnapproved"], resource);"#.to_owned();
    let odd = r#"@id("odd") @incident("true") @reason("odd") @approvers("security")
        forbid (principal, action == Action::"RunUnapproved", resource) when { context.reads.contains("public.payroll") };"#;
    let plain = r#"@id("closed") @reason("closed") forbid (principal, action == Action::"Invoke", resource) when { context.filtered };"#;
    let payroll = Facts { reads: BTreeSet::from(["public.payroll".into()]), ..call("select", Effect::Read) };
    let held = decide(&engine(&(open.clone() + odd)), alice(), "shop-db", &payroll);
    let incident = held.incident.unwrap();
    assert_eq!((held.outcome, incident.outcome, incident.rule()), (Outcome::Hold, Outcome::Hold, "odd"));
    assert_eq!(incident.message(), "needs approval by security: this session is on hold: odd");
    // It is one also where another policy refuses the call anyway, and none where nothing stops it.
    let refused = decide(&engine(&format!("{open}{odd}{plain}")), alice(), "shop-db", &payroll);
    assert_eq!((refused.outcome, refused.rule()), (Outcome::Refuse, "closed"));
    assert_eq!(refused.incident.unwrap().rules, ["odd"]);
    let other = decide(&engine(&(open.clone() + odd)), alice(), "shop-db", &call("select", Effect::Read));
    assert!(other.forwards() && other.incident.is_none());
    let shadow = odd.replace("@incident", "@shadow(\"true\") @incident");
    assert!(decide(&engine(&(open + &shadow)), alice(), "shop-db", &payroll).incident.is_none());
    for wrong in [
        r#"@id("a") @incident("true") permit (principal, action == Action::"Invoke", resource);"#,
        r#"@id("a") @incident("true") forbid (principal, action == Action::"Connect", resource);"#,
        r#"@id("a") @incident("maybe") forbid (principal, action == Action::"Invoke", resource);"#,
    ] {
        assert!(Engine::compile(bundle(wrong)).unwrap_err().to_string().contains("@incident"), "{wrong}");
    }
}
