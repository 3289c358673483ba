//! What a request does, found out before its first byte reaches the target: from its head, and from as much content as it
//! takes. Uploads whose content says nothing about the call are not collected.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use functions::http::{Call, Content, Fault, Request, Wants};
use proto::{Code, Ending};
use protocols::http::{Frame, RequestHead};

use super::{Inbox, Message, exchange::First};
use crate::filter::{
    guard::{Decision, Guard, Judged},
    http::{Denied, Setup, facts},
};

/// What was found out, and what follows from it.
pub(super) struct Judgement {
    /// What the request does, if that can be told.
    pub(super) known: Option<(Arc<Judged>, Arc<Decision>)>,
    /// What the caller is told, if it does not pass.
    pub(super) denied: Option<Denied>,
}

/// Judges a request. Collects content into `first` as far as needed.
pub(super) async fn judge(
    inbox: &mut Inbox,
    setup: &Setup,
    guard: &dyn Guard,
    head: &RequestHead,
    first: &mut First,
) -> Result<Judgement, Ending> {
    gather(inbox, setup, head, first).await?;
    Ok(match call(setup, head, first) {
        Ok(call) => Judgement::of(setup, guard, &call),
        Err(fault) => Judgement::fault(&fault),
    })
}

/// Collects as much content as it takes to judge a request.
async fn gather(inbox: &mut Inbox, setup: &Setup, head: &RequestHead, first: &mut First) -> Result<(), Ending> {
    let fields: Vec<(&[u8], &[u8])> = head.fields.iter().map(|(name, value)| (&name[..], &value[..])).collect();
    let method = std::str::from_utf8(&head.method).unwrap_or_default();
    let request = Request { method, target: &head.target, fields: &fields, upgrade: head.upgrade };
    let labelled = fields.iter().any(|(name, _)| *name == b"content-type");
    match setup.api.wants(&request) {
        Ok(Wants::Content { most }) => collect(inbox, first, most).await,
        // Its end follows at once, if it has no content.
        Ok(Wants::Nothing) if !labelled && !head.upgrade => collect(inbox, first, 0).await,
        Ok(Wants::Nothing) | Err(_) => Ok(()),
    }
}

/// What a request does, as far as its content is there.
pub(super) fn call(setup: &Setup, head: &RequestHead, first: &First) -> Result<Call, Fault> {
    let fields: Vec<(&[u8], &[u8])> = head.fields.iter().map(|(name, value)| (&name[..], &value[..])).collect();
    let method = std::str::from_utf8(&head.method).unwrap_or_default();
    let request = Request { method, target: &head.target, fields: &fields, upgrade: head.upgrade };
    let ended = first.end.is_some();
    let content = match setup.api.wants(&request)? {
        Wants::Content { most } if ended && first.content.len() <= most => Content::Whole(&first.content),
        Wants::Content { .. } => Content::Begun(&first.content),
        Wants::Nothing if head.upgrade || ended && first.content.is_empty() => Content::Whole(&[]),
        Wants::Nothing => Content::Unread,
    };
    setup.api.judge(&request, content)
}

impl Judgement {
    fn fault(fault: &Fault) -> Self {
        Self { known: None, denied: Some(Denied::by_fault(fault)) }
    }

    /// What the connection itself demands, then what policy says.
    pub(super) fn of(setup: &Setup, guard: &dyn Guard, call: &Call) -> Self {
        let judged = Judged::new(facts(call));
        let decision = guard.decide(&judged);
        let denied = match (&call.unknown, &call.uninspected) {
            (Some(reason), _) => Some(Denied::new(Code::Denied, 403, reason.clone())),
            (None, Some(reason)) if setup.require_inspection => {
                let detail = format!("requests are to be read whole here, and this one cannot be: {reason}");
                Some(Denied::new(Code::Denied, 403, detail))
            }
            _ => (!decision.forwards()).then(|| Denied::by_policy(&decision)),
        };
        let denied = denied.map(|denied| Denied { incident: decision.incident.clone(), ..denied });
        Self { known: Some((judged, decision)), denied }
    }
}

/// Waits for content until its end, or more than `most` bytes of it.
pub(super) async fn collect(inbox: &mut Inbox, first: &mut First, most: usize) -> Result<(), Ending> {
    let mut content = BytesMut::from(&first.content[..]);
    while first.end.is_none() && !first.cancelled && content.len() <= most {
        match inbox.next().await? {
            Message::Frame(Frame::Data(more)) => content.extend_from_slice(&more),
            Message::Frame(Frame::End(trailers)) => first.end = Some(trailers),
            Message::Frame(_) | Message::Cancel => first.cancelled = true,
        }
    }
    first.content = Bytes::from(content);
    Ok(())
}
