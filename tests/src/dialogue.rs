//! Clients that stay open while a scenario talks to them.

use std::{
    io::{BufRead as _, BufReader, Read, Write as _},
    process::{Child, ChildStdin},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use crate::{Run, World};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(20);
const GLANCE: Duration = Duration::from_millis(20);

/// A client that takes a line at a time. Ends with the scenario.
pub struct Dialogue {
    child: Child,
    stdin: Option<ChildStdin>,
    said: Arc<Mutex<String>>,
}

impl Dialogue {
    /// Starts a client and listens to both its streams.
    #[must_use]
    pub fn start(client: Run) -> Self {
        let mut child = client.start();
        let said = Arc::new(Mutex::new(String::new()));
        let streams: [Box<dyn Read + Send>; 2] =
            [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
        for stream in streams {
            let said = Arc::clone(&said);
            thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    said.lock().unwrap().push_str(&(line + "\n"));
                }
            });
        }
        Self { stdin: child.stdin.take(), child, said }
    }

    /// A psql on `shop-db` as Alice.
    #[must_use]
    pub fn psql(world: &World) -> Self {
        Self::start(world.psql().args(["-v", "ON_ERROR_STOP=0", "-tA"]))
    }

    /// Says a line; the client may be over already.
    pub fn say(&mut self, line: &str) {
        let _gone = self.stdin.as_mut().map(|stdin| writeln!(stdin, "{line}"));
    }

    /// Everything the client has said, if `what` is in it.
    #[must_use]
    pub fn said(&self, what: &str) -> Option<String> {
        let said = self.said.lock().unwrap();
        said.contains(what).then(|| said.clone())
    }

    /// Says a line and waits until the client has said `what` because of it.
    pub fn ask(&mut self, line: &str, what: &str) -> String {
        self.answer(line, &[what])
    }

    /// Says a line and waits until the client has said one of these because of it.
    pub fn answer(&mut self, line: &str, any: &[&str]) -> String {
        self.said.lock().unwrap().clear();
        self.say(line);
        let begun = Instant::now();
        loop {
            match any.iter().find_map(|what| self.said(what)) {
                Some(said) => return said,
                None if begun.elapsed() > PATIENCE => panic!("none of {any:?} is in {:?}", self.said("")),
                None => thread::sleep(GLANCE),
            }
        }
    }
}

impl Drop for Dialogue {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _ended = self.child.wait();
    }
}
