//! The demo in pieces, as `docker-compose.yml` starts it: each part a process of its own that shares nothing but a folder and a
//! network. The last line says where to click, and the lines to paste work.

use std::{fs, path::Path, process::Child};

use e2e::{Run, Told, eventually, world};
use rustix::process::{Pid, Signal, kill_process};
use sallyport::demo::ports::Ports;

const PARTS: [&str; 5] = ["gateway", "postgres", "sshd", "api", "agent"];

struct Part(Child);

impl Part {
    fn start(folder: &Path, base: u16, part: &str) -> Self {
        let run = Run::new(world::program()).args(["demo", "--dir"]).arg(folder);
        Self(run.args(["--port-base", &base.to_string(), "--part", part]).start())
    }

    /// Asks it to stop, as Docker does; it must.
    fn stop(mut self) {
        kill_process(Pid::from_raw(i32::try_from(self.0.id()).unwrap()).unwrap(), Signal::TERM).unwrap();
        eventually("the part ends", || self.0.try_wait().unwrap());
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _gone = self.0.wait();
    }
}

#[test]
fn the_parts_of_the_compose_file_make_one_demo() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let compose = fs::read_to_string(root.join("docker-compose.yml")).unwrap();
    for part in PARTS.iter().chain(&["client"]) {
        assert!(compose.contains(&format!(r#"command: ["demo", "--dir", "/demo", "--part", "{part}"]"#)), "{part}");
    }
    let folder = tempfile::Builder::new().prefix("sallyport-e2e-parts-").tempdir().unwrap();
    world::everyone_may_enter(folder.path());
    let base = Ports::free().unwrap().api;
    let parts = PARTS.map(|part| Part::start(folder.path(), base, part));
    let mut client = Part::start(folder.path(), base, "client");
    let said = Told::read(client.0.stdout.take().unwrap());
    let last = said.0.last().expect("it says something");
    assert!(last.ends_with(&format!("https://127.0.0.1:{base}")), "{:?}", said.0);
    let run = |line: String| Run::new("bash").args(["-c", &line]).ok().out;
    assert!(run(said.paste("psql ")).contains("***-**-****"));
    assert_eq!(run(format!("{} -o BatchMode=yes 'echo in'", said.paste("ssh "))), "in\n");
    assert!(run(said.paste("curl ")).contains("\"card\":\"***"));
    let open =
        ["-sS", "--cacert", &folder.path().join("gateway/server-ca.pem").display().to_string()].map(str::to_owned);
    let page = Run::new("curl").args(open).args(["-o", "/dev/null", "-w", "%{http_code}"]);
    assert_eq!(page.arg(format!("https://127.0.0.1:{base}/")).ok().out, "200", "where to click");
    client.stop();
    parts.into_iter().rev().for_each(Part::stop);
}
