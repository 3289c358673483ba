//! The guarantee *enforced*: before a session begins it is proven that the login can read no marked column. What makes it
//! so is planned here and applied for an administrator, on the agent's machine: their credential goes nowhere else.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use proto::{Code, PostgresSettings, Refusal};
use sql::{
    Catalog,
    catalog::LOAD,
    enforce::{self, Plan, Rights, Unproven},
    lineage::Marks,
};

use super::{
    catalog::{Place, Unanswered, rows},
    connect, marked,
};
use crate::target::{Context, Door};

/// How long a proof counts for sessions that begin, and how long it counts that there is none.
const COUNTS: Duration = Duration::from_secs(15);
const DOUBTED: Duration = Duration::from_secs(1);

/// The newest proof of one login in one database: when, for which settings, and what stands in the way.
type Proof = Option<(Instant, PostgresSettings, Arc<[String]>)>;

/// Proofs by place. As many as there are connections that promise one.
#[derive(Default)]
pub(super) struct Proofs(Mutex<HashMap<Place, Arc<tokio::sync::Mutex<Proof>>>>);

impl Proofs {
    fn of(&self, place: Place) -> Arc<tokio::sync::Mutex<Proof>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Callers may name databases, so what nobody waits for and no longer counts is forgotten.
        known.retain(|_, proof| {
            Arc::strong_count(proof) > 1
                || proof.try_lock().is_ok_and(|proof| proof.as_ref().is_some_and(|(at, ..)| at.elapsed() < COUNTS))
        });
        Arc::clone(known.entry(place).or_default())
    }
}

/// Why a guarantee cannot be planned, applied or verified.
#[derive(Debug, thiserror::Error)]
pub enum GuaranteeError {
    /// The database does not answer.
    #[error(transparent)]
    Unanswered(#[from] Unanswered),
    /// Its answer is not one.
    #[error(transparent)]
    Unproven(#[from] Unproven),
    /// Its catalog cannot be read.
    #[error(transparent)]
    Catalog(#[from] sql::catalog::Unreadable),
    /// The markings are wrong.
    #[error("{0}")]
    Markings(String),
}

/// Proves that the login can read no marked column, if the connection promises that.
///
/// # Errors
/// The refusal for the client. What stands in the way is in the agent's log, and `sallyport guarantee verify` says it.
pub(super) async fn prove(context: &Context, settings: &PostgresSettings) -> Result<(), Refusal> {
    if !settings.masking.is_enforced() {
        return Ok(());
    }
    let database = connect::database(context, settings)?.to_owned();
    let place = (context.grant.address.clone(), settings.login.clone(), database.clone());
    let proof = context.catalogs.1.of(place);
    let mut proof = proof.lock().await;
    let wrong = match &*proof {
        Some((at, of, wrong)) if of == settings && at.elapsed() < if wrong.is_empty() { COUNTS } else { DOUBTED } => {
            Arc::clone(wrong)
        }
        _ => {
            let began = Instant::now();
            let wrong: Arc<[String]> = verify(&context.door(), settings, &database).await.map_err(unproven)?.into();
            *proof = Some((began, settings.clone(), Arc::clone(&wrong)));
            wrong
        }
    };
    drop(proof);
    if wrong.is_empty() {
        return Ok(());
    }
    for reason in wrong.iter().take(20) {
        tracing::warn!(session = %context.session, reason, "the masking guarantee does not hold");
    }
    let text = "the database could give masked values to this connection's login; its administrator can run `sallyport guarantee verify`";
    Err(Refusal::new(Code::Guarantee, text))
}

fn unproven(error: GuaranteeError) -> Refusal {
    match error {
        GuaranteeError::Unanswered(Unanswered::Unreachable(refusal)) => refusal,
        other => Refusal::new(Code::Guarantee, format!("the masking guarantee cannot be proven: {other}")),
    }
}

/// What stands in the way of the guarantee for the connection's login in a database; empty if it holds.
///
/// # Errors
/// If that cannot be found out.
pub async fn verify(door: &Door, settings: &PostgresSettings, database: &str) -> Result<Vec<String>, GuaranteeError> {
    let (marks, rights) = look(door, settings, database).await?;
    let mut wrong = enforce::verify(&marks, &rights);
    // Elsewhere a table may be absent; in the connection's own database a marking without one has lost its table.
    let absent = settings.masking.columns.keys().filter(|name| {
        let parts: Vec<&str> = name.split('.').collect();
        let [schema, table, _] = parts.as_slice() else { return true };
        !marks.catalog().relations.contains_key(&((*schema).to_owned(), (*table).to_owned()))
    });
    if database == settings.database {
        wrong.extend(absent.map(|name| format!("{name} is marked and does not exist")));
    }
    Ok(wrong)
}

/// What makes the guarantee hold.
///
/// # Errors
/// If the database cannot be read.
pub async fn plan(door: &Door, settings: &PostgresSettings, database: &str) -> Result<Plan, GuaranteeError> {
    let (marks, rights) = look(door, settings, database).await?;
    Ok(enforce::plan(&marks, &rights))
}

/// Runs statements in one transaction, as `settings.login`; nothing of it stays if one is refused.
///
/// # Errors
/// If the database refuses it.
pub async fn apply(
    door: &Door,
    settings: &PostgresSettings,
    database: &str,
    statements: &[String],
) -> Result<(), GuaranteeError> {
    let text = format!("BEGIN; SET LOCAL lock_timeout = '5s'; {}; COMMIT", statements.join("; "));
    rows(door, settings, database, &text).await?;
    Ok(())
}

/// The database's catalog with what is marked in it, and the rights of the login.
async fn look(door: &Door, settings: &PostgresSettings, database: &str) -> Result<(Marks, Rights), GuaranteeError> {
    let rules = marked::rules(settings).map_err(|refusal| GuaranteeError::Markings(refusal.message))?;
    let answer = rows(door, settings, database, LOAD).await?;
    let read = tokio::task::spawn_blocking(move || {
        let catalog = Catalog::read(1, answer.iter().map(String::as_str))?;
        let marks = Marks::new(Arc::new(catalog), &rules.markings).allowing(&rules.functions).without_policies();
        let asked = enforce::relations(&marks);
        Ok::<_, sql::catalog::Unreadable>((marks, asked))
    });
    let (marks, asked) = read.await.map_err(|_| Unanswered::Broken)??;
    let answer = rows(door, settings, database, &enforce::ask(&asked)).await?;
    let rights = Rights::read(answer.iter().map(String::as_str))?;
    Ok((marks, rights))
}
