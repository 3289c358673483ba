//! Facts and circumstances as Cedar sees them.

use std::collections::BTreeSet;

use cedar_policy::{Context, EntityUid, RestrictedExpression as Value};
use time::OffsetDateTime;

use crate::{Argument, Caller, Circumstances, Facts, depends::Needs, risk};

/// A value cannot be given to Cedar; the call is refused.
#[derive(Debug, thiserror::Error)]
#[error("a fact cannot be expressed: {0}")]
pub(crate) struct Inexpressible(String);

/// The facts that some policy looks at; the others are not even made.
struct Pairs<'a> {
    needs: &'a Needs,
    pairs: Vec<(String, Value)>,
}

impl Pairs<'_> {
    fn put(&mut self, name: &str, value: impl FnOnce() -> Value) {
        if self.needs.has(name) {
            self.pairs.push((name.to_owned(), value()));
        }
    }
}

/// The context of `Connect`.
pub(crate) fn connect(needs: &Needs, caller: &Caller, around: &Circumstances) -> Result<Context, Inexpressible> {
    let mut pairs = Pairs { needs, pairs: Vec::with_capacity(12) };
    circumstances(&mut pairs, caller, around);
    finish(pairs)
}

/// The context of everything that is decided about a call.
pub(crate) fn call(
    needs: &Needs,
    connection: &EntityUid,
    facts: &Facts,
    caller: &Caller,
    around: &Circumstances,
) -> Result<Context, Inexpressible> {
    let mut pairs = Pairs { needs, pairs: Vec::with_capacity(40) };
    circumstances(&mut pairs, caller, around);
    pairs.put("connection", || Value::new_entity_uid(connection.clone()));
    pairs.put("effect", || text(facts.effect().as_str()));
    pairs.put("functions", || {
        let functions: BTreeSet<&str> = facts.functions.iter().map(|function| function.name.as_str()).collect();
        Value::new_set(functions.into_iter().map(text))
    });
    for (name, values) in [
        ("verbs", &facts.verbs),
        ("reads", &facts.reads),
        ("writes", &facts.writes),
        ("columns", &facts.columns),
        ("calls", &facts.calls),
        ("opaque", &facts.opaque),
        ("ddl", &facts.ddl),
        ("commands", &facts.commands),
        ("paths", &facts.paths),
        ("hosts", &facts.hosts),
        ("external", &facts.external),
        ("settings", &facts.settings),
    ] {
        pairs.put(name, || texts(values));
    }
    for (name, flag) in [
        ("cascade", facts.cascade),
        ("filtered", facts.filtered),
        ("bounded", facts.bounded),
        ("packed", facts.packed),
        ("money", facts.money),
        ("temporary", facts.temporary),
        ("dynamic", facts.dynamic),
        ("unknown", facts.unknown.is_some()),
    ] {
        pairs.put(name, || Value::new_bool(flag));
    }
    for (name, number) in [
        ("statements", facts.statements.into()),
        ("rows", facts.rows),
        ("bytes", facts.bytes),
        ("session_rows", facts.session_rows),
        ("session_bytes", facts.session_bytes),
        ("recent_calls", facts.recent_calls),
    ] {
        pairs.put(name, || count(number));
    }
    pairs.put("inspected", || text(facts.inspected.as_str()));
    if needs.has("arguments") {
        let arguments = arguments(facts)?;
        pairs.put("arguments", || arguments);
    }
    if needs.has("risk") || needs.has("risk_reasons") {
        let (risk, reasons) = risk::score(facts, caller, around);
        pairs.put("risk", || Value::new_long(risk));
        pairs.put("risk_reasons", || Value::new_set(reasons.into_iter().map(text)));
    }
    finish(pairs)
}

fn circumstances(pairs: &mut Pairs<'_>, caller: &Caller, around: &Circumstances) {
    pairs.put("now", || Value::new_datetime(date(around.now)));
    pairs.put("hour", || Value::new_long(around.hour()));
    pairs.put("weekday", || text(around.weekday()));
    pairs.put("auth_method", || text(&around.auth_method));
    pairs.put("auth_age", || Value::new_long(around.auth_age()));
    pairs.put("mfa", || Value::new_bool(around.mfa));
    pairs.put("client", || text(&around.client));
    pairs.put("actor", || text(caller.acting().kind.as_str()));
    if let Some(source) = around.source {
        pairs.put("source", || Value::new_ip(source.to_canonical().to_string()));
    }
    if let Some(reason) = &around.reason {
        pairs.put("reason", || text(reason));
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

/// Whether a policy can be given this argument: most numbers it can.
pub(crate) fn is_expressible(argument: &Argument) -> bool {
    match argument {
        Argument::Decimal(number) => decimal(*number).is_ok(),
        _ => true,
    }
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
pub(crate) fn date(unix: i64) -> String {
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

fn finish(pairs: Pairs<'_>) -> Result<Context, Inexpressible> {
    Context::from_pairs(pairs.pairs).map_err(|error| Inexpressible(error.to_string()))
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
