//! Texts of any kind.

use cedar_policy::{PolicySet, PrincipalConstraint, ResourceConstraint};
use proptest::{collection::vec, option, prelude::*, sample::select};

use super::*;
use crate::Effect;

/// Texts that try to be something else.
fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[\"\\\\*\n\r\t\0a;{}()/' ]{1,12}",
        select(vec![
            "\") permit (principal, action, resource); //",
            "\\\"",
            "\\",
            "\u{202e}\u{200b}",
            "a\nb",
            "*/ /*",
            "// ",
            "\\u{22}",
            "\\x22",
            "\"; forbid",
        ])
        .prop_map(str::to_owned),
    ]
    .prop_filter("a name has a letter", |text| !text.is_empty())
}

fn conditions() -> impl Strategy<Value = Conditions> {
    let lists = (vec(texts(), 0..3), vec(texts(), 0..3), vec(texts(), 0..3), vec(texts(), 0..3));
    let value = prop_oneof![
        any::<bool>().prop_map(Value::Flag),
        any::<i64>().prop_map(Value::Long),
        (-1_000_000_000_000_i64..1_000_000_000_000).prop_map(Value::Decimal),
        texts().prop_map(Value::Text),
    ];
    let arguments = vec((texts(), value), 0..3);
    let rest =
        (option::of(any::<u32>()), option::of((0_u8..24, 1_u8..25)), option::of(any::<bool>()), option::of(texts()));
    (lists, arguments, rest).prop_map(
        |((reads, writes, columns, commands), arguments, (rows_over, hours, mfa, given_reason))| {
            let is = |(name, value)| Comparison { name, is: Some(value), ..Comparison::default() };
            Conditions {
                effects: vec![Effect::Write],
                reads,
                writes,
                columns,
                commands,
                arguments: arguments.into_iter().map(is).collect(),
                rows_over,
                hours: hours.and_then(|(from, to)| Hours::try_from(format!("{from}-{to}")).ok()),
                mfa,
                given_reason,
                ..Conditions::default()
            }
        },
    )
}

fn rules() -> impl Strategy<Value = Rule> {
    let who = prop_oneof![
        Just(Who::Everybody),
        texts().prop_map(Who::Group),
        texts().prop_map(|name| Who::One(ActorKind::Ai, name)),
        Just(Who::Every(ActorKind::Person)),
    ];
    let on = (texts(), texts()).prop_map(|(connection, name)| Over::Function(format!("{connection}/{name}")));
    let kind = select(vec![Kind::MayUse, Kind::MayAsk, Kind::IsRefused, Kind::NeedsApproval]);
    let told = (option::of(texts()), option::of(texts()), option::of(texts()), any::<bool>(), any::<bool>());
    let until = option::of((0_i64..253_402_300_799).prop_map(|seconds| {
        let text = crate::context::date(seconds);
        Moment::try_from(text).unwrap()
    }));
    (who, on, kind, conditions(), told, until).prop_map(
        |(who, on, kind, conditions, (reason, fix, note, shadow, incident), until)| Rule {
            id: "x".into(),
            who,
            kind,
            on,
            until,
            when: Some(conditions),
            unless: None,
            reason,
            fix,
            approvers: None,
            shadow,
            incident,
            note,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn whatever_stands_in_its_texts_a_rule_is_one_policy_about_whom_it_names(rule in rules()) {
        let set: PolicySet = text_of(&rule).parse().map_err(|error| TestCaseError::fail(format!("{error}: {}", text_of(&rule))))?;
        let all: Vec<_> = set.policies().collect();
        prop_assert_eq!(all.len(), 1);
        let Over::Function(function) = &rule.on else { return Err(TestCaseError::fail("a function")) };
        prop_assert!(matches!(all[0].resource_constraint(), ResourceConstraint::Eq(uid) if uid.id().unescaped() == function));
        match (&rule.who, all[0].principal_constraint()) {
            (Who::Everybody, PrincipalConstraint::Any) | (Who::Every(_), PrincipalConstraint::Is(_)) => {}
            (Who::Group(name), PrincipalConstraint::In(uid)) | (Who::One(_, name), PrincipalConstraint::Eq(uid)) => {
                prop_assert_eq!(uid.id().unescaped(), name.as_str());
            }
            (who, other) => return Err(TestCaseError::fail(format!("{who:?} {other:?}"))),
        }
    }

    #[test]
    fn a_rule_is_read_back_as_it_was(rule in rules()) {
        prop_assume!(rule.check().is_ok());
        prop_assert_eq!(read(&text(&[rule.clone(), rule.clone()])), Some(vec![rule.clone(), rule.clone()]));
        prop_assert_eq!(of(&text_of(&rule)), Some(rule.clone()));
        let json = serde_json::to_string(&rule).unwrap();
        prop_assert_eq!(serde_json::from_str::<Rule>(&json).unwrap(), rule);
    }
}
