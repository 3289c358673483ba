//! A request that is only thought of: what it would be judged to do, for people who try policies before they count.

use functions::http::{Content, Request, Wants};
use policy::Facts;
use proto::HttpSettings;

use super::{Setup, facts};

/// A request as a caller would send it.
#[derive(Clone, Debug, Default)]
pub struct Trial {
    /// In upper case.
    pub method: String,
    /// Path and query, as they are sent.
    pub target: String,
    /// Header fields; the case of names does not matter.
    pub fields: Vec<(String, String)>,
    /// The whole content, as it is sent.
    pub content: Vec<u8>,
}

/// The facts of a request on a connection with these settings, by the same reading as when it is sent.
///
/// # Errors
/// What is wrong with the settings; why the request is refused before any policy is asked.
pub fn facts_of(settings: &HttpSettings, trial: &Trial) -> Result<Facts, String> {
    let setup = Setup::new(settings)?;
    let fields: Vec<(String, &str)> =
        trial.fields.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.as_str())).collect();
    let fields: Vec<(&[u8], &[u8])> = fields.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
    let request = Request { method: &trial.method, target: trial.target.as_bytes(), fields: &fields, upgrade: false };
    let content = match setup.api.wants(&request).map_err(|fault| fault.to_string())? {
        Wants::Content { most } if trial.content.len() > most => {
            Content::Begun(trial.content.get(..most).unwrap_or_default())
        }
        Wants::Content { .. } => Content::Whole(&trial.content),
        Wants::Nothing if trial.content.is_empty() => Content::Whole(&[]),
        Wants::Nothing => Content::Unread,
    };
    let call = setup.api.judge(&request, content).map_err(|fault| fault.to_string())?;
    match (&call.unknown, &call.uninspected) {
        (Some(reason), _) => Err(reason.clone()),
        (None, Some(reason)) if setup.require_inspection => Err(format!("it cannot be read whole: {reason}")),
        _ => Ok(facts(&call)),
    }
}
