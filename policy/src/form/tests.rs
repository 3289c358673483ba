//! A rule is one policy, whatever stands in its texts, and is read back as it was.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod hostile;
mod meaning;

use super::*;
use crate::ActorKind;

fn rule(json: serde_json::Value) -> Rule {
    serde_json::from_value(json).unwrap_or_else(|error| panic!("{error}"))
}

fn wrong(json: &serde_json::Value) -> String {
    match serde_json::from_value::<Rule>(json.clone()) {
        Err(error) => error.to_string(),
        Ok(rule) => rule.check().expect_err(&format!("{json} is wrong")),
    }
}

/// One rule with everything that goes together.
fn full() -> Rule {
    rule(serde_json::json!({
        "id": "hold-refunds", "who": "group:support", "kind": "needs-approval", "on": "function:shop-api/issue_refund",
        "until": "2026-12-01T18:00Z",
        "when": {
            "effects": ["write", "admin"], "functions": ["issue_refund"], "reads": ["public.a"], "writes": ["public.b", "public.c"],
            "columns": ["public.a.x"], "commands": ["rm"],
            "arguments": [{ "name": "amount", "over": 500.01, "under": -1 }, { "name": "note", "is": "x" }, { "name": "ok", "is": true }],
            "rows_over": 5000, "hours": "8-18", "weekdays": ["sat", "sun"], "networks": ["10.0.0.0/8", "::1"], "mfa": false,
            "signed_in_within": 900, "given_reason": "INC-*"
        },
        "reason": "they are finance's", "fix": "ask", "approvers": ["finance", "leads"], "shadow": true, "incident": true,
        "note": "since June"
    }))
}

#[test]
fn a_rule_has_one_spelling_as_cedar() {
    let expected = r#"@id("hold-refunds")
@reason("they are finance's")
@fix("ask")
@approvers("finance, leads")
@shadow("true")
@incident("true")
@note("since June")
forbid (principal in Group::"support", action == Action::"RunUnapproved", resource == Function::"shop-api/issue_refund")
when { context.now < datetime("2026-12-01T18:00:00Z") }
when { ["write", "admin"].contains(context.effect) && ["issue_refund"].contains(resource.name) && context.reads.containsAny(["public.a"]) && context.writes.containsAny(["public.b", "public.c"]) && context.columns.containsAny(["public.a.x"]) && context.commands.containsAny(["rm"]) && context.arguments has "amount" && context.arguments["amount"].greaterThan(decimal("500.01")) && context.arguments["amount"] < -1 && context.arguments has "note" && context.arguments["note"] == "x" && context.arguments has "ok" && context.arguments["ok"] == true && context.rows > 5000 && context.hour >= 8 && context.hour < 18 && ["sat", "sun"].contains(context.weekday) && (if context has source then context.source.isInRange(ip("10.0.0.0/8")) || context.source.isInRange(ip("::1")) else true) && !context.mfa && context.auth_age <= 900 && context has reason && context.reason like "INC-*" };
"#;
    assert_eq!(text_of(&full()), expected);
    assert_eq!(read(expected), Some(vec![full()]));
    assert_eq!(of(expected), Some(full()));
}

#[test]
fn every_kind_is_read_back_from_its_cedar_and_from_its_file_form() {
    for kind in Kind::ALL {
        for who in
            ["everybody", "group:a:b", "person:al", "ai:x", "workload:y", "every-person", "every-ai", "every-workload"]
        {
            for on in ["everything", "connection:shop-db", "zone:prod", "function:shop-db/a/b", "label:card"] {
                let json = serde_json::json!({ "id": "x", "who": who, "kind": kind.as_str(), "on": on });
                let rule = rule(json.clone());
                if rule.check().is_err() {
                    continue;
                }
                assert_eq!(
                    read(&text(&[rule.clone(), rule.clone()])),
                    Some(vec![rule.clone(), rule.clone()]),
                    "{json}"
                );
                assert_eq!(serde_json::to_value(&rule).unwrap(), json);
            }
        }
    }
}

#[test]
fn each_condition_stands_alone_in_both_senses() {
    for condition in [
        serde_json::json!({ "hours": "22-6" }),
        serde_json::json!({ "hours": "0-6" }),
        serde_json::json!({ "hours": "6-24" }),
        serde_json::json!({ "mfa": true }),
        serde_json::json!({ "given_reason": "*" }),
        serde_json::json!({ "networks": ["10.0.0.0/8"] }),
        serde_json::json!({ "writes": ["public.a"] }),
        serde_json::json!({ "commands": ["ls", "cat"], "effects": ["read"] }),
    ] {
        for (kind, place) in [("may-use", "when"), ("is-refused", "when"), ("is-refused", "unless")] {
            let rule = rule(
                serde_json::json!({ "id": "x", "who": "everybody", "kind": kind, "on": "everything", place: condition }),
            );
            rule.check().unwrap();
            assert_eq!(read(&text_of(&rule)), Some(vec![rule]), "{condition} {kind} {place}");
        }
    }
}

#[test]
fn what_does_not_go_together_is_refused_with_its_place() {
    let base = serde_json::json!({ "id": "x", "who": "group:a", "kind": "may-use", "on": "connection:c" });
    let with = |name: &str, value: serde_json::Value| {
        let mut json = base.clone();
        json[name] = value;
        wrong(&json)
    };
    for (name, value, said) in [
        ("id", serde_json::json!("X"), "id: use 1 to 64"),
        ("who", serde_json::json!("grup:a"), "group:NAME"),
        ("who", serde_json::json!("group:"), "names nobody"),
        ("kind", serde_json::json!("may-us"), "unknown variant"),
        ("on", serde_json::json!("function:delete"), "function:CONNECTION/NAME"),
        ("on", serde_json::json!("label:card"), "a label is for may-see"),
        ("until", serde_json::json!("tomorrow"), "time in UTC"),
        ("until", serde_json::json!("2026-12-01T18:00+01:00"), "time in UTC"),
        ("until", serde_json::Value::Null, "null"),
        ("when", serde_json::json!({}), "no condition"),
        ("when", serde_json::json!({ "efects": ["read"] }), "unknown field `efects`"),
        ("when", serde_json::json!({ "effects": ["reed"] }), "unknown variant `reed`"),
        ("when", serde_json::json!({ "effects": [] }), "an empty list is no condition"),
        ("when", serde_json::json!({ "mfa": null }), "null"),
        ("when", serde_json::json!({ "hours": "18" }), "write hours as 8-18"),
        ("when", serde_json::json!({ "networks": ["10.0.0.0/33"] }), "is no network"),
        ("when", serde_json::json!({ "writes": ["a", "a"] }), "written twice"),
        ("when", serde_json::json!({ "writes": [""] }), "is empty"),
        ("when", serde_json::json!({ "connection": "c" }), "name it in `on`"),
        ("when", serde_json::json!({ "arguments": [{ "name": "a", "is": 1 }] }), "name the function in `on`"),
        ("unless", serde_json::json!({ "mfa": true }), "only for what stops"),
        ("approvers", serde_json::json!(["a"]), "only for what needs-approval"),
        ("reason", serde_json::json!(""), "leave it out"),
        ("incident", serde_json::json!(true), "only for what is-refused or needs-approval"),
        ("reasons", serde_json::json!("x"), "unknown field `reasons`"),
    ] {
        let heard = with(name, value);
        assert!(heard.contains(said), "{name}: {heard}");
    }
    let argument = |comparison: serde_json::Value| {
        wrong(&serde_json::json!({ "id": "x", "who": "everybody", "kind": "is-refused", "on": "function:c/f",
            "when": { "arguments": [comparison] } }))
    };
    assert!(argument(serde_json::json!({ "name": "a" })).contains("over, under or is"));
    assert!(argument(serde_json::json!({ "name": "a", "over": "5" })).contains("only numbers"));
    assert!(argument(serde_json::json!({ "name": "a", "over": 1.00005 })).contains("four digits"));
    assert!(argument(serde_json::json!({ "name": "a", "over": 1, "is": 2 })).contains("stands alone"));
    assert!(argument(serde_json::json!({ "name": "a", "over": 1e300 })).contains("too large"));
}

#[test]
fn what_says_more_than_a_rule_can_is_no_rule() {
    for policy in [
        r#"@id("x") permit (principal, action, resource);"#,
        r#"@id("x") permit (principal, action == Action::"Invoke", resource) when { principal in resource.access };"#,
        r#"@id("x") permit (principal, action == Action::"Invoke", resource) when { context.reason like "a" };"#,
        r#"@id("x") permit (principal, action == Action::"Invoke", resource) when { context.mfa || context.bounded };"#,
        r#"@id("x") permit (principal, action == Action::"Invoke", resource) when { context.mfa } when { context.rows > 5 };"#,
        r#"@id("x") permit (principal, action == Action::"Invoke", resource) when { context has reason && context.reason like "\*" };"#,
        r#"@id("x") permit (principal, action == Action::"Invoke", resource) when { context has source };"#,
        r#"@id("x") permit (principal is Person in Group::"a", action == Action::"Invoke", resource);"#,
        r#"@id("x") @other("y") permit (principal, action == Action::"Invoke", resource);"#,
        r#"@id("x") @incident("false") forbid (principal, action == Action::"Invoke", resource);"#,
        r#"@id("x") @incident forbid (principal, action == Action::"Invoke", resource);"#,
        r#"@id("x") @incident("true") permit (principal, action == Action::"Invoke", resource);"#,
        r#"@id("x") @shadow("false") permit (principal, action == Action::"Invoke", resource);"#,
        r#"permit (principal, action == Action::"Invoke", resource);"#,
    ] {
        assert_eq!(of(policy), None, "{policy}");
    }
    let spelt = "@id(\"x\") permit(principal,action==Action::\"Invoke\",resource)when{context.mfa};";
    assert!(of(spelt).is_some() && read(spelt).is_none(), "another spelling is a rule, but not a document of rules");
    assert_eq!(read(""), None);
    assert_eq!(read(&format!("// why\n{}", text_of(&full()))), None);
    assert!(of(crate::DEFAULT).is_none());
}

#[test]
fn moments_and_decimals_have_one_spelling() {
    let moment = |text: &str| Moment::try_from(text.to_owned()).map(|moment| moment.to_string());
    assert_eq!(moment("2026-12-01T18:00Z").as_deref(), Ok("2026-12-01T18:00:00Z"));
    assert_eq!(moment("2026-12-01T18:00:30Z").as_deref(), Ok("2026-12-01T18:00:30Z"));
    for text in [
        "2026-13-01T18:00Z",
        "2026-12-01T18:00",
        "2026-12-01",
        "1969-12-01T18:00Z",
        "2026-12-01T18:00:00.5Z",
        "2026-12-01T23:59:60Z",
        "Z",
    ] {
        assert!(moment(text).is_err(), "{text}");
    }
    for (ten_thousandths, text) in [(5_000_000, "500.0"), (-1, "-0.0001"), (5_000_100, "500.01"), (0, "0.0")] {
        assert_eq!(Value::decimal_text(ten_thousandths), text);
    }
}
