//! What is decided with the policies and facts that can matter is what Cedar decides with all of them.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use proptest::{prelude::*, sample::select};

use super::*;
use crate::{ActorKind, Connection, Described, Document, Effect, Function, Principal};

const PRINCIPALS: [&str; 7] = [
    "principal",
    "principal in Group::\"support\"",
    "principal in Group::\"bots\"",
    "principal == Person::\"alice\"",
    "principal == Ai::\"reporter\"",
    "principal is Ai",
    "principal is Person in Group::\"support\"",
];
const ACTED: [&str; 6] = [
    "action",
    "action == Action::\"Invoke\"",
    "action == Action::\"RunUnapproved\"",
    "action in [Action::\"Invoke\", Action::\"RunUnapproved\"]",
    "action == Action::\"Reveal\"",
    "action in [Action::\"Reveal\", Action::\"SendRaw\"]",
];
const RESOURCES: [&str; 11] = [
    "resource",
    "resource in Connection::\"shop-db\"",
    "resource in Connection::\"shop-api\"",
    "resource in Zone::\"prod\"",
    "resource in Zone::\"test\"",
    "resource == Function::\"shop-db/select\"",
    "resource == Function::\"shop-api/select\"",
    "resource in Function::\"shop-db/delete\"",
    "resource is Function in Connection::\"shop-db\"",
    "resource is Label",
    "resource == Label::\"card\"",
];
const CONDITIONS: [&str; 9] = [
    "",
    "when { context.effect == \"read\" }",
    "when { context.rows > 10 }",
    "unless { context.filtered }",
    "when { context.functions.contains(\"delete\") }",
    "when { context has reason && context.reason like \"T-*\" }",
    "when { context.risk > 20 || context.hour > 12 }",
    // Fails where the fact is not there, which refuses.
    "when { context.reason == \"T-1\" }",
    "when { context.arguments.amount > 3 }",
];

fn bundle(policies: &[(bool, usize, usize, usize, usize)]) -> Bundle {
    let text = policies.iter().enumerate().map(|(number, (permits, principal, action, resource, condition))| {
        format!(
            "@id(\"p{number}\") {} ({}, {}, {}) {};\n",
            if *permits { "permit" } else { "forbid" },
            PRINCIPALS[*principal],
            ACTED[*action],
            RESOURCES[*resource],
            CONDITIONS[*condition]
        )
    });
    let connection = |protocol: &str| Connection {
        protocol: protocol.into(),
        access: BTreeSet::from(["support".into()]),
        labels: BTreeMap::from([("zone".into(), "prod".into())]),
        functions: vec![Described { name: "refund".into(), ..Described::default() }],
        described_by: String::new(),
    };
    Bundle {
        version: 1,
        documents: vec![Document { name: "all".into(), text: text.collect() }],
        connections: BTreeMap::from([
            ("shop-db".into(), connection("postgres")),
            ("shop-api".into(), connection("http")),
        ]),
        help: String::new(),
    }
}

fn caller(with_actor: bool) -> Caller {
    let principal = |kind, name: &str, group: &str| Principal { kind, name: name.into(), groups: vec![group.into()] };
    Caller {
        subject: principal(ActorKind::Person, "alice", "support"),
        actor: with_actor.then(|| principal(ActorKind::Ai, "reporter", "bots")),
    }
}

/// What Cedar says with every policy and every fact.
fn whole(
    engine: &Engine,
    scope: &Scope,
    party: &Party,
    action: usize,
    resource: &EntityUid,
    context: &Context,
) -> String {
    let request =
        Request::new(party.uid.clone(), engine.actions[action].clone(), resource.clone(), context.clone(), None)
            .unwrap();
    let entities = engine.entities(scope, resource).unwrap();
    told(&Asked::from(&Authorizer::new().is_authorized(&request, &engine.enforced.all, &entities)))
}

fn told(asked: &Asked) -> String {
    match asked {
        Asked::Allowed(rules) => format!("allowed {rules:?}"),
        Asked::Forbidden(rules) => format!("forbidden {rules:?}"),
        Asked::Unmentioned => "unmentioned".into(),
        // Which of several failing policies is named first is not told apart.
        Asked::Failed(..) => "failed".into(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(100), ..ProptestConfig::default() })]

    #[test]
    fn slices_decide_as_all_policies_and_all_facts_do(
        policies in proptest::collection::vec((any::<bool>(), 0..7_usize, 0..6_usize, 0..11_usize, 0..9_usize), 0..12),
        with_actor in any::<bool>(),
        effect in select(vec![Effect::Read, Effect::Write, Effect::Admin]),
        rows in 0_u64..20,
        filtered in any::<bool>(),
        reason in select(vec![None, Some("T-1".to_owned()), Some("x".to_owned())]),
        amount in proptest::option::of(0_i64..6),
    ) {
        let engine = Engine::load(bundle(&policies)).unwrap();
        let scope = engine.scope(caller(with_actor), "shop-db", &["card".into()]).unwrap();
        let functions = ["select", "delete", "refund", "undescribed"];
        let facts = Facts {
            functions: functions.map(|name| Function { name: name.into(), effect }).into(),
            rows,
            filtered,
            arguments: amount.map(|amount| ("amount".to_owned(), crate::Argument::Long(amount))).into_iter().collect(),
            ..Facts::default()
        };
        let around = Circumstances { now: 1_795_690_800, reason, ..Circumstances::default() };
        let all = context::call(&Needs::everything(), &scope.connection_uid, &facts, &scope.caller, &around).unwrap();
        let needed = context::call(&engine.needs, &scope.connection_uid, &facts, &scope.caller, &around).unwrap();
        let mut resources: Vec<(EntityUid, [usize; 2])> = functions
            .iter()
            .map(|name| (uid("Function", &format!("shop-db/{name}")).unwrap(), [INVOKE, RUN_UNAPPROVED]))
            .collect();
        resources.push((uid("Label", "card").unwrap(), [REVEAL, SEND_RAW]));
        for party in &scope.principals {
            for (resource, actions) in &resources {
                for action in actions {
                    let sliced = told(&engine.ask(Which::Enforced, &scope, party, *action, resource, &needed));
                    prop_assert_eq!(sliced, whole(&engine, &scope, party, *action, resource, &all));
                }
            }
        }
    }
}

#[test]
fn a_scope_of_another_bundle_decides_nothing() {
    let policies = [(true, 0, 0, 0, 0)];
    let (one, other) = (Engine::load(bundle(&policies)).unwrap(), Engine::load(bundle(&policies)).unwrap());
    let scope = one.scope(caller(false), "shop-db", &[]).unwrap();
    let facts =
        Facts { functions: [Function { name: "select".into(), effect: Effect::Read }].into(), ..Facts::default() };
    let around = Circumstances::default();
    assert!(one.decide(&scope, &facts, &around).forwards() && !other.decide(&scope, &facts, &around).forwards());
    assert!(one.connect(&scope, &around).is_ok() && other.connect(&scope, &around).is_err());
}

#[test]
fn sessions_with_the_same_groups_share_their_slices() {
    let engine = Engine::load(bundle(&[(true, 1, 0, 0, 0), (false, 3, 1, 5, 1)])).unwrap();
    let scopes = [0, 1].map(|_| engine.scope(caller(false), "shop-db", &[]).unwrap());
    let select = uid("Function", "shop-db/select").unwrap();
    let [first, second] =
        scopes.each_ref().map(|scope| std::ptr::from_ref(scope.principals[0].enforced.of(INVOKE, &select)));
    assert_eq!(first, second);
}
