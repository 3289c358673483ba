//! A refusal in the words of the protocol that the caller speaks: a problem document (RFC 9457), a JSON-RPC answer that a model
//! can read, a GraphQL error, a gRPC status. The client's connection goes on.

use functions::http::{Fault, message_id};
use proto::{
    Code,
    event::{Incident, Refused},
    functions::HttpKind,
};
use protocols::http::RequestHead;
use serde_json::{Map, Value, json};

use crate::filter::guard::Decision;

/// Why a request does not reach the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    /// The stable code.
    pub code: Code,
    /// Status of the answer where HTTP itself carries it.
    pub status: u16,
    /// One sentence.
    pub detail: String,
    /// The parameter or place that is wrong, if it is one.
    pub field: Option<String>,
    /// The policies that say so.
    pub rules: Vec<String>,
    /// What to do about it.
    pub fix: String,
    /// Where to read more.
    pub link: String,
    /// Who may approve, if it is held.
    pub approvers: Vec<String>,
    /// The incident that has the session on hold.
    pub incident: Option<Incident>,
    /// The bundle whose policies say so; 0 if none does.
    pub bundle: u64,
}

/// An answer that the agent gives itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The status.
    pub status: u16,
    /// Header fields.
    pub fields: Vec<(&'static str, String)>,
    /// The content.
    pub content: Vec<u8>,
}

impl Denied {
    /// The request cannot be judged, or breaks its schema.
    #[must_use]
    pub fn by_fault(fault: &Fault) -> Self {
        let (code, status, field) = match fault {
            Fault::Malformed(_) => (Code::Malformed, 400, None),
            Fault::Invalid { field, .. } => (Code::Malformed, 400, Some(field.clone())),
            Fault::TooLarge(_) => (Code::TooLarge, 413, None),
        };
        Self { field, ..Self::new(code, status, fault.to_string()) }
    }

    /// Policy does not let it pass.
    #[must_use]
    pub fn by_policy(decision: &Decision) -> Self {
        let verdict = &decision.verdict;
        let (rules, fix, link) = (verdict.rules.clone(), verdict.fix.clone(), decision.link.clone());
        let approvers = verdict.approvers.clone();
        let bundle = if decision.by_masking { 0 } else { verdict.bundle };
        Self { rules, fix, link, approvers, bundle, ..Self::new(decision.code, 403, decision.message()) }
    }

    /// Something of ours forbids it.
    #[must_use]
    pub fn new(code: Code, status: u16, detail: impl Into<String>) -> Self {
        let (field, rules, fix, link) = (None, Vec::new(), String::new(), String::new());
        let (approvers, incident, bundle) = (Vec::new(), None, 0);
        Self { code, status, detail: detail.into(), field, rules, fix, link, approvers, incident, bundle }
    }

    /// The event of it.
    #[must_use]
    pub fn refused(&self) -> Refused {
        Refused {
            code: self.code.to_string(),
            reason: self.detail.clone(),
            rule: self.rules.join(", "),
            approvers: self.approvers.clone(),
            incident: self.incident.clone(),
            bundle: self.bundle,
        }
    }

    /// The answer to a request with this head and content.
    #[must_use]
    pub fn render(&self, kind: HttpKind, head: &RequestHead, content: &[u8]) -> Rendered {
        let content_type = head.fields.iter().find(|(name, _)| &name[..] == b"content-type").map(|(_, value)| value);
        if content_type.is_some_and(|label| label.starts_with(b"application/grpc")) {
            return self.grpc();
        }
        match kind {
            HttpKind::Mcp => self.mcp(content).unwrap_or_else(|| self.problem()),
            HttpKind::Graphql => self.graphql(),
            HttpKind::Rest | HttpKind::Grpc => self.problem(),
        }
    }

    fn problem(&self) -> Rendered {
        let title = if self.status == 403 { "Not allowed" } else { "Request refused" };
        let mut document = self.extensions();
        let kind = if self.link.is_empty() { format!("urn:sallyport:{}", self.code) } else { self.link.clone() };
        document.insert("type".into(), kind.into());
        document.insert("title".into(), title.into());
        document.insert("status".into(), self.status.into());
        document.insert("detail".into(), self.detail.clone().into());
        rendered(self.status, "application/problem+json", &Value::Object(document))
    }

    fn graphql(&self) -> Rendered {
        let error = json!({ "message": self.text(), "extensions": self.extensions() });
        rendered(200, "application/json", &json!({ "errors": [error] }))
    }

    /// A tool call gets a result that the model reads; other requests an error. `None` for what has no answer.
    fn mcp(&self, content: &[u8]) -> Option<Rendered> {
        let message: Value = serde_json::from_slice(content).ok()?;
        let id = message_id(&message)?;
        let tool = message.get("method").and_then(Value::as_str) == Some("tools/call");
        let answer = if tool && self.status == 403 {
            let text = json!({ "type": "text", "text": self.text() });
            // The revision of 2026-07-28 requires `resultType`; older ones pass over it.
            let result = json!({ "content": [text], "isError": true, "resultType": "complete" });
            json!({ "jsonrpc": "2.0", "id": id, "result": result })
        } else {
            let number = if self.status == 403 { -32003 } else { -32600 };
            let error = json!({ "code": number, "message": self.text(), "data": self.extensions() });
            json!({ "jsonrpc": "2.0", "id": id, "error": error })
        };
        let status = if self.status == 403 { 200 } else { self.status };
        Some(rendered(status, "application/json", &answer))
    }

    fn grpc(&self) -> Rendered {
        let status = match self.status {
            403 => "7",
            413 => "8",
            _ => "3",
        };
        let fields = vec![
            ("content-type", "application/grpc".to_owned()),
            ("grpc-status", status.to_owned()),
            ("grpc-message", percent(&self.text())),
        ];
        Rendered { status: 200, fields, content: Vec::new() }
    }

    fn text(&self) -> String {
        let rule = if self.rules.is_empty() { String::new() } else { format!(", rule {}", self.rules.join(", ")) };
        let more = [self.fix.as_str(), self.link.as_str()];
        let more = more.into_iter().filter(|text| !text.is_empty()).fold(String::new(), |all, text| all + " " + text);
        format!("{} ({}{rule}){more}", self.detail, self.code)
    }

    fn extensions(&self) -> Map<String, Value> {
        let mut members = Map::new();
        members.insert("code".into(), self.code.as_str().into());
        if let Some(field) = &self.field {
            members.insert("field".into(), field.clone().into());
        }
        if let Some(rule) = self.rules.first() {
            members.insert("rule".into(), rule.clone().into());
            members.insert("rules".into(), self.rules.clone().into());
        }
        for (name, text) in [("fix", &self.fix), ("help", &self.link)] {
            if !text.is_empty() {
                members.insert(name.into(), text.clone().into());
            }
        }
        members
    }
}

fn rendered(status: u16, content_type: &str, document: &Value) -> Rendered {
    let mut content = document.to_string().into_bytes();
    content.push(b'\n');
    let fields = vec![
        ("content-type", content_type.to_owned()),
        ("cache-control", "no-store".to_owned()),
        ("content-length", content.len().to_string()),
    ];
    Rendered { status, fields, content }
}

/// Text as `grpc-message` carries it.
fn percent(text: &str) -> String {
    let plain = |byte: &u8| (0x20..=0x7e).contains(byte) && *byte != b'%';
    text.bytes().fold(String::new(), |out, byte| {
        if plain(&byte) { out + &char::from(byte).to_string() } else { out + &format!("%{byte:02X}") }
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use bytes::Bytes;
    use protocols::http::Version;

    use super::*;

    fn head(content_type: &'static str) -> RequestHead {
        let fields = vec![(Bytes::from_static(b"content-type"), Bytes::from_static(content_type.as_bytes()))];
        let (method, target) = (Bytes::from_static(b"POST"), Bytes::from_static(b"/x"));
        RequestHead { method, target, version: Version::Http11, upgrade: false, fields }
    }

    fn denied() -> Denied {
        let rules = vec!["no-money".to_owned()];
        Denied { rules, fix: "Ask finance.".into(), ..Denied::new(Code::NoAccess, 403, "issue_refund is not allowed") }
    }

    #[test]
    fn rest_gets_a_problem_document() {
        let answer = denied().render(HttpKind::Rest, &head("application/json"), b"");
        let document: Value = serde_json::from_slice(&answer.content).unwrap();
        assert_eq!(
            (answer.status, &document["rule"], &document["fix"]),
            (403, &json!("no-money"), &json!("Ask finance."))
        );
        let fault = Fault::Invalid { field: "/amount".into(), reason: "too much".into() };
        let answer = Denied::by_fault(&fault).render(HttpKind::Rest, &head("application/json"), b"");
        let document: Value = serde_json::from_slice(&answer.content).unwrap();
        assert_eq!((answer.status, &document["field"]), (400, &json!("/amount")));
    }

    #[test]
    fn a_model_gets_a_result_that_it_can_read() {
        let call = br#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"x"}}"#;
        let answer = denied().render(HttpKind::Mcp, &head("application/json"), call);
        let document: Value = serde_json::from_slice(&answer.content).unwrap();
        assert_eq!((answer.status, &document["id"], &document["result"]["isError"]), (200, &json!(7), &json!(true)));
        let list = br#"{"jsonrpc":"2.0","id":"a","method":"tools/list"}"#;
        let answer = denied().render(HttpKind::Mcp, &head("application/json"), list);
        let document: Value = serde_json::from_slice(&answer.content).unwrap();
        assert_eq!(document["error"]["data"]["rule"], "no-money");
        let told = br#"{"jsonrpc":"2.0","method":"notifications/x"}"#;
        assert_eq!(denied().render(HttpKind::Mcp, &head("application/json"), told).status, 403);
    }

    #[test]
    fn grpc_and_graphql_get_their_own_errors() {
        let answer = denied().render(HttpKind::Grpc, &head("application/grpc+proto"), b"");
        assert_eq!(answer.fields[1], ("grpc-status", "7".into()));
        assert!(answer.content.is_empty() && answer.fields[2].1.contains("no-money"));
        let answer = denied().render(HttpKind::Graphql, &head("application/json"), b"");
        let document: Value = serde_json::from_slice(&answer.content).unwrap();
        assert_eq!(document["errors"][0]["extensions"]["rule"], "no-money");
    }
}
