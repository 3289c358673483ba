//! A request that is only thought of: what it would be judged to do, for people who try policies before they count.

use bytes::Bytes;
use functions::http::{Content, Request, Wants};
use masking::{Masker, Transforms};
use policy::Facts;
use proto::HttpSettings;
use protocols::http::{RequestHead, Version};

use super::{Setup, facts};
use crate::filter::masked::transform;

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

/// The facts of a request on a connection with these settings, by the same reading as when it is sent. Values of marked parameters
/// of the labels in `raw` are in it as they came.
///
/// # Errors
/// What is wrong with the settings; why the request is refused before any policy is asked.
pub fn facts_of(settings: &HttpSettings, trial: &Trial, raw: &[String]) -> Result<Facts, String> {
    let mut setup = Setup::new(settings)?;
    if let Some(parameters) = setup.parameters.sending(raw) {
        setup.parameters = parameters;
    }
    let (head, all) = masked(&setup, settings, trial)?;
    let fields: Vec<(&[u8], &[u8])> = head.fields.iter().map(|(name, value)| (&name[..], &value[..])).collect();
    let request = Request { method: &trial.method, target: &head.target, fields: &fields, upgrade: false };
    let content = match setup.api.wants(&request).map_err(|fault| fault.to_string())? {
        Wants::Content { most } if all.len() > most => Content::Begun(all.get(..most).unwrap_or_default()),
        Wants::Content { .. } => Content::Whole(&all),
        Wants::Nothing if all.is_empty() => Content::Whole(&[]),
        Wants::Nothing => Content::Unread,
    };
    let call = setup.api.judge(&request, content).map_err(|fault| fault.to_string())?;
    match (&call.unknown, &call.uninspected) {
        (Some(reason), _) => Err(reason.clone()),
        (None, Some(reason)) if setup.require_inspection => Err(format!("it cannot be read whole: {reason}")),
        _ => Ok(facts(&call)),
    }
}

/// The labels of the parameters that a connection marks.
#[must_use]
pub fn marked_labels(settings: &HttpSettings) -> Vec<String> {
    settings.mask.requests.each().map(|(_, _, mask)| mask.label().to_owned()).collect()
}

/// The request as it is judged: without the parameters that the target does not get. Without a key, tokens are stars.
fn masked(setup: &Setup, settings: &HttpSettings, trial: &Trial) -> Result<(RequestHead, Bytes), String> {
    let bytes = |text: &str| Bytes::copy_from_slice(text.as_bytes());
    let fields = trial.fields.iter().map(|(name, value)| (bytes(&name.to_ascii_lowercase()), bytes(value)));
    let mut head = RequestHead {
        method: bytes(&trial.method),
        target: bytes(&trial.target),
        version: Version::Http11,
        upgrade: false,
        fields: fields.collect(),
    };
    let named = settings.mask.transforms.iter().map(|(label, becomes)| (label.clone(), transform(*becomes)));
    let masker = Masker::new(&[]).with_transforms(Transforms::new(named, None));
    let content = Bytes::copy_from_slice(&trial.content);
    let _lines = setup.parameters.mask_head(&masker, &mut head);
    if !setup.parameters.holds_content(&head) {
        return Ok((head, content));
    }
    let (content, _lines) =
        setup.parameters.mask_content(&masker, &mut head, &content).map_err(|why| why.to_string())?;
    Ok((head, content))
}
