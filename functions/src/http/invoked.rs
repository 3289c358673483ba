//! Names of operations in a request that no document describes, and what they say that is done: the method of JSON-RPC and XML-RPC,
//! a tool of MCP, the root fields of a GraphQL mutation, the element in a SOAP body and the `SOAPAction` field, the last part of a path,
//! requests in a batch.

use std::collections::BTreeMap;

use super::{
    call::{Argument, Effect},
    grant::plain,
    graphql, masses, money,
    openapi::effect_of,
    operation::{Deed, deed},
    orders,
    request::Request,
    target::Target,
};

/// Longest name of an operation.
const LONGEST: usize = 128;
/// Longest text of XML that is looked into.
const LONGEST_XML: usize = 64 * 1024;

/// What all of them do.
pub(super) fn deeds(request: &Request<'_>, target: &Target, arguments: &BTreeMap<String, Argument>) -> Deed {
    let mut all = Deed { money: money::by_path(request.method, target, arguments), removes: false };
    if effect_of(request.method) != Effect::Read
        && let Some(last) = target.segments.iter().rev().find(|part| !part.is_empty())
    {
        all.removes = request.method != "DELETE" && (removes_by_path(last) || closes(target));
    }
    for name in request.raw("soapaction").iter().filter_map(|value| std::str::from_utf8(value).ok()) {
        all = all.and(deed_behind(name.trim_matches('"')));
    }
    for (name, value) in arguments {
        if let Argument::Text(text) = value {
            all = all.and(said(name, text, target, arguments));
        }
    }
    let moves = |(method, target): (String, Target)| money::by_path(&method, &target, &BTreeMap::new());
    let batch = orders::batched(arguments).any(moves);
    all.and(Deed { money: batch, removes: false })
}

/// `POST /shop.v1.UserService/DeleteUser`, `/rpc/delete_account`; not a page with a long name.
fn removes_by_path(last: &str) -> bool {
    last.len() <= LONGEST && deed(last).removes
}

/// `POST /accounts/7/close`
fn closes(target: &Target) -> bool {
    let parts: Vec<&str> = target.segments.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
    matches!(parts.as_slice(), [.., of, _, "close" | "terminate"] if deed(&format!("{of}.close")).removes)
}

/// What one argument says.
fn said(name: &str, text: &str, target: &Target, arguments: &BTreeMap<String, Argument>) -> Deed {
    let of = plain(name.rsplit(['/', '.']).next().unwrap_or_default());
    if graphql::carries(name) {
        let fields = graphql::mutations(text);
        if !fields.is_empty() {
            // What a condition takes away is told by how much it takes.
            let told = fields.iter().map(|(field, limited)| match (deed(field), limited) {
                (of, true) => Deed { removes: false, ..of },
                (of, false) => of,
            });
            return told.fold(Deed::default(), Deed::and);
        }
    }
    if name == "body" && text.trim_start().starts_with('<') {
        return elements(text).map(deed_behind).fold(Deed::default(), Deed::and);
    }
    let is_name = text.len() <= LONGEST && !text.contains([' ', '\n', '<']);
    if !is_name || !is_operation(&of, name, text, target, arguments) {
        return Deed::default();
    }
    let told = deed_behind(text);
    Deed { removes: told.removes || of == "name" && masses::removes_many(text), ..told }
}

/// Whether a member names what is to be done, not a way to do it (`{"method": "transfer"}` is how somebody pays) nor something that
/// happened.
fn is_operation(of: &str, name: &str, text: &str, target: &Target, arguments: &BTreeMap<String, Argument>) -> bool {
    let beside = |other: &str| {
        let begins = name.get(..name.len() - name.rsplit('/').next().unwrap_or(name).len()).unwrap_or_default();
        arguments.keys().any(|key| {
            key.strip_prefix(begins)
                .or_else(|| key.strip_prefix('/'))
                .is_some_and(|rest| rest.split('/').next().is_some_and(|first| first == other))
        })
    };
    let several = super::words::words(text).len() > 1;
    match of {
        "method" => beside("jsonrpc") || beside("params") || several && is_rpc(target),
        "name" => {
            arguments.iter().any(|(key, value)| {
                key.ends_with("method") && matches!(value, Argument::Text(method) if method == "tools/call")
            }) && name.ends_with("params/name")
        }
        "tool" | "toolname" | "rpcmethod" => true,
        "action" | "op" | "operation" | "cmd" | "command" | "function" => {
            (several || money::has_amount(arguments) || beside("id")) && !is_told(target)
        }
        _ => false,
    }
}

fn is_rpc(target: &Target) -> bool {
    let last = target.segments.iter().rev().find(|part| !part.is_empty());
    last.is_none_or(|last| {
        ["rpc", "jsonrpc", "json-rpc", "api", "xmlrpc", "json_rpc", "gateway", "invoke", "call"]
            .iter()
            .any(|known| last.eq_ignore_ascii_case(known))
    })
}

/// Where it is only told that something happened.
fn is_told(target: &Target) -> bool {
    const TOLD: [&str; 12] = [
        "webhook",
        "hook",
        "event",
        "track",
        "log",
        "callback",
        "analytic",
        "notification",
        "slack",
        "audit",
        "telemetry",
        "metric",
    ];
    target
        .segments
        .iter()
        .any(|part| super::words::words(part).iter().any(|word| TOLD.contains(&super::words::singular(word))))
}

/// A name behind its namespace: `urn:bank#TransferFunds`, `http://tempuri.org/IBank/TransferFunds`.
fn deed_behind(name: &str) -> Deed {
    let last = name.rsplit(['/', '#', ':']).next().unwrap_or_default();
    let whole = if name.contains(['#', ':']) || name.starts_with("http") { last } else { name };
    if whole.len() > LONGEST { Deed::default() } else { deed(whole) }
}

/// The names of what a SOAP body calls, or XML-RPC.
fn elements(text: &str) -> impl Iterator<Item = &str> {
    let text = if text.len() > LONGEST_XML { "" } else { text };
    let mut before = "";
    text.split('<').take(4096).filter_map(move |piece| {
        let (tag, content) = piece.split_once('>').unwrap_or((piece, ""));
        let name = tag.trim_end_matches('/').split_ascii_whitespace().next().unwrap_or_default();
        let own = name.rsplit(':').next().unwrap_or_default();
        let behind_body = before.eq_ignore_ascii_case("body") && !own.is_empty() && !name.starts_with(['/', '?', '!']);
        if !name.is_empty() && !name.starts_with('!') {
            before = own;
        }
        match own.eq_ignore_ascii_case("methodname") {
            true => Some(content.trim()),
            false => behind_body.then_some(own),
        }
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn told(path: &str, pairs: &[(&str, &str)]) -> Deed {
        let arguments =
            pairs.iter().map(|(name, value)| ((*name).to_owned(), Argument::Text((*value).to_owned()))).collect();
        let target = Target::parse(path.as_bytes()).unwrap();
        deeds(&Request { method: "POST", target: path.as_bytes(), fields: &[], upgrade: false }, &target, &arguments)
    }

    #[test]
    fn an_operation_is_found_wherever_its_name_stands() {
        for (path, pairs) in [
            ("/rpc", &[("jsonrpc", "2.0"), ("method", "payment.create")][..]),
            ("/", &[("jsonrpc", "2.0"), ("method", "eth_sendTransaction")]),
            ("/rpc", &[("/0/jsonrpc", "2.0"), ("/0/method", "transfer")]),
            ("/mcp", &[("jsonrpc", "2.0"), ("method", "tools/call"), ("/params/name", "refund_payment")]),
            ("/graphql", &[("query", "mutation { refundPayment(id: 1) { id } }")]),
            ("/graphql", &[("query", "mutation M($i: I!) { payments { refund(input: $i) { id } } }")]),
            (
                "/soap",
                &[("body", "<s:Envelope><s:Body><m:TransferFunds><a>1</a></m:TransferFunds></s:Body></s:Envelope>")],
            ),
            ("/xmlrpc", &[("body", "<methodCall><methodName>payments.refund</methodName></methodCall>")]),
            ("/api", &[("action", "transfer"), ("amount", "5")]),
            ("/batch", &[("/requests/0/method", "POST"), ("/requests/0/url", "/v1/charges")]),
            ("/tools/invoke", &[("tool", "send_money")]),
        ] {
            assert!(told(path, pairs).money, "{path} {pairs:?}");
        }
        for (path, pairs) in [
            ("/rpc", &[("jsonrpc", "2.0"), ("method", "account.delete")][..]),
            ("/graphql", &[("query", "mutation { deleteUser(id: 1) { id } }")]),
            ("/graphql", &[("query", "mutation { ...F } fragment F on Mutation { a: deleteUser(id: 1) { id } }")]),
            ("/x.Users/DeleteUser", &[]),
        ] {
            assert!(told(path, pairs).removes, "{path} {pairs:?}");
        }
        for (path, pairs) in [
            ("/rpc", &[("jsonrpc", "2.0"), ("method", "payment.get")][..]),
            ("/payments/methods", &[("method", "transfer")]),
            ("/events", &[("action", "payment_refund"), ("amount", "5")]),
            ("/graphql", &[("query", "query { refundPayment { id } }")]),
            ("/graphql", &[("query", "mutation { addNote(text: \"refundPayment\") { deleteUser } }")]),
            ("/soap", &[("body", "<s:Envelope><s:Body><GetPayments/></s:Body></s:Envelope>")]),
            ("/notes", &[("name", "refund_payment"), ("body", "deleteUser")]),
            ("/batch", &[("/requests/0/method", "GET"), ("/requests/0/url", "/v1/charges")]),
        ] {
            assert_eq!(told(path, pairs), Deed::default(), "{path} {pairs:?}");
        }
    }
}
