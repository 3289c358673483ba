//! A call as it is written down for a test or an explanation: who, where, what.

use std::collections::BTreeSet;

use anyhow::{Result, bail};
use policy::{ActorKind, Caller, Circumstances, Effect, Engine, Facts, Function, Principal, Verdict};
use serde::Deserialize;

use super::{
    http::{Asked, Http},
    source::Source,
};

/// Labels that are looked for where a case does not say.
const LABELS: [&str; 6] = ["card", "ssn", "email", "phone", "iban", "secret"];

/// Who calls.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Who {
    /// The subject.
    pub(super) subject: String,
    /// Its groups.
    #[serde(default)]
    pub(super) groups: Vec<String>,
    /// Who acts for it: `ai:NAME` or `workload:NAME`.
    #[serde(default)]
    pub(super) actor: Option<String>,
    /// The actor's groups.
    #[serde(default)]
    pub(super) actor_groups: Vec<String>,
}

/// What surrounds the call.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Around {
    /// RFC 3339; now when absent.
    pub(super) now: Option<String>,
    /// An address.
    pub(super) source: Option<String>,
    /// Seconds since the sign-in.
    pub(super) auth_age: i64,
    /// A second factor was used.
    pub(super) mfa: bool,
    /// The reason that was given.
    pub(super) reason: Option<String>,
    /// How the caller logged in: `ticket` (when absent), `ssh-key`.
    pub(super) method: Option<String>,
    /// What the client says it is.
    pub(super) client: String,
}

/// What is called; one of them.
#[derive(Clone, Debug, Default, Deserialize, clap::Args)]
#[serde(default)]
pub(super) struct What {
    /// A PostgreSQL statement.
    #[arg(long, value_name = "TEXT")]
    pub(super) sql: Option<String>,
    /// An SSH command line.
    #[arg(long, value_name = "COMMAND")]
    pub(super) ssh: Option<String>,
    #[command(flatten)]
    #[serde(flatten)]
    pub(super) http: Http,
    /// The name of a function, for facts that are written out.
    #[arg(long, value_name = "NAME")]
    pub(super) function: Option<String>,
    /// What that function does: `read`, `write` or `admin`.
    #[arg(long, value_name = "EFFECT")]
    pub(super) effect: Option<String>,
    /// More facts, as JSON: `{"rows": 5000}`.
    #[arg(long, value_name = "JSON", value_parser = parse_facts)]
    pub(super) facts: Option<serde_json::Value>,
}

fn parse_facts(text: &str) -> Result<serde_json::Value, serde_json::Error> {
    serde_json::from_str(text)
}

/// A call, and what policy says about it.
pub(super) struct Tried {
    pub(super) facts: Facts,
    pub(super) verdict: Verdict,
    /// Labels whose values would reach the target as they are, in marked parameters.
    pub(super) sends: Vec<String>,
}

/// A call as it was written down.
enum Call {
    Known(Box<Facts>),
    Http(Box<Asked>),
}

impl What {
    /// Decides about the call as the agent would: by what the target gets of it.
    ///
    /// # Errors
    /// If it does not say what is called, or says it twice; why a request would be refused before policy is asked.
    pub(super) fn try_out(
        &self,
        engine: &Engine,
        who: &Who,
        around: &Around,
        source: &Source,
        connection: &str,
    ) -> Result<Tried> {
        let call = self.call(source, connection)?;
        let marked = match &call {
            Call::Http(asked) => asked.marked(),
            Call::Known(_) => Vec::new(),
        };
        let labels = labels(&marked);
        let scope = engine.scope(who.caller()?, connection, &labels)?;
        let around = around.circumstances()?;
        let mut facts = self.facts(&call, &[])?;
        let mut sends = Vec::new();
        if let Ok(came) = self.facts(&call, &labels) {
            let raw = engine.sends_raw(&scope, &came, &around);
            let goes = self.facts(&call, &raw)?;
            let still = engine.sends_raw(&scope, &goes, &around);
            if raw.iter().all(|label| still.contains(label)) {
                (facts, sends) = (goes, raw);
            }
        }
        let verdict = engine.decide(&scope, &facts, &around);
        Ok(Tried { facts, verdict, sends })
    }

    fn facts(&self, call: &Call, raw: &[String]) -> Result<Facts> {
        let facts = match call {
            Call::Known(facts) => Facts::clone(facts),
            Call::Http(asked) => asked.facts(raw)?,
        };
        let Some(more) = &self.facts else { return Ok(facts) };
        let mut all = serde_json::to_value(&facts)?;
        let (Some(all_fields), Some(more)) = (all.as_object_mut(), more.as_object()) else {
            bail!("`facts` is an object");
        };
        all_fields.extend(more.clone());
        Ok(serde_json::from_value(all)?)
    }

    fn call(&self, source: &Source, connection: &str) -> Result<Call> {
        let facts = match (&self.sql, &self.ssh, &self.http.http, &self.function) {
            (Some(text), None, None, None) => agent::filter::pg::facts_of(text),
            (None, Some(command), None, None) => agent::filter::ssh::facts_of(command),
            (None, None, Some(line), None) => {
                return Ok(Call::Http(Box::new(self.http.asked(line, source, connection)?)));
            }
            (None, None, None, Some(name)) => Facts {
                functions: BTreeSet::from([Function { name: name.clone(), effect: self.effect()? }]),
                verbs: BTreeSet::from([name.clone()]),
                filtered: true,
                bounded: true,
                statements: 1,
                ..Facts::default()
            },
            _ => bail!("say what is called: one of `sql`, `ssh`, `http` and `function`"),
        };
        Ok(Call::Known(Box::new(facts)))
    }

    fn effect(&self) -> Result<Effect> {
        Ok(match self.effect.as_deref() {
            Some("read") => Effect::Read,
            Some("write") | None => Effect::Write,
            Some("admin") => Effect::Admin,
            Some(other) => bail!("effect `{other}`: use read, write or admin"),
        })
    }
}

impl Who {
    fn caller(&self) -> Result<Caller> {
        let subject = Principal { kind: ActorKind::Person, name: self.subject.clone(), groups: self.groups.clone() };
        let actor = match &self.actor {
            None => None,
            Some(actor) => {
                let parts = actor.split_once(':').map(|(kind, name)| (kind.parse(), name));
                let Some((Ok(kind), name)) = parts else { bail!("actor: write ai:NAME or workload:NAME") };
                Some(Principal { kind, name: name.to_owned(), groups: self.actor_groups.clone() })
            }
        };
        Ok(Caller { subject, actor })
    }
}

impl Around {
    pub(super) fn circumstances(&self) -> Result<Circumstances> {
        let now = match &self.now {
            Some(text) => time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339)?,
            None => time::OffsetDateTime::now_utc(),
        };
        let now = now.unix_timestamp();
        Ok(Circumstances {
            now,
            source: self.source.as_deref().map(str::parse).transpose()?,
            auth_method: self.method.clone().unwrap_or_else(|| "ticket".into()),
            authenticated_at: now - self.auth_age,
            mfa: self.mfa,
            client: self.client.clone(),
            reason: self.reason.clone(),
        })
    }
}

/// Decides as the agent would, where more labels are looked for than by themselves. Tells as well whether a policy about it looks
/// at arguments.
///
/// # Errors
/// If the connection is not known or a value cannot be read.
pub(super) fn decide_with(
    engine: &Engine,
    who: &Who,
    around: &Around,
    (connection, more): (&str, &[String]),
    facts: &Facts,
) -> Result<(Verdict, bool)> {
    let scope = engine.scope(who.caller()?, connection, &labels(more))?;
    Ok((engine.decide(&scope, facts, &around.circumstances()?), engine.looks_at_arguments(&scope, facts)))
}

/// Those that are looked for by themselves, and more.
pub(super) fn labels(more: &[String]) -> Vec<String> {
    let mut labels = LABELS.map(str::to_owned).to_vec();
    labels.extend(more.iter().filter(|label| !LABELS.contains(&label.as_str())).cloned());
    labels
}

/// Whether the caller may connect at all.
///
/// # Errors
/// If the connection is not known or a value cannot be read.
pub(super) fn connects(engine: &Engine, who: &Who, around: &Around, connection: &str) -> Result<bool> {
    let scope = engine.scope(who.caller()?, connection, &[])?;
    Ok(engine.connect(&scope, &around.circumstances()?).is_ok())
}
