//! Plays one terminal: its bytes as they came, in their own time.

use std::{
    io::{self, Write},
    time::Duration,
};

use proto::event::{Kind, Stream};

use crate::sessions::recording::Recording;

/// How time passes.
#[derive(Clone, Copy, Debug)]
pub(in crate::sessions) struct Pace {
    /// How much faster than it was; above 0.
    pub(in crate::sessions) speed: f64,
    /// The longest wait.
    pub(in crate::sessions) idle_limit: Duration,
}

impl Pace {
    /// How long to wait for what happened so long after the last thing.
    fn wait(self, since: i64) -> Duration {
        let since = Duration::from_nanos(u64::try_from(since).unwrap_or(0)).min(self.idle_limit);
        Duration::try_from_secs_f64(since.as_secs_f64() / self.speed).unwrap_or(since)
    }
}

/// Writes what the terminal showed, and resets it at the end.
pub(in crate::sessions) async fn play(
    recording: &Recording,
    terminal: u64,
    pace: Pace,
    out: &mut (impl Write + Send),
) -> io::Result<()> {
    let mut last = None;
    for event in recording.events.iter().filter(|event| event.exchange == terminal) {
        let since = event.at_unix_ns - last.unwrap_or(event.at_unix_ns);
        let Some(Kind::Data(data)) = &event.kind else {
            last = last.or(Some(event.at_unix_ns));
            continue;
        };
        if data.stream() == Stream::In {
            continue;
        }
        tokio::time::sleep(pace.wait(since)).await;
        out.write_all(&data.bytes)?;
        out.flush()?;
        last = Some(event.at_unix_ns);
    }
    // Colours, cursor and alternate screen back to normal.
    out.write_all(b"\x1b[?1049l\x1b[?25h\x1b[0m\r\n")?;
    out.flush()
}
