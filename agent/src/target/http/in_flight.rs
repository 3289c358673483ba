//! Masks in a request what its target does not get, before anything else is done with the request: policy judges, the record
//! keeps and the target gets what comes out of here.

use bytes::Bytes;
use functions::http::MAX_MESSAGE_CONTENT;
use masking::Masker;
use proto::{Ending, event::Masked};
use protocols::http::RequestHead;

use super::{Inbox, exchange::First, judge::collect};
use crate::{
    filter::{
        guard::Guard as _,
        http::{Denied, Parameters, Unmaskable},
    },
    target::Context,
};

/// What was masked.
#[derive(Default)]
pub(super) struct InFlight {
    pub(super) lines: Vec<Masked>,
    /// Why the request does not pass.
    pub(super) denied: Option<Denied>,
    /// Whether there is content with values in it that nobody may see.
    pub(super) unread: bool,
    /// The request as it came, if policy may let the target have values of it.
    pub(super) original: Option<Original>,
}

/// A request before anything was masked in it.
pub(super) struct Original {
    pub(super) head: RequestHead,
    /// Its content, if that was read for what is marked in it.
    pub(super) content: Option<Bytes>,
}

/// Masks head and content. Collects all content into `first` if it has to be read.
pub(super) async fn mask(
    inbox: &mut Inbox,
    parameters: &Parameters,
    context: &Context,
    head: &mut RequestHead,
    first: &mut First,
) -> Result<InFlight, Ending> {
    if parameters.is_empty() {
        return Ok(InFlight::default());
    }
    let masker = &context.masker;
    let may_send_raw = parameters.changes_requests() && context.rights.may_send_raw();
    let mut original = may_send_raw.then(|| Original { head: head.clone(), content: None });
    let mut masked = InFlight { lines: parameters.mask_head(masker, head), ..InFlight::default() };
    if !parameters.holds_content(head) {
        masked.trailers(parameters, masker, first);
        return Ok(InFlight { original, ..masked });
    }
    if head.upgrade {
        return Ok(masked.denied(Unmaskable::Switch));
    }
    if parameters.is_stream(head) {
        return Ok(masked.denied(Unmaskable::Stream));
    }
    collect(inbox, first, MAX_MESSAGE_CONTENT).await?;
    masked.trailers(parameters, masker, first);
    if first.cancelled {
        return Ok(InFlight { unread: true, ..masked });
    }
    if first.end.is_none() || first.content.len() > MAX_MESSAGE_CONTENT {
        return Ok(masked.denied(Unmaskable::TooLong));
    }
    match parameters.mask_content(masker, head, &first.content) {
        Ok((content, lines)) => {
            let came = std::mem::replace(&mut first.content, content);
            if let Some(original) = &mut original {
                original.content = Some(came);
            }
            masked.lines.extend(lines);
            Ok(InFlight { original, ..masked })
        }
        Err(why) => Ok(masked.denied(why)),
    }
}

impl InFlight {
    fn denied(self, why: Unmaskable) -> Self {
        Self { denied: Some(why.into()), unread: true, ..self }
    }

    /// Values of these labels reach the target; what is left of their masks is in the record.
    pub(super) fn reaches_target(&mut self, labels: &[String]) {
        for line in self.lines.iter_mut().filter(|line| labels.contains(&line.label)) {
            "marking".clone_into(&mut line.detector);
        }
    }

    fn trailers(&mut self, parameters: &Parameters, masker: &Masker, first: &mut First) {
        if let Some(trailers) = &mut first.end {
            self.lines.extend(parameters.mask_trailers(masker, trailers));
        }
    }
}
