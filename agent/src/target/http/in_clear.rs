//! Values of marked parameters that policy lets the target have. The right depends on what the call is, so the request is judged
//! as it came, and then once more as it goes on: what is forwarded is what was judged, and still has the right. Any doubt leaves it
//! masked. The record keeps what is masked in either case.

use bytes::Bytes;
use protocols::http::RequestHead;

use super::{
    exchange::First,
    in_flight::Original,
    judge::{Judgement, call},
};
use crate::{
    filter::{
        guard::{Guard as _, Judged},
        http::{Setup, facts},
    },
    target::Context,
};

/// A request as its target gets it.
pub(super) struct Sent {
    pub(super) head: RequestHead,
    pub(super) content: Bytes,
    pub(super) judgement: Judgement,
    /// The labels whose values are in it.
    pub(super) labels: Vec<String>,
}

/// What goes to the target instead of the masked request in `first`; `None` if that does.
pub(super) fn send(setup: &Setup, context: &Context, original: Original, first: &First) -> Option<Sent> {
    if first.cancelled {
        return None;
    }
    let with = |content: Bytes| First { content, end: first.end.clone(), cancelled: false };
    let came = with(original.content.clone().unwrap_or_else(|| first.content.clone()));
    let judged = Judged::new(facts(&call(setup, &original.head, &came).ok()?));
    let labels = context.rights.sends_raw(&judged);
    let parameters = setup.parameters.sending(&labels)?;
    let mut head = original.head;
    let _rest = parameters.mask_head(&context.masker, &mut head);
    let goes = match original.content {
        Some(content) => with(parameters.mask_content(&context.masker, &mut head, &content).ok()?.0),
        None => came,
    };
    let judgement = Judgement::of(setup, &*context.rights, &call(setup, &head, &goes).ok()?);
    let (judged, _) = judgement.known.as_ref()?;
    let still = context.rights.sends_raw(judged);
    labels.iter().all(|label| still.contains(label)).then_some(Sent { head, content: goes.content, judgement, labels })
}
