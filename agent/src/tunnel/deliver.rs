//! Delivers what sessions left in the spool when their stream was lost.

use std::time::Duration;

use futures::StreamExt as _;
use proto::rpc::{self, tunnel_client::TunnelClient};
use tokio::sync::mpsc;
use tonic::{Code, transport::Channel};

use crate::record::{Leftover, Spool};

const ANSWER: Duration = Duration::from_secs(30);

/// Delivers every leftover that is there now. What fails stays for the next time.
pub async fn leftovers(spool: &Spool, client: &TunnelClient<Channel>) {
    let found = tokio::task::spawn_blocking({
        let spool = spool.clone();
        move || spool.leftovers()
    });
    for leftover in found.await.unwrap_or_default() {
        let session = leftover.session();
        match tokio::time::timeout(ANSWER, one(leftover, client.clone())).await {
            Ok(Ok(())) => tracing::info!(%session, "delivered the records of an interrupted session"),
            Ok(Err(status)) => tracing::warn!(%session, reason = status.message(), "records not delivered"),
            Err(_) => tracing::warn!(%session, "records not delivered in time"),
        }
    }
}

async fn one(mut leftover: Leftover, mut client: TunnelClient<Channel>) -> Result<(), tonic::Status> {
    let (send, receive) = mpsc::channel(2);
    let mut acks = client.deliver(tokio_stream::wrappers::ReceiverStream::new(receive)).await?.into_inner();
    let damaged = |error: crate::record::SpoolError| tonic::Status::data_loss(error.to_string());
    // One batch at a time: bounded memory on both sides, and the acknowledgement says what may go.
    for batch in leftover.batches().map_err(damaged)? {
        let batch = batch.map_err(damaged)?;
        let message = rpc::SpooledEvents { session: batch.session.to_string(), records: batch.records };
        if send.send(message).await.is_err() {
            return Err(tonic::Status::unavailable("the gateway closed the delivery"));
        }
        match acks.next().await {
            Some(Ok(ack)) => {
                if leftover.acked(ack.seq) {
                    break;
                }
            }
            Some(Err(status)) => {
                if status.code() == Code::FailedPrecondition {
                    leftover.set_aside();
                }
                return Err(status);
            }
            None => return Err(tonic::Status::unavailable("the gateway closed the delivery")),
        }
    }
    Ok(())
}
