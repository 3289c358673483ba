//! Masks in a request what its target does not get, before anything else is done with the request: policy judges, the record
//! keeps and the target gets what comes out of here.

use functions::http::MAX_MESSAGE_CONTENT;
use masking::Masker;
use proto::{Ending, event::Masked};
use protocols::http::RequestHead;

use super::{Inbox, exchange::First, judge::collect};
use crate::filter::http::{Denied, Parameters, Unmaskable};

/// What was masked.
#[derive(Default)]
pub(super) struct InFlight {
    pub(super) lines: Vec<Masked>,
    /// Why the request does not pass.
    pub(super) denied: Option<Denied>,
    /// Whether there is content with values in it that nobody may see.
    pub(super) unread: bool,
}

/// Masks head and content. Collects all content into `first` if it has to be read.
pub(super) async fn mask(
    inbox: &mut Inbox,
    parameters: &Parameters,
    masker: &Masker,
    head: &mut RequestHead,
    first: &mut First,
) -> Result<InFlight, Ending> {
    if parameters.is_empty() {
        return Ok(InFlight::default());
    }
    let mut masked = InFlight { lines: parameters.mask_head(masker, head), ..InFlight::default() };
    if !parameters.holds_content() {
        masked.trailers(parameters, masker, first);
        return Ok(masked);
    }
    if head.upgrade {
        return Ok(masked.denied(Unmaskable::Switch));
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
            first.content = content;
            masked.lines.extend(lines);
            Ok(masked)
        }
        Err(why) => Ok(masked.denied(why)),
    }
}

impl InFlight {
    fn denied(self, why: Unmaskable) -> Self {
        Self { denied: Some(why.into()), unread: true, ..self }
    }

    fn trailers(&mut self, parameters: &Parameters, masker: &Masker, first: &mut First) {
        if let Some(trailers) = &mut first.end {
            self.lines.extend(parameters.mask_trailers(masker, trailers));
        }
    }
}
