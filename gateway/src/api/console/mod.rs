//! Policies in the browser: every rule as a sentence with its source, and a form for rules of the short form. A rule goes from the form to a
//! preview, which says what it says and changes, and from there through what `apply` goes through: the same checks, rights, audit
//! event and bundle. No script runs; what a preview showed travels to the save as it is.

mod edit;
mod fields;
mod form;
mod list;
mod preview;
mod words;

use axum::{
    Form, Router,
    extract::{Query, State},
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use http::HeaderMap;
use policy::{Part, form::Rule};
use serde::Deserialize;

use self::{edit::Edit, fields::Fields};
use super::{ApiState, Problem, ProblemCode, administration, html, person::Person};

pub(super) fn routes() -> Router<ApiState> {
    Router::new()
        .route("/policies", get(list_page))
        .route("/policies/rule", get(form_page).post(form_again))
        .route("/policies/preview", post(preview_page))
        .route("/policies/save", post(save))
}

/// A problem as a page.
struct Wrong(Problem);

impl From<Problem> for Wrong {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl IntoResponse for Wrong {
    fn into_response(self) -> Response {
        let title = match self.0.code() {
            ProblemCode::Conflict => "Changed meanwhile",
            ProblemCode::Invalid => "This cannot be saved",
            ProblemCode::Forbidden | ProblemCode::Csrf => "Not with these rights",
            _ => "This did not work",
        };
        (self.0.status(), html::message_back(title, &self.0.to_string(), "/policies")).into_response()
    }
}

fn invalid(text: impl Into<String>) -> Wrong {
    Wrong(Problem::new(ProblemCode::Invalid, text))
}

/// Goes on if the person may change policies.
async fn may_change(state: &ApiState, person: &Person) -> Result<(), Wrong> {
    Ok(administration::must(state, &person.caller, Part::Policies).await?)
}

async fn list_page(State(state): State<ApiState>, person: Person) -> Result<Html<String>, Wrong> {
    let changes = administration::may(&state, &person.caller, Part::Policies, None).is_ok();
    if !changes && !person.caller.roles.auditor {
        may_change(&state, &person).await?;
    }
    list::page(&state, changes.then_some(person.csrf.as_str()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    #[serde(default)]
    document: String,
    #[serde(default)]
    rule: String,
}

async fn form_page(
    State(state): State<ApiState>,
    person: Person,
    Query(which): Query<Which>,
) -> Result<Html<String>, Wrong> {
    may_change(&state, &person).await?;
    let mut fields = Fields::default();
    if !which.rule.is_empty() {
        let rule = edit::present(&state, &which.document, &which.rule)?;
        fields = Fields::of(&rule)
            .ok_or_else(|| invalid("this rule has characters that a form cannot carry; change it in its file"))?;
    }
    Ok(form::page(&state, &person.csrf, &form::Place { document: which.document, replaces: which.rule }, &fields, ""))
}

/// The form with what a preview showed.
async fn form_again(
    State(state): State<ApiState>,
    person: Person,
    headers: HeaderMap,
    Form(sent): Form<Vec<(String, String)>>,
) -> Result<Html<String>, Wrong> {
    let sent = Fields::from(sent);
    person.sent(&state, &headers, sent.get("csrf"))?;
    may_change(&state, &person).await?;
    let fields = Fields::of(&kept(&sent)?).unwrap_or_default();
    Ok(form::page(&state, &person.csrf, &form::Place::of(&sent), &fields, ""))
}

async fn preview_page(
    State(state): State<ApiState>,
    person: Person,
    headers: HeaderMap,
    Form(sent): Form<Vec<(String, String)>>,
) -> Result<Response, Wrong> {
    let sent = Fields::from(sent);
    person.sent(&state, &headers, sent.get("csrf"))?;
    may_change(&state, &person).await?;
    let place = form::Place::of(&sent);
    let edit = if sent.get("remove").is_empty() {
        match sent.rule(&edit::bundle(&state)?) {
            Ok(rule) => Edit::put(&place, rule),
            Err(wrong) => return Ok(again(&state, &person, &place, &sent, &wrong)),
        }
    } else {
        Edit::Remove { document: place.document.clone(), rule: sent.get("remove").to_owned() }
    };
    match preview::page(&state, &person, &place, &edit).await {
        Ok(page) => Ok(page.into_response()),
        Err(Wrong(problem)) if problem.code() == ProblemCode::Invalid && matches!(edit, Edit::Put { .. }) => {
            Ok(again(&state, &person, &place, &sent, &problem.to_string()))
        }
        Err(wrong) => Err(wrong),
    }
}

/// The form as it was sent, with what is wrong.
fn again(state: &ApiState, person: &Person, place: &form::Place, sent: &Fields, wrong: &str) -> Response {
    let page = form::page(state, &person.csrf, place, sent, wrong);
    (http::StatusCode::UNPROCESSABLE_ENTITY, page).into_response()
}

async fn save(
    State(state): State<ApiState>,
    person: Person,
    headers: HeaderMap,
    Form(sent): Form<Vec<(String, String)>>,
) -> Result<Redirect, Wrong> {
    let sent = Fields::from(sent);
    person.sent(&state, &headers, sent.get("csrf"))?;
    may_change(&state, &person).await?;
    let place = form::Place::of(&sent);
    let version = sent.get("version").parse().map_err(|_| invalid("the form names no version"))?;
    let edit = if sent.get("remove").is_empty() {
        Edit::put(&place, kept(&sent)?)
    } else {
        Edit::Remove { document: place.document, rule: sent.get("remove").to_owned() }
    };
    let (plan, _next) = edit.plan(&state, &person.caller, version).await?;
    let _applied = plan.carry_out(&state, &person.caller, false).await?;
    Ok(Redirect::to("/policies"))
}

/// The rule that a preview showed.
fn kept(sent: &Fields) -> Result<Rule, Wrong> {
    preview::unpacked(sent.get("kept")).ok_or_else(|| invalid("the form carries no rule"))
}
