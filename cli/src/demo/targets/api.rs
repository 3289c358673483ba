//! The shop's "functions" as an HTTP API with an OpenAPI document. Callers need the API's own token, except at the
//! side door, which exists so that answers can be compared with and without a gateway in between.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr},
    sync::{Arc, LazyLock},
    time::Duration,
};

use anyhow::Result;
use axum::{
    Extension, Json, Router,
    body::{Body, Bytes},
    extract::{Path, Query, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{
        IntoResponse, Response,
        sse::{Event, Sse},
    },
    routing::{get, post},
};
use futures::{Stream, StreamExt, stream};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::demo::{server::Server, shop};

/// After so many bytes a made-up body begins again.
const NOISE_LENGTH: usize = 4 << 20;
/// The largest body that `/bytes/{count}` makes up.
const MAX_BYTES: u64 = 4 << 30;
const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const PIECE: usize = 64 * 1024;

/// The running API. Stops when dropped.
#[derive(Debug)]
pub struct Api {
    /// Where it listens on 127.0.0.1; wants the token.
    pub port: u16,
    /// The side door on 127.0.0.1; wants nothing.
    pub direct_port: u16,
    /// The token.
    pub token: String,
    _servers: [Server; 2],
}

impl Api {
    /// Starts the API on two ports of 127.0.0.1.
    ///
    /// # Errors
    /// If a port is taken.
    pub async fn start(port: u16, direct_port: u16, token: String) -> Result<Self> {
        let known = Token(token.as_str().into());
        let functions = functions().layer(Extension(known.clone()));
        let guarded = functions.clone().layer(middleware::from_fn_with_state(known, guard));
        let servers = [Server::start(HERE, port, guarded).await?, Server::start(HERE, direct_port, functions).await?];
        Ok(Self { port, direct_port, token, _servers: servers })
    }
}

/// The API's own token.
#[derive(Clone)]
struct Token(Arc<str>);

async fn guard(State(expected): State<Token>, request: Request, next: Next) -> Response {
    let given = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if given.and_then(|given| given.strip_prefix("Bearer ")) == Some(&*expected.0) {
        return next.run(request).await;
    }
    problem(StatusCode::UNAUTHORIZED, "the shop's API wants its own token")
}

fn functions() -> Router {
    Router::new()
        .route("/openapi.json", get(|| async { Json(document()) }))
        .route("/customers/{id}", get(get_customer))
        .route("/customers", get(search_customers))
        .route("/exports/customers", get(export_customers))
        .route("/refunds", post(issue_refund))
        .route("/events", get(events))
        .route("/echo", get(echo).post(echo).put(echo).delete(echo))
        .route("/sink", post(sink).put(sink))
        .route("/bytes/{count}", get(bytes))
}

/// `get_customer`
async fn get_customer(Path(id): Path<u32>) -> Response {
    if (1..=shop::CUSTOMERS).contains(&id) {
        Json(shop::customer(id)).into_response()
    } else {
        problem(StatusCode::NOT_FOUND, "no such customer")
    }
}

#[derive(Deserialize)]
struct Search {
    #[serde(default)]
    q: String,
    #[serde(default = "ten")]
    limit: usize,
}

fn ten() -> usize {
    10
}

/// `search_customers`
async fn search_customers(Query(search): Query<Search>) -> Json<Value> {
    let wanted = search.q.to_lowercase();
    let found: Vec<_> = shop::customers()
        .into_iter()
        .filter(|customer| customer.name.to_lowercase().contains(&wanted) || customer.email.contains(&wanted))
        .take(search.limit)
        .collect();
    Json(json!({ "count": found.len(), "customers": found }))
}

/// `export_customers`: CSV, streamed.
async fn export_customers() -> Response {
    let head = stream::once(async { "id,name,email,phone,card,ssn\n".to_owned() });
    let rows = stream::iter(shop::customers())
        .map(|one| format!("{},{},{},{},{},{}\n", one.id, one.name, one.email, one.phone, one.card, one.ssn));
    let body = Body::from_stream(head.chain(rows).map(Ok::<_, Infallible>));
    ([(header::CONTENT_TYPE, "text/csv")], body).into_response()
}

#[derive(Deserialize)]
struct Refund {
    order_id: u32,
    amount_cents: u32,
    #[serde(default)]
    reason: String,
}

/// `issue_refund`
async fn issue_refund(Json(refund): Json<Refund>) -> Response {
    let answer = json!({
        "refund_id": format!("r-{}", refund.order_id),
        "order_id": refund.order_id,
        "amount_cents": refund.amount_cents,
        "reason": refund.reason,
        "status": "issued",
    });
    (StatusCode::CREATED, Json(answer)).into_response()
}

#[derive(Deserialize)]
struct Pace {
    #[serde(default = "ten")]
    count: usize,
    #[serde(default)]
    every_ms: u64,
}

/// Server-sent events, one customer each.
async fn events(Query(pace): Query<Pace>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let every = Duration::from_millis(pace.every_ms);
    Sse::new(stream::iter(1..).take(pace.count).then(move |id: u32| async move {
        tokio::time::sleep(every).await;
        let customer = serde_json::to_string(&shop::customer(id)).unwrap_or_default();
        Ok(Event::default().id(id.to_string()).event("customer").data(customer))
    }))
}

/// What arrived here: method, path, every header and the body's size and text. The API's own token is never said back.
async fn echo(Extension(token): Extension<Token>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, 1 << 20).await else {
        return problem(StatusCode::PAYLOAD_TOO_LARGE, "echo takes up to 1 MiB");
    };
    Json(json!({
        "method": parts.method.as_str(),
        "path": parts.uri.to_string(),
        "version": format!("{:?}", parts.version),
        "headers": header_list(&parts.headers, &token),
        "body": String::from_utf8_lossy(&body),
    }))
    .into_response()
}

fn header_list(headers: &HeaderMap, token: &Token) -> Vec<[String; 2]> {
    let text =
        |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).replace(&*token.0, "(the shop's own token)");
    headers.iter().map(|(name, value)| [name.to_string(), text(value)]).collect()
}

/// Counts what is uploaded.
async fn sink(body: Body) -> Response {
    let mut pieces = body.into_data_stream();
    let mut total: u64 = 0;
    while let Some(piece) = pieces.next().await {
        let Ok(piece) = piece else { return problem(StatusCode::BAD_REQUEST, "the upload broke off") };
        total += piece.len() as u64;
    }
    Json(json!({ "bytes": total })).into_response()
}

/// Makes up a download of that many bytes. It looks like a packed file, and is the same each time.
async fn bytes(Path(count): Path<u64>) -> Response {
    let count = count.min(MAX_BYTES);
    let body = stream::unfold(0, move |sent: u64| async move {
        let size = usize::try_from(count - sent).unwrap_or(PIECE).min(PIECE);
        let from = usize::try_from(sent % NOISE_LENGTH as u64).unwrap_or_default();
        let piece = NOISE.slice(from..from + size);
        (size > 0).then(|| (Ok::<_, Infallible>(piece), sent + size as u64))
    });
    let headers =
        [(header::CONTENT_TYPE, "application/octet-stream".to_owned()), (header::CONTENT_LENGTH, count.to_string())];
    (headers, Body::from_stream(body)).into_response()
}

/// Noise that is repeated, and a piece more, so that a piece may begin anywhere in it.
static NOISE: LazyLock<Bytes> = LazyLock::new(|| {
    let mut word = 0x2545_F491_4F6C_DD1D_u64;
    let words = std::iter::repeat_with(|| {
        word ^= word << 13;
        word ^= word >> 7;
        word ^= word << 17;
        word
    });
    let noise: Vec<u8> = words.flat_map(u64::to_le_bytes).take(NOISE_LENGTH).collect();
    noise.iter().chain(&noise).take(NOISE_LENGTH + PIECE).copied().collect()
});

fn problem(status: StatusCode, detail: &str) -> Response {
    let body = json!({ "title": status.canonical_reason(), "status": status.as_u16(), "detail": detail });
    (status, [(header::CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response()
}

/// The OpenAPI 3.1 document of the functions.
pub(in crate::demo) fn document() -> Value {
    let id = json!({ "name": "id", "in": "path", "required": true, "schema": { "type": "integer", "minimum": 1 } });
    let text = |name: &str| json!({ "name": name, "in": "query", "schema": { "type": "string" } });
    let number = |name: &str| json!({ "name": name, "in": "query", "schema": { "type": "integer" } });
    let ok = |kind: &str| json!({ "200": { "description": "OK", "content": { kind: { "schema": {} } } } });
    let mut document = json!({
        "openapi": "3.1.0",
        "info": { "title": "Shop functions", "version": "1.0.0", "description": "A made-up shop, for the Sallyport demo." },
        "paths": {
            "/customers/{id}": { "get": {
                "operationId": "get_customer", "summary": "One customer", "parameters": [id],
                "responses": { "200": { "description": "The customer", "content": { "application/json": {
                    "schema": { "$ref": "#/components/schemas/Customer" } } } }, "404": { "description": "No such customer" } } } },
            "/customers": { "get": {
                "operationId": "search_customers", "summary": "Customers by name or e-mail",
                "parameters": [text("q"), number("limit")], "responses": ok("application/json") } },
            "/exports/customers": { "get": {
                "operationId": "export_customers", "summary": "All customers as CSV", "responses": ok("text/csv") } },
            "/refunds": { "post": {
                "operationId": "issue_refund", "summary": "Pay money back", "x-sallyport-labels": ["money"],
                "requestBody": { "required": true, "content": { "application/json": {
                    "schema": { "$ref": "#/components/schemas/Refund" } } } },
                "responses": { "201": { "description": "Issued" } } } },
        },
        "components": {
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
            "schemas": {
                "Customer": { "type": "object", "properties": {
                    "id": { "type": "integer" }, "name": { "type": "string" }, "email": { "type": "string" },
                    "phone": { "type": "string" }, "card": { "type": "string" }, "ssn": { "type": "string" },
                    "note": { "type": "string" }, "profile": { "type": "object" } } },
                "Refund": { "type": "object", "required": ["order_id", "amount_cents"], "properties": {
                    "order_id": { "type": "integer" }, "amount_cents": { "type": "integer" }, "reason": { "type": "string" } } },
            },
        },
        "security": [{ "token": [] }],
    });
    if let (Some(paths), Value::Object(aids)) = (document.get_mut("paths").and_then(Value::as_object_mut), aids()) {
        paths.extend(aids);
    }
    document
}

/// The paths that exist to show how streams, uploads and fields travel.
fn aids() -> Value {
    let number = |name: &str, place: &str| json!({ "name": name, "in": place, "required": place == "path", "schema": { "type": "integer" } });
    let reads = |name: &str, parameters: &[Value]| {
        json!({ "operationId": name, "x-sallyport-effect": "read", "parameters": parameters,
            "responses": { "200": { "description": "OK" } } })
    };
    json!({
        "/openapi.json": { "get": reads("describe", &[]) },
        "/events": { "get": reads("stream_customers", &[number("count", "query"), number("every_ms", "query")]) },
        "/echo": {
            "get": reads("echo", &[]), "post": reads("echo_post", &[]),
            "put": reads("echo_put", &[]), "delete": reads("echo_delete", &[]),
        },
        "/sink": { "post": reads("count_post", &[]), "put": reads("count_put", &[]) },
        "/bytes/{count}": { "get": reads("make_bytes", &[number("count", "path")]) },
    })
}
