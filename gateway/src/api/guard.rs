//! Who may call what. The need of a sub-router is enforced here and written into its description by the same call, so
//! that the two cannot differ.

use axum::{
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, Method, header, request::Parts};
use policy::Part as Administered;
use subtle::ConstantTimeEq as _;
use utoipa::openapi::{
    Components, SecurityRequirement,
    path::{Operation, PathItem},
    security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
};
use utoipa_axum::router::OpenApiRouter;

use super::{
    ApiState, Problem, ProblemCode, administration,
    caller::{Caller, Source, Via},
    cookie,
};

/// The header with which a script of ours proves that it is ours.
pub(super) const CSRF_HEADER: &str = "x-csrf-token";

/// Who may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// Anybody.
    Nobody,
    /// Somebody who is known, about their own things.
    Caller,
    /// An auditor.
    Auditor,
    /// Somebody who may administer that.
    Admin(Over),
}

/// What is administered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// The policies.
    Policies,
    /// Agents.
    Agents,
    /// What the request names; its handler asks about each.
    Named,
}

impl Need {
    /// The scope in the description.
    fn scope(self) -> Option<&'static str> {
        match self {
            Self::Nobody => None,
            Self::Caller => Some("caller"),
            Self::Auditor => Some("auditor"),
            Self::Admin(_) => Some("admin"),
        }
    }

    async fn must_be_met(self, state: &ApiState, caller: &Caller, path: &str) -> Result<(), Problem> {
        let met = match self {
            Self::Nobody | Self::Caller => true,
            Self::Auditor => caller.roles.auditor,
            Self::Admin(Over::Named) => administration::may_something(state, caller),
            Self::Admin(Over::Policies) => return administration::must(state, caller, Administered::Policies).await,
            Self::Admin(Over::Agents) => return administration::must(state, caller, Administered::Agents).await,
        };
        if met {
            return Ok(());
        }
        state.store.audit(caller.event("api.forbidden", serde_json::json!(path))).await?;
        Err(Problem::new(ProblemCode::Forbidden, "this needs a role that you do not have"))
    }
}

/// A sub-router and who may call it.
pub(super) type Part = (Need, OpenApiRouter<ApiState>);

/// Puts a guard before every route of `part`, and says so in its description.
pub(super) fn guarded(need: Need, mut part: OpenApiRouter<ApiState>, state: &ApiState) -> OpenApiRouter<ApiState> {
    for item in part.get_openapi_mut().paths.paths.values_mut() {
        for operation in operations(item) {
            operation.security = need
                .scope()
                .map(|scope| ["bearer", "cookie"].map(|scheme| SecurityRequirement::new(scheme, [scope])).into());
        }
    }
    if need == Need::Nobody {
        return part;
    }
    part.route_layer(middleware::from_fn_with_state((state.clone(), need), check))
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch].into_iter().flatten()
}

/// The ways to authenticate, for the description.
pub(super) fn security_schemes() -> Components {
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("A token from `sallyport login`, or a ticket"))
        .build();
    let mut components = Components::new();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    let cookie = ApiKey::Cookie(ApiKeyValue::with_description(
        cookie::SIGNED_IN,
        "A browser that signed in; whatever changes something needs the header `x-csrf-token` too",
    ));
    components.add_security_scheme("cookie", SecurityScheme::ApiKey(cookie));
    components
}

async fn check(State((state, need)): State<(ApiState, Need)>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match admit(&state, need, &parts).await {
        Ok(caller) => {
            parts.extensions.insert(caller);
            next.run(Request::from_parts(parts, body)).await
        }
        Err(problem) => problem.into_response(),
    }
}

async fn admit(state: &ApiState, need: Need, request: &Parts) -> Result<Caller, Problem> {
    let source = Source::of(&request.extensions)?.0;
    let caller = Caller::find(state, &request.headers, source).await?;
    let caller = caller.ok_or_else(|| Problem::new(ProblemCode::SignIn, "sign in first"))?;
    let reads = matches!(request.method, Method::GET | Method::HEAD);
    match &caller.via {
        Via::Cookie { csrf, .. } if !reads => is_ours(state, &request.headers, csrf)?,
        Via::Ticket { api: false, .. } if !reads => {
            return Err(Problem::new(ProblemCode::Forbidden, "this ticket can only read its owner's own things"));
        }
        _ => {}
    }
    need.must_be_met(state, &caller, request.uri.path()).await?;
    Ok(caller)
}

/// With a cookie, the browser may have been made to call: only our own pages know the token.
fn is_ours(state: &ApiState, headers: &HeaderMap, csrf: &str) -> Result<(), Problem> {
    let sent = headers.get(CSRF_HEADER).map_or(&b""[..], |value| value.as_bytes());
    same_origin(state, headers)?;
    csrf_matches(sent, csrf)
}

/// Compares the token of a form or script.
pub(super) fn csrf_matches(sent: &[u8], csrf: &str) -> Result<(), Problem> {
    if bool::from(sent.ct_eq(csrf.as_bytes())) {
        return Ok(());
    }
    Err(Problem::new(ProblemCode::Csrf, "this did not come from a page of ours; reload and try again"))
}

/// A browser that says where a request comes from must name us.
pub(super) fn same_origin(state: &ApiState, headers: &HeaderMap) -> Result<(), Problem> {
    match headers.get(header::ORIGIN) {
        Some(origin) if origin.as_bytes() != state.auth.public_url().as_bytes() => {
            Err(Problem::new(ProblemCode::Csrf, "this did not come from a page of ours"))
        }
        _ => Ok(()),
    }
}
