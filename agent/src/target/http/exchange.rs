//! One exchange: recorded, sent, answered. Its two directions run side by side in one task, so neither waits for the other.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use proto::{Code, Ending, Refusal, event::Completed};
use protocols::http::{Fields, Frame, RequestHead, put_abort, put_data, put_end, put_response};
use tokio::sync::mpsc;

use super::{
    Lane,
    answer::{Fault, Reply},
    body::{Part, RequestBody},
    in_clear,
    in_flight::{InFlight, mask},
    judge::{Judgement, judge},
    outgoing,
    pool::Want,
    upload::{Intake, Interruption, Upload},
};
use crate::{
    filter::guard::{Decision, Guard as _, Judged},
    filter::http::{Denied, Range, Rendered, Setup, describe},
    record::Exchange,
    target::{Context, ToGateway},
};

/// Parts of content that wait for the target.
const QUEUE: usize = 4;

/// Serves one exchange. An error ends the lane.
pub(super) async fn serve(lane: &mut Lane, mut head: RequestHead) -> Result<(), Ending> {
    let mut first = arrived(lane, &head)?;
    let setup = Arc::clone(&lane.target.setup);
    let mut masked = mask(&mut lane.inbox, &setup.parameters, &lane.context, &mut head, &mut first).await?;
    let mut judgement = match &masked.denied {
        Some(denied) => Judgement { known: None, denied: Some(denied.clone()) },
        None => judge(&mut lane.inbox, &setup, &*lane.context.rights, &head, &mut first).await?,
    };
    let sent = masked.original.take().and_then(|original| in_clear::send(&setup, &lane.context, original, &first));
    let sent = sent.map(|sent| {
        masked.reaches_target(&sent.labels);
        judgement = sent.judgement;
        (sent.head, sent.content)
    });
    let (exchange, intake) = record(&lane.context, &setup, &head, &first, &judgement, masked).await?;
    if first.cancelled {
        return cancel(lane, exchange).await;
    }
    if let Some(denied) = judgement.denied {
        let rendered = denied.render(setup.kind, &head, &first.content);
        return deny(lane, exchange, &denied, &rendered).await;
    }
    let (masker, rules) = match &judgement.known {
        Some((_, decision)) => {
            (lane.context.rights.masker(decision), setup.rules.revealing(&decision.verdict.revealed))
        }
        None => (Arc::clone(&lane.context.masker), Arc::clone(&setup.rules)),
    };
    if let Some((sent, content)) = sent {
        (head, first.content) = (sent, content);
    }
    let judged = judgement.known.as_ref().map(|(judged, _)| Arc::clone(judged));
    let (body, parts, raw) = body(&head, first);
    let reply = Reply {
        context: &lane.context,
        target: &lane.target,
        to: &lane.to,
        exchange,
        range: range(rules.is_off(&masker), &head),
        masker,
        rules,
        head,
        begun: false,
        judged: judged.clone(),
        sent: 0,
        out: BytesMut::new(),
    };
    let upload = Upload { inbox: &mut lane.inbox, record: intake, parts };
    let interruption = tokio::select! {
        biased;
        answered = reply.run(body, raw) => match answered {
            Ok(()) => return Ok(()),
            Err(Fault::Refused(refusal)) => return refuse(&lane.context, &lane.to, exchange, &refusal).await,
            Err(Fault::Stopped(decision)) => Interruption::Stopped(decision),
            Err(Fault::Over(ending)) => return Err(ending),
        },
        decision = stopped(&lane.context, judged.as_ref()) => Interruption::Stopped(decision),
        interruption = upload.run() => interruption,
    };
    match interruption {
        Interruption::Cancelled => cancel(lane, exchange).await,
        Interruption::Refused(refusal) => refuse(&lane.context, &lane.to, exchange, &refusal).await,
        Interruption::Stopped(decision) => {
            lane.context.record.refused(exchange, decision.refused());
            refuse(&lane.context, &lane.to, exchange, &decision.refusal()).await
        }
        Interruption::Over(ending) => {
            let completed =
                Completed { outcome: "aborted".into(), code: ending.code.to_string(), ..Completed::default() };
            lane.context.record.completed(exchange, completed);
            Err(ending)
        }
    }
}

/// Waits until policy no longer allows what runs.
async fn stopped(context: &Context, judged: Option<&Arc<Judged>>) -> Arc<Decision> {
    match judged {
        Some(judged) => context.stopped(judged).await,
        None => std::future::pending().await,
    }
}

/// What has arrived of a request besides its head.
#[derive(Default)]
pub(super) struct First {
    pub(super) content: Bytes,
    pub(super) end: Option<Fields>,
    pub(super) cancelled: bool,
}

fn arrived(lane: &mut Lane, head: &RequestHead) -> Result<First, Ending> {
    let mut first = First::default();
    // What follows the head of an upgrade belongs to the other protocol.
    while !head.upgrade
        && let Some(frame) = lane.inbox.ready()?
    {
        match frame {
            Frame::Data(content) if first.content.is_empty() => first.content = content,
            Frame::Data(content) => first.content = [&first.content[..], &content[..]].concat().into(),
            Frame::End(trailers) => {
                first.end = Some(trailers);
                break;
            }
            _ => {
                first.cancelled = true;
                break;
            }
        }
    }
    Ok(first)
}

/// Writes the request down. Only after this may the target see any of it.
async fn record(
    context: &Context,
    setup: &Arc<Setup>,
    head: &RequestHead,
    first: &First,
    judgement: &Judgement,
    masked: InFlight,
) -> Result<(Exchange, Intake), Ending> {
    let content = if masked.unread { &[] } else { &first.content[..] };
    let (mut request, lines) = describe(head, content, &setup.parameters, &context.masker);
    if let Some((judged, decision)) = &judgement.known {
        decision.note(&mut request, judged);
    }
    let exchange = context.record.begin(request);
    for line in masked.lines.into_iter().chain(lines) {
        context.record.masked(exchange, line);
    }
    let mut intake = Intake::new(context, setup, exchange, head);
    if masked.unread {
        intake = intake.unread();
    }
    if !first.content.is_empty() {
        let (content, lines) = setup.parameters.recorded_content(&context.masker, head, &first.content);
        for line in lines {
            context.record.masked(exchange, line);
        }
        intake.content(&content)?;
    }
    if first.end.is_some() {
        intake.finish();
    }
    intake.commit().await?;
    Ok((exchange, intake))
}

type Body = (RequestBody, Option<mpsc::Sender<Part>>, Option<mpsc::Receiver<Part>>);

/// The content for the target, where the rest of it goes, and where the bytes of a switched protocol come out.
fn body(head: &RequestHead, first: First) -> Body {
    let content = (!first.content.is_empty()).then_some(first.content);
    match first.end {
        Some(trailers) if trailers.is_empty() => return (RequestBody::Whole(content), None, None),
        _ => {}
    }
    let (sender, receiver) = mpsc::channel(QUEUE);
    if head.upgrade {
        return (RequestBody::Whole(None), Some(sender), Some(receiver));
    }
    if let Some(content) = content {
        let _has_room = sender.try_send(Part::Data(content));
    }
    match first.end {
        Some(trailers) => {
            let _has_room = sender.try_send(Part::End(outgoing::trailers(&trailers)));
            (RequestBody::Stream(receiver), None, None)
        }
        None => (RequestBody::Stream(receiver), Some(sender), None),
    }
}

/// The range that the agent has to cut out itself, because the target is asked for everything.
fn range(unmasked: bool, head: &RequestHead) -> Option<Range> {
    let field = |wanted: &[u8]| head.fields.iter().find(|(name, _)| &name[..] == wanted).map(|(_, value)| value);
    if unmasked || &head.method[..] != b"GET" || field(b"if-range").is_some() {
        return None;
    }
    Range::parse(field(b"range")?)
}

/// What a request needs of its connection.
pub(super) fn want(head: &RequestHead) -> Want {
    let grpc = |(name, value): &(Bytes, Bytes)| &name[..] == b"content-type" && value.starts_with(b"application/grpc");
    match head {
        head if head.upgrade => Want::H1,
        head if head.fields.iter().any(grpc) => Want::H2,
        _ => Want::Any,
    }
}

/// Answers in the target's place.
async fn deny(lane: &Lane, exchange: Exchange, denied: &Denied, rendered: &Rendered) -> Result<(), Ending> {
    lane.context.record.refused(exchange, denied.refused());
    let completed = Completed {
        outcome: "refused".into(),
        status: rendered.status.to_string(),
        code: denied.code.to_string(),
        ..Completed::default()
    };
    lane.context.record.completed(exchange, completed);
    lane.context.record.commit().await?;
    let mut out = BytesMut::with_capacity(256 + rendered.content.len());
    let fields = rendered.fields.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
    let oversize = |_| Ending::new(Code::Internal, "a refusal does not fit");
    put_response(&mut out, rendered.status, fields).map_err(oversize)?;
    put_data(&mut out, &rendered.content);
    put_end(&mut out, std::iter::empty()).map_err(oversize)?;
    lane.to.payload(out.freeze()).await.map_err(|_| super::gateway_lost())
}

async fn refuse(context: &Context, to: &ToGateway, exchange: Exchange, refusal: &Refusal) -> Result<(), Ending> {
    let code = refusal.code.to_string();
    context.record.completed(exchange, Completed { outcome: "error".into(), code, ..Completed::default() });
    abort(context, to, refusal).await
}

async fn cancel(lane: &Lane, exchange: Exchange) -> Result<(), Ending> {
    let completed = Completed { outcome: "cancelled".into(), ..Completed::default() };
    lane.context.record.completed(exchange, completed);
    abort(&lane.context, &lane.to, &Refusal::new(Code::Done, "the client cancelled the request")).await
}

async fn abort(context: &Context, to: &ToGateway, refusal: &Refusal) -> Result<(), Ending> {
    context.record.commit().await?;
    let mut out = BytesMut::with_capacity(128);
    put_abort(&mut out, refusal.code.as_str(), &refusal.message);
    to.payload(out.freeze()).await.map_err(|_| super::gateway_lost())
}
