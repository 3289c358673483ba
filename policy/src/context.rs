//! Facts and circumstances as Cedar sees them.

use std::collections::BTreeSet;

use cedar_policy::{Context, EntityUid, RestrictedExpression as Value};
use time::OffsetDateTime;

use crate::{Argument, Caller, Circumstances, Facts, risk};

/// A value cannot be given to Cedar; the call is refused.
#[derive(Debug, thiserror::Error)]
#[error("a fact cannot be expressed: {0}")]
pub(crate) struct Inexpressible(String);

type Pairs = Vec<(String, Value)>;

/// The context of `Connect`.
pub(crate) fn connect(caller: &Caller, around: &Circumstances) -> Result<Context, Inexpressible> {
    let mut pairs = Pairs::new();
    circumstances(&mut pairs, caller, around);
    finish(pairs)
}

/// The context of everything that is decided about a call.
pub(crate) fn call(
    connection: &EntityUid,
    facts: &Facts,
    caller: &Caller,
    around: &Circumstances,
) -> Result<Context, Inexpressible> {
    let mut pairs = Pairs::with_capacity(40);
    circumstances(&mut pairs, caller, around);
    let (risk, reasons) = risk::score(facts, caller, around);
    let functions: BTreeSet<&str> = facts.functions.iter().map(|function| function.name.as_str()).collect();
    pairs.extend([
        ("connection".into(), Value::new_entity_uid(connection.clone())),
        ("effect".into(), text(facts.effect().as_str())),
        ("functions".into(), Value::new_set(functions.into_iter().map(text))),
        ("verbs".into(), texts(&facts.verbs)),
        ("reads".into(), texts(&facts.reads)),
        ("writes".into(), texts(&facts.writes)),
        ("columns".into(), texts(&facts.columns)),
        ("calls".into(), texts(&facts.calls)),
        ("opaque".into(), texts(&facts.opaque)),
        ("ddl".into(), texts(&facts.ddl)),
        ("cascade".into(), Value::new_bool(facts.cascade)),
        ("commands".into(), texts(&facts.commands)),
        ("paths".into(), texts(&facts.paths)),
        ("hosts".into(), texts(&facts.hosts)),
        ("external".into(), texts(&facts.external)),
        ("settings".into(), texts(&facts.settings)),
        ("arguments".into(), arguments(facts)?),
        ("filtered".into(), Value::new_bool(facts.filtered)),
        ("bounded".into(), Value::new_bool(facts.bounded)),
        ("dynamic".into(), Value::new_bool(facts.dynamic)),
        ("unknown".into(), Value::new_bool(facts.unknown.is_some())),
        ("statements".into(), Value::new_long(facts.statements.into())),
        ("inspected".into(), text(facts.inspected.as_str())),
        ("rows".into(), count(facts.rows)),
        ("bytes".into(), count(facts.bytes)),
        ("session_rows".into(), count(facts.session_rows)),
        ("session_bytes".into(), count(facts.session_bytes)),
        ("risk".into(), Value::new_long(risk)),
        ("risk_reasons".into(), Value::new_set(reasons.into_iter().map(text))),
    ]);
    finish(pairs)
}

fn circumstances(pairs: &mut Pairs, caller: &Caller, around: &Circumstances) {
    pairs.extend([
        ("now".into(), Value::new_datetime(date(around.now))),
        ("hour".into(), Value::new_long(around.hour())),
        ("weekday".into(), text(around.weekday())),
        ("auth_method".into(), text(&around.auth_method)),
        ("auth_age".into(), Value::new_long(around.auth_age())),
        ("mfa".into(), Value::new_bool(around.mfa)),
        ("client".into(), text(&around.client)),
        ("actor".into(), text(caller.acting().kind.as_str())),
    ]);
    if let Some(source) = around.source {
        pairs.push(("source".into(), Value::new_ip(source.to_canonical().to_string())));
    }
    if let Some(reason) = &around.reason {
        pairs.push(("reason".into(), text(reason)));
    }
}

fn arguments(facts: &Facts) -> Result<Value, Inexpressible> {
    let fields = facts.arguments.iter().map(|(name, argument)| {
        let value = match argument {
            Argument::Flag(flag) => Value::new_bool(*flag),
            Argument::Long(number) => Value::new_long(*number),
            Argument::Decimal(number) => Value::new_decimal(decimal(*number)?),
            Argument::Text(value) => text(value),
            Argument::Texts(values) => texts(values),
        };
        Ok((name.clone(), value))
    });
    let fields = fields.collect::<Result<Vec<_>, Inexpressible>>()?;
    Value::new_record(fields).map_err(|error| Inexpressible(error.to_string()))
}

/// Cedar's decimal: within about ±922 million million and with at most four digits, rounded away from zero so that a
/// limit cannot be passed by rounding.
fn decimal(number: f64) -> Result<String, Inexpressible> {
    let scaled = number * 10_000.0;
    let away = if scaled < 0.0 { scaled.floor() } else { scaled.ceil() };
    // Whole numbers above 2^53 are not exact, and Cedar's own bound is close.
    if !away.is_finite() || away.abs() > 9.0e15 {
        return Err(Inexpressible("a number is too large".into()));
    }
    Ok(format!("{:.4}", away / 10_000.0))
}

/// `YYYY-MM-DDThh:mm:ssZ`; the first moment of 1970 for a time that no calendar has.
fn date(unix: i64) -> String {
    let time = OffsetDateTime::from_unix_timestamp(unix).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (date, clock) = (time.date(), time.time());
    let (year, month, day) = (date.year(), u8::from(date.month()), date.day());
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", clock.hour(), clock.minute(), clock.second())
}

fn text(value: impl AsRef<str>) -> Value {
    Value::new_string(value.as_ref().to_owned())
}

fn texts(values: &BTreeSet<String>) -> Value {
    Value::new_set(values.iter().map(text))
}

fn count(value: u64) -> Value {
    Value::new_long(i64::try_from(value).unwrap_or(i64::MAX))
}

fn finish(pairs: Pairs) -> Result<Context, Inexpressible> {
    Context::from_pairs(pairs).map_err(|error| Inexpressible(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(date(0), "1970-01-01T00:00:00Z");
        assert_eq!(date(951_782_399), "2000-02-28T23:59:59Z");
        assert_eq!(date(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(date(1_795_651_200), "2026-11-26T00:00:00Z");
    }

    #[test]
    fn decimals_never_round_below_a_limit() {
        assert_eq!(decimal(500.0).ok().as_deref(), Some("500.0000"));
        assert_eq!(decimal(500.000_01).ok().as_deref(), Some("500.0001"));
        assert_eq!(decimal(-0.5).ok().as_deref(), Some("-0.5000"));
        assert!(decimal(f64::INFINITY).is_err() && decimal(1e300).is_err() && decimal(f64::NAN).is_err());
    }
}
