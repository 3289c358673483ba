//! Conditions out of Cedar's JSON expressions.

use serde_json::Value as Json;

use crate::{
    Effect,
    form::{Comparison, Conditions, Hours, Moment, Value, Weekday},
};

/// The operands of a chain of `&&` or `||`, in order.
pub(super) fn parts<'a>(expression: &'a Json, sign: &str, found: &mut Vec<&'a Json>) {
    match expression.get(sign).and_then(|both| Some((both.get("left")?, both.get("right")?))) {
        Some((left, right)) => {
            parts(left, sign, found);
            parts(right, sign, found);
        }
        None => found.push(expression),
    }
}

/// `context.now < datetime("...")`
pub(super) fn until(expression: &Json) -> Option<Moment> {
    let (left, right) = sides(expression.get("<")?)?;
    let written = call(right, "datetime")?.as_str()?;
    let moment = Moment::try_from(written.to_owned()).ok()?;
    (fact(left)? == "now").then_some(moment)
}

/// What all of these say together.
pub(super) fn conditions(each: &[&Json]) -> Option<Conditions> {
    let mut conditions = Conditions::default();
    for expression in each {
        let (sign, inside) = expression.as_object()?.iter().next()?;
        match sign.as_str() {
            // It only goes before what is looked at next.
            "has" => {}
            "contains" => one_of(inside, &mut conditions)?,
            "containsAll" | "containsAny" => listed(inside, &mut conditions)?,
            "if-then-else" => conditions.networks = networks(inside.get("then")?)?,
            "!" => conditions.mfa = (fact(inside.get("arg")?)? == "mfa").then_some(false),
            "." => conditions.mfa = (fact(expression)? == "mfa").then_some(true),
            "||" => night(inside, &mut conditions)?,
            "like" => conditions.given_reason = Some(pattern(inside)?),
            _ => compared(sign, inside, &mut conditions)?,
        }
    }
    Some(conditions)
}

/// `["mon", "tue"].contains(context.weekday)`
fn one_of(inside: &Json, conditions: &mut Conditions) -> Option<()> {
    let (left, right) = sides(inside)?;
    let texts = texts(left)?;
    match fact(right) {
        Some("effect") => {
            let known = [Effect::Read, Effect::Write, Effect::Admin];
            let find = |text: &String| known.into_iter().find(|effect| effect.as_str() == text);
            conditions.effects = texts.iter().map(find).collect::<Option<_>>()?;
        }
        Some("weekday") => {
            let find = |text: &String| Weekday::ALL.into_iter().find(|day| day.as_str() == text);
            conditions.weekdays = texts.iter().map(find).collect::<Option<_>>()?;
        }
        _ => conditions.functions = texts,
    }
    Some(())
}

/// `[...].containsAll(context.reads)` or `context.reads.containsAny([...])`
fn listed(inside: &Json, conditions: &mut Conditions) -> Option<()> {
    let (left, right) = sides(inside)?;
    let (name, texts) = match fact(left) {
        Some(name) => (name, texts(right)?),
        None => (fact(right)?, texts(left)?),
    };
    match name {
        "reads" => conditions.reads = texts,
        "writes" => conditions.writes = texts,
        "columns" => conditions.columns = texts,
        "commands" => conditions.commands = texts,
        _ => return None,
    }
    Some(())
}

fn networks(then: &Json) -> Option<Vec<String>> {
    let mut each = Vec::new();
    parts(then, "||", &mut each);
    let network = |test: &Json| Some(call(test.get("isInRange")?.get(1)?, "ip")?.as_str()?.to_owned());
    each.into_iter().map(network).collect()
}

/// `context.hour >= 22 || context.hour < 6`
fn night(inside: &Json, conditions: &mut Conditions) -> Option<()> {
    let (left, right) = sides(inside)?;
    for (sign, half) in [(">=", left), ("<", right)] {
        compared(sign, half.get(sign)?, conditions)?;
    }
    Some(())
}

fn compared(sign: &str, inside: &Json, conditions: &mut Conditions) -> Option<()> {
    let (left, right) = match inside.as_array() {
        Some(arguments) => (arguments.first()?, arguments.get(1)?),
        None => sides(inside)?,
    };
    if let Some(name) = argument(left) {
        return about_argument(name, sign, value(right)?, conditions);
    }
    match (fact(left)?, sign) {
        ("connection", "==") => {
            conditions.connection = Some(right.get("Value")?.get("__entity")?.get("id")?.as_str()?.to_owned());
        }
        ("rows", ">") => conditions.rows_over = Some(number(right)?),
        ("auth_age", "<=") => conditions.signed_in_within = Some(number(right)?),
        ("hour", ">=") => conditions.hours.get_or_insert(Hours { from: 0, to: 24 }).from = number(right)?,
        ("hour", "<") => conditions.hours.get_or_insert(Hours { from: 0, to: 24 }).to = number(right)?,
        _ => return None,
    }
    Some(())
}

fn about_argument(name: &str, sign: &str, value: Value, conditions: &mut Conditions) -> Option<()> {
    let known = conditions.arguments.iter().position(|comparison| comparison.name == name);
    let place = known.unwrap_or_else(|| {
        conditions.arguments.push(Comparison { name: name.to_owned(), ..Comparison::default() });
        conditions.arguments.len() - 1
    });
    let comparison = conditions.arguments.get_mut(place)?;
    match sign {
        ">" | "greaterThan" => comparison.over = Some(value),
        "<" | "lessThan" => comparison.under = Some(value),
        "==" => comparison.is = Some(value),
        _ => return None,
    }
    Some(())
}

fn value(expression: &Json) -> Option<Value> {
    if let Some(decimal) = call(expression, "decimal") {
        return Value::decimal(decimal.as_str()?.parse().ok()?).ok();
    }
    if let Some(arg) = expression.get("neg").and_then(|neg| neg.get("arg")) {
        return Some(Value::Long(arg.get("Value")?.as_i64()?.checked_neg()?));
    }
    match expression.get("Value")? {
        Json::Bool(flag) => Some(Value::Flag(*flag)),
        Json::Number(number) => number.as_i64().map(Value::Long),
        Json::String(text) => Some(Value::Text(text.clone())),
        _ => None,
    }
}

fn pattern(inside: &Json) -> Option<String> {
    let each = inside.get("pattern")?.as_array()?;
    let part = |element: &Json| match element.get("Literal") {
        Some(literal) => literal.as_str().map(str::to_owned),
        None => Some("*".to_owned()),
    };
    each.iter().map(part).collect()
}

fn sides(inside: &Json) -> Option<(&Json, &Json)> {
    Some((inside.get("left")?, inside.get("right")?))
}

/// The name in `context.name`.
fn fact(expression: &Json) -> Option<&str> {
    let access = expression.get(".")?;
    let context = access.get("left")?.get("Var")?.as_str()? == "context";
    access.get("attr")?.as_str().filter(|_| context)
}

/// The name in `context.arguments["name"]`.
fn argument(expression: &Json) -> Option<&str> {
    let access = expression.get(".")?;
    let arguments = fact(access.get("left")?)? == "arguments";
    access.get("attr")?.as_str().filter(|_| arguments)
}

/// The literal in `name("literal")`.
fn call<'a>(expression: &'a Json, name: &str) -> Option<&'a Json> {
    expression.get(name)?.get(0)?.get("Value")
}

fn texts(set: &Json) -> Option<Vec<String>> {
    let each = set.get("Set")?.as_array()?.iter();
    each.map(|item| item.get("Value")?.as_str().map(str::to_owned)).collect()
}

fn number<T: TryFrom<u64>>(expression: &Json) -> Option<T> {
    T::try_from(expression.get("Value")?.as_u64()?).ok()
}
