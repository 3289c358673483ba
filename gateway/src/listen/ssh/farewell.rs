//! How a client learns that its session was refused or is over: in words on every session channel, with exit status 255, and
//! in the disconnect message.

use std::{sync::Arc, time::Duration};

use proto::{Code, Ending};
use russh::{Disconnect, server::Handle};

use super::{
    lane::{Over, Writer},
    link::Link,
};

/// How long one channel's last words may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// How long a client that was refused may take to open the channel on which it is told.
const OPEN_SOON: Duration = Duration::from_secs(5);

/// How long a client may take to hang up after it was told.
const HANG_UP: Duration = Duration::from_secs(2);

/// The exit status of a session that did not end by itself, as `ssh` uses it for its own failures.
const FAILED: u32 = 255;

/// What the client reads.
pub(super) fn words(ending: &Ending) -> String {
    format!("{} ({})", ending.message, ending.code)
}

/// Tells one channel that the session is over, and closes it.
pub(super) async fn tell(writer: &Writer) -> Result<(), Over> {
    let ending = writer.link.ending();
    writer.rest().await?;
    if let Some(ending) = ending.filter(|ending| ending.code != Code::Done && writer.speaks) {
        writer.say(&words(&ending)).await?;
        let _gone = writer.write.exit_status(FAILED).await;
    }
    let _gone = writer.write.eof().await;
    writer.write.close().await.map_err(|_| Over)
}

/// Ends the client's connection after its channels were told.
pub(super) async fn hang_up(link: &Arc<Link>, handle: &Handle, ending: &Ending) {
    let told = async {
        if ending.code != Code::Done && !link.state().had_session {
            tokio::time::sleep(OPEN_SOON).await;
        }
        link.writers.close();
        link.writers.wait().await;
    };
    tokio::select! {
        () = told => {}
        () = link.gone.cancelled() => return,
    }
    // A client that was told on its channel leaves by itself, with its own exit status.
    let leave = async {
        if ending.code == Code::Done || link.state().had_session {
            let _patience = tokio::time::timeout(HANG_UP, link.gone.cancelled()).await;
        }
        let text = format!("sallyport: {}", words(ending));
        let _gone = handle.disconnect(Disconnect::ByApplication, text, "en".to_owned()).await;
        let _patience = tokio::time::timeout(HANG_UP, link.gone.cancelled()).await;
    };
    tokio::select! {
        () = leave => {}
        () = link.gone.cancelled() => {}
    }
    link.cut.cancel();
}
