//! Small content is read before anything is answered. Over HTTP/2 an answer that comes first resets the stream, and some clients take
//! that for a failure of the answer (curl: error 92).

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::header;

use super::{Problem, ProblemCode};

/// What is read first, in bytes. Longer content is read by whoever wants it.
const SMALL: usize = 64 * 1024;

/// Reads small content of a request whole.
pub(super) async fn small_content(request: Request, next: Next) -> Response {
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if length.is_none_or(|length: usize| length == 0 || length > SMALL) {
        return next.run(request).await;
    }
    let (head, content) = request.into_parts();
    match to_bytes(content, SMALL).await {
        Ok(content) => next.run(Request::from_parts(head, Body::from(content))).await,
        Err(_) => Problem::new(ProblemCode::Invalid, "the content did not arrive whole").into_response(),
    }
}
