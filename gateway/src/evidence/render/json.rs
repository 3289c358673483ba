//! Events as JSON, one line each. Bytes are `text` where they are UTF-8 and `base64` where not; hashes are hexadecimal.

use std::io::Write as _;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use proto::event::{Completed, Event, Field, Kind, Opened, Request, Stream};
use serde_json::{Map, Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// Appends one event and a line end.
pub(super) fn line(event: &Event, out: &mut Vec<u8>) {
    let mut object = Map::new();
    object.insert("seq".into(), event.seq.into());
    object.insert("at".into(), at(event.at_unix_ns).into());
    object.insert("exchange".into(), event.exchange.into());
    let (kind, detail) = event.kind.as_ref().map_or(("unknown", Value::Null), detail);
    object.insert("kind".into(), kind.into());
    if let Value::Object(detail) = detail {
        object.extend(detail);
    }
    object.insert("prev".into(), hex::encode(&event.prev).into());
    let _infallible = writeln!(out, "{}", Value::Object(object));
}

fn detail(kind: &Kind) -> (&'static str, Value) {
    match kind {
        Kind::Opened(opened) => ("opened", self::opened(opened)),
        Kind::Request(request) => ("request", self::request(request)),
        Kind::Data(data) => ("data", bytes(data.stream(), &data.bytes)),
        Kind::Completed(completed) => ("completed", self::completed(completed)),
        Kind::Masked(masked) => (
            "masked",
            json!({"field": masked.field, "label": masked.label, "detector": masked.detector,
                   "transform": masked.transform, "count": masked.count}),
        ),
        Kind::Refused(refused) => {
            let approvers = &refused.approvers;
            let incident = refused.incident.as_ref().map(|incident| incident.number);
            (
                "refused",
                json!({"code": refused.code, "reason": refused.reason, "rule": refused.rule, "bundle": refused.bundle,
                       "approvers": approvers, "incident": incident}),
            )
        }
        Kind::Released(released) => {
            ("released", json!({"incident": released.incident, "by": released.by, "reason": released.reason}))
        }
        Kind::Truncated(truncated) => (
            "truncated",
            json!({"stream": stream(truncated.stream()), "omitted_bytes": truncated.omitted_bytes,
                   "omitted_sha256": hex::encode(&truncated.omitted_sha256)}),
        ),
        Kind::Resized(size) => ("resized", json!({"columns": size.columns, "rows": size.rows})),
        Kind::Closed(closed) => (
            "closed",
            json!({"code": closed.code, "message": closed.message, "requests": closed.requests,
                   "bytes_out": closed.bytes_out, "bytes_in": closed.bytes_in}),
        ),
    }
}

fn opened(opened: &Opened) -> Value {
    json!({
        "session": opened.session, "connection": opened.connection, "protocol": opened.protocol,
        "address": opened.address, "target_login": opened.target_login, "subject": opened.subject,
        "issuer": opened.issuer, "groups": opened.groups, "method": opened.method,
        "credential_id": opened.credential_id, "source": opened.source, "client": opened.client,
        "detectors": opened.detectors, "actor": opened.actor, "actor_groups": opened.actor_groups, "mfa": opened.mfa,
        "authenticated": signed_in(opened.authenticated_at_unix_ms), "reason": opened.reason,
    })
}

fn request(request: &Request) -> Value {
    json!({
        "operation": request.operation, "text": request.text, "fields": fields(&request.fields),
        "bytes": request.bytes, "digest": hex::encode(&request.digest), "bundle": request.bundle, "rules": request.rules,
        "facts": serde_json::from_str(&request.facts).unwrap_or(Value::Null), "shadow": request.shadow,
        "revealed": request.revealed,
    })
}

fn completed(completed: &Completed) -> Value {
    json!({
        "outcome": completed.outcome, "status": completed.status, "code": completed.code, "rows": completed.rows,
        "bytes_out": completed.bytes_out, "bytes_in": completed.bytes_in, "duration_ns": completed.duration_ns,
        "fields": fields(&completed.fields),
    })
}

/// A list, because a name may stand twice.
fn fields(fields: &[Field]) -> Value {
    fields.iter().map(|field| json!([field.name, field.value])).collect()
}

fn bytes(stream: Stream, bytes: &[u8]) -> Value {
    let stream = self::stream(stream);
    match std::str::from_utf8(bytes) {
        Ok(text) => json!({"stream": stream, "text": text}),
        Err(_) => json!({"stream": stream, "base64": BASE64_STANDARD.encode(bytes)}),
    }
}

fn stream(stream: Stream) -> &'static str {
    match stream {
        Stream::Out => "out",
        Stream::Err => "err",
        Stream::In => "in",
        Stream::Unspecified => "request",
    }
}

/// When the caller signed in; nothing where the record does not say.
fn signed_in(unix_ms: i64) -> Value {
    if unix_ms == 0 { Value::Null } else { at(unix_ms.saturating_mul(1_000_000)).into() }
}

fn at(unix_ns: i64) -> String {
    let time = OffsetDateTime::from_unix_timestamp_nanos(unix_ns.into()).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    time.format(&Rfc3339).unwrap_or_default()
}
