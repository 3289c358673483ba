//! Arguments of a request that no document describes: path parameters, then query parameters, then members of the content. A
//! name that stands in two places with different values could mean either, and is refused.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use serde_json::Value;

use super::{
    Fault,
    body::Body,
    call::{Argument, Call, Inspected},
    target::Target,
};

/// Adds parameters of path and query; gives the names that path parameters own.
pub(crate) fn parameters(
    path: &BTreeMap<String, String>,
    target: &Target,
    call: &mut Call,
) -> Result<BTreeSet<String>, Fault> {
    for (name, value) in path {
        call.argument(name.clone(), Argument::Text(value.clone()));
    }
    let owned: BTreeSet<String> = path.keys().cloned().collect();
    pairs(&target.query, &owned, "query", call)?;
    Ok(owned)
}

/// Adds the content's members.
pub(crate) fn content(body: &Body, owned: &BTreeSet<String>, call: &mut Call) -> Result<(), Fault> {
    match body {
        Body::Empty => {}
        Body::Lines(values) => call.document(&Value::Array(values.clone()), owned),
        Body::Json(value) => {
            let mut own = Call::default();
            own.document(value, owned);
            for (name, argument) in own.arguments {
                if call.arguments.get(&name).is_some_and(|known| text(known) != text(&argument)) {
                    return Err(Fault::invalid(name, "given twice, with different values"));
                }
                call.argument(name, argument);
            }
            if let Some(reason) = own.uninspected {
                call.note_uninspected(own.inspected, &reason);
            }
        }
        Body::Form(fields) => pairs(fields, owned, "form", call)?,
        Body::Text(text) => call.argument("body", Argument::Text(text.clone())),
        Body::Opaque(reason) => call.note_uninspected(Inspected::Partial, reason),
    }
    Ok(())
}

/// The arguments, and those that stand in texts which are JSON themselves: services parse them once more.
pub(crate) fn opened(arguments: &BTreeMap<String, Argument>) -> Cow<'_, BTreeMap<String, Argument>> {
    const LONGEST: usize = 64 * 1024;
    let mut all = Cow::Borrowed(arguments);
    for (name, argument) in arguments {
        let Argument::Text(text) = argument else { continue };
        if text.len() > LONGEST || !text.trim_start().starts_with(['{', '[']) {
            continue;
        }
        let Ok(value) = super::json::parse(text.as_bytes()) else { continue };
        let mut own = Call::default();
        own.document(&value, &BTreeSet::new());
        for (inner, argument) in own.arguments {
            let inner = inner.trim_start_matches('/');
            let begins = if name.starts_with('/') { "" } else { "/" };
            all.to_mut().entry(format!("{begins}{name}/{inner}")).or_insert(argument);
        }
    }
    all
}

fn pairs(pairs: &[(String, String)], owned: &BTreeSet<String>, place: &str, call: &mut Call) -> Result<(), Fault> {
    let mut grouped: BTreeMap<&String, Vec<&String>> = BTreeMap::new();
    for (name, value) in pairs {
        grouped.entry(name).or_default().push(value);
    }
    for (name, values) in grouped {
        let argument = match values.as_slice() {
            [one] => Argument::Text((*one).clone()),
            many => Argument::Texts(many.iter().map(|value| (*value).clone()).collect()),
        };
        if owned.contains(name) {
            call.argument(format!("{place}.{name}"), argument);
        } else if call.arguments.get(name).is_some_and(|known| text(known) != text(&argument)) {
            return Err(Fault::invalid(name, "given twice, with different values"));
        } else {
            call.arguments.remove(name);
            call.argument(name.clone(), argument);
        }
    }
    Ok(())
}

fn text(argument: &Argument) -> Vec<String> {
    match argument {
        Argument::Flag(flag) => vec![flag.to_string()],
        Argument::Long(number) => vec![number.to_string()],
        Argument::Decimal(number) => vec![number.to_string()],
        Argument::Text(text) => vec![text.clone()],
        Argument::Texts(texts) => texts.iter().cloned().collect(),
    }
}
