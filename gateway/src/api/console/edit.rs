//! One change of one rule, as a document to apply.

use policy::{Bundle, Engine, form::Rule};

use super::{Wrong, form::Place, invalid};
use crate::api::{
    ApiState, Problem, ProblemCode,
    caller::Caller,
    document::Document,
    export::{Plan, Wish},
    policies,
    policy_document::PolicyDocument,
};
use crate::store::StoreError;

/// A change.
pub(super) enum Edit {
    /// A rule is added to a document, or replaces one.
    Put {
        /// Which document.
        document: String,
        /// The rule that it replaces.
        replaces: Option<String>,
        /// The rule.
        rule: Box<Rule>,
    },
    /// A rule is removed.
    Remove {
        /// Which document.
        document: String,
        /// Its id.
        rule: String,
    },
}

impl Edit {
    pub(super) fn put(place: &Place, rule: Rule) -> Self {
        let replaces = Some(place.replaces.clone()).filter(|replaces| !replaces.is_empty());
        Self::Put { document: place.document.clone(), replaces, rule: Box::new(rule) }
    }

    /// What it changes of the policies at a version, and what would decide then.
    ///
    /// # Errors
    /// If the policies are others by now; what would not be valid; what the caller may not do.
    pub(super) async fn plan(
        &self,
        state: &ApiState,
        caller: &Caller,
        version: u64,
    ) -> Result<(Plan, Option<Engine>), Wrong> {
        if bundle(state)?.version != version {
            return Err(Problem::from(StoreError::Moved).into());
        }
        let mut wish = Wish { expected: Some(version), ..Wish::default() };
        let next = self.document(state)?;
        if next.rules.as_ref().is_some_and(Vec::is_empty) {
            wish.remove_documents.push(next.name);
        } else {
            wish.document = Document { policies: vec![next], ..Document::default() };
            wish.document.check().map_err(|wrong| invalid(wrong.to_string()))?;
        }
        Ok(Plan::of(state, caller, wish).await?)
    }

    /// The document after it.
    fn document(&self, state: &ApiState) -> Result<PolicyDocument, Wrong> {
        let (Self::Put { document, .. } | Self::Remove { document, .. }) = self;
        let mut rules = rules(state, document)?.unwrap_or_default();
        match self {
            Self::Remove { rule, .. } => match rules.iter().position(|known| known.id == *rule) {
                Some(place) => drop(rules.remove(place)),
                None => return Err(Problem::not_found().into()),
            },
            Self::Put { replaces: Some(replaces), rule, .. } => {
                match rules.iter_mut().find(|known| known.id == *replaces) {
                    Some(known) => known.clone_from(rule),
                    None => return Err(Problem::not_found().into()),
                }
            }
            Self::Put { replaces: None, rule, .. } => rules.push(Rule::clone(rule)),
        }
        Ok(PolicyDocument { name: document.clone(), text: None, rules: Some(rules) })
    }
}

/// The rules of a document; `None` if there is no such document.
fn rules(state: &ApiState, document: &str) -> Result<Option<Vec<Rule>>, Wrong> {
    match policies::documents(state).into_iter().find(|known| known.name == document) {
        None => Ok(None),
        Some(PolicyDocument { rules: Some(rules), .. }) => Ok(Some(rules)),
        Some(_) => {
            Err(invalid(format!("{document} is written in Cedar; change it in its file, or name another document")))
        }
    }
}

/// A rule as it is.
pub(super) fn present(state: &ApiState, document: &str, rule: &str) -> Result<Rule, Wrong> {
    let rules = rules(state, document)?.unwrap_or_default();
    rules.into_iter().find(|known| known.id == rule).ok_or_else(|| Problem::not_found().into())
}

/// The bundle in force.
pub(super) fn bundle(state: &ApiState) -> Result<Bundle, Wrong> {
    let snapshot = state.store.snapshot();
    let engine = snapshot.engine().ok_or_else(|| Problem::new(ProblemCode::Internal, "the policies cannot be read"))?;
    Ok(engine.bundle().clone())
}
