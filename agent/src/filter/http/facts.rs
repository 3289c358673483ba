//! A request's facts as policy takes them.

use functions::http::{Argument, Call, Effect, Inspected};
use policy::{Facts, Function};

/// The facts of a call.
#[must_use]
pub fn facts(call: &Call) -> Facts {
    let function = |(name, effect): (&String, &Effect)| Function {
        name: name.clone(),
        effect: match effect {
            Effect::Read => policy::Effect::Read,
            Effect::Write => policy::Effect::Write,
            Effect::Admin => policy::Effect::Admin,
        },
    };
    let argument = |(name, value): (&String, &Argument)| (name.clone(), self::argument(value));
    Facts {
        functions: call.functions.iter().map(function).collect(),
        verbs: [call.method.clone()].into(),
        paths: [call.path.clone()].into(),
        calls: call.calls.clone(),
        arguments: call.arguments.iter().map(argument).collect(),
        money: call.money,
        unknown: call.unknown.clone(),
        statements: 1,
        inspected: match call.inspected {
            Inspected::Yes => policy::Inspected::Yes,
            Inspected::Partial => policy::Inspected::Partial,
            Inspected::No => policy::Inspected::No,
        },
        uninspected: call.uninspected.clone(),
        ..Facts::default()
    }
}

fn argument(value: &Argument) -> policy::Argument {
    match value {
        Argument::Flag(flag) => policy::Argument::Flag(*flag),
        Argument::Long(number) => policy::Argument::Long(*number),
        Argument::Decimal(number) => policy::Argument::Decimal(*number),
        Argument::Text(text) => policy::Argument::Text(text.clone()),
        Argument::Texts(texts) => policy::Argument::Texts(texts.clone()),
    }
}
