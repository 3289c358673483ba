//! Texts that a body runs with EXECUTE and that stand there for everybody to read: a constant, joined or formatted of constants, with
//! constants for its parameters. They are judged as if they were written out; any other stays `dynamic`.

use pg_query::{
    NodeEnum,
    protobuf::{FuncCall, a_const::Val},
};
use serde_json::Value;

use super::{Walker, dotted, each, inner, repeat::query_of, text_of, variable::words};
use crate::{
    tree::Tree,
    written::{quoted, with_values},
};

impl Walker<'_> {
    /// The statement that an EXECUTE runs, if it is known whole.
    pub(super) fn written_out(&self, statement: &Value) -> Option<String> {
        let text = self.constant_expression(statement.get("query")?)?;
        let parameters = statement.get("params").and_then(Value::as_array);
        let values: Option<Vec<String>> =
            parameters.into_iter().flatten().map(|given| Some(quoted(&self.constant_expression(given)?))).collect();
        let text = with_values(&text, &values?)?;
        // There, a name is never a variable's.
        let plain = words(&text.to_lowercase()).all(|word| !self.variables.contains(word));
        plain.then_some(text)
    }

    fn constant_expression(&self, expression: &Value) -> Option<String> {
        match &Tree::expression(query_of(expression)).ok()?.statements.first()?.node {
            NodeEnum::SelectStmt(select) => match each(&select.target_list).next()? {
                NodeEnum::ResTarget(target) if select.target_list.len() == 1 && select.from_clause.is_empty() => {
                    self.constant_text(inner(&target.val)?)
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// The text that an expression of constants has.
    fn constant_text(&self, node: &NodeEnum) -> Option<String> {
        match node {
            NodeEnum::AConst(constant) => match constant.val.as_ref()? {
                Val::Sval(text) => Some(text.sval.clone()),
                Val::Ival(number) => Some(number.ival.to_string()),
                _ => None,
            },
            NodeEnum::TypeCast(cast) => {
                let to = each(&cast.type_name.as_ref()?.names).filter_map(text_of).next_back()?;
                matches!(to, "text" | "int4" | "int8" | "int2" | "name")
                    .then(|| self.constant_text(inner(&cast.arg)?))?
            }
            NodeEnum::AExpr(expr) if each(&expr.name).filter_map(text_of).eq(["||"]) => {
                Some(self.constant_text(inner(&expr.lexpr)?)? + &self.constant_text(inner(&expr.rexpr)?)?)
            }
            NodeEnum::FuncCall(call) => self.formatted(call),
            _ => None,
        }
    }

    fn formatted(&self, call: &FuncCall) -> Option<String> {
        let (schema, name) = dotted(&call.funcname)?;
        if call.func_variadic || !matches!(name, "format" | "quote_ident" | "quote_literal") {
            return None;
        }
        // Somebody's own function of that name may make something else of it.
        let all = self.session().naming.functions(schema, name, self.catalog);
        if all.is_empty() || all.iter().any(|function| function.schema != "pg_catalog") {
            return None;
        }
        let args: Vec<String> = each(&call.args).map(|arg| self.constant_text(arg)).collect::<Option<_>>()?;
        match (name, args.as_slice()) {
            ("quote_ident", [text]) => Some(identifier(text)),
            ("quote_literal", [text]) => Some(quoted(text)),
            ("format", [pattern, values @ ..]) => fill(pattern, values),
            _ => None,
        }
    }
}

/// `format` with `%s`, `%I`, `%L` and `%%`, each taking the next value.
fn fill(pattern: &str, values: &[String]) -> Option<String> {
    let (mut out, mut signs, mut values) = (String::new(), pattern.chars(), values.iter());
    while let Some(sign) = signs.next() {
        if sign != '%' {
            out.push(sign);
            continue;
        }
        match signs.next()? {
            '%' => out.push('%'),
            's' => out.push_str(values.next()?),
            'I' => out.push_str(&identifier(values.next()?)),
            'L' => out.push_str(&quoted(values.next()?)),
            _ => return None,
        }
    }
    Some(out)
}

fn identifier(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_filled_as_the_server_fills_them() {
        let filled = |pattern: &str, values: &[&str]| {
            fill(pattern, &values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(
            filled("DELETE FROM %I WHERE a = %L AND b = %s %%", &["T\"x", "o'neil", "7"]).as_deref(),
            Some("DELETE FROM \"T\"\"x\" WHERE a = 'o''neil' AND b = 7 %")
        );
        assert_eq!(filled("%L", &["a\\b"]).as_deref(), Some(" E'a\\\\b'"));
        for odd in ["%1$s", "%-10s", "%", "%s %s", "%x"] {
            assert_eq!(filled(odd, &["a"]), None, "{odd}");
        }
    }
}
