//! Ten thousand sockets that never say anything.

use std::{
    net::TcpStream,
    time::{Duration, Instant},
};

use e2e::{World, eventually, world::Wishes};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

const IDLE: usize = 10_000;

/// How long the gateway of this scenario waits for a login: longer than opening so many sockets takes a busy machine.
const LOGIN_DEADLINE: Duration = Duration::from_secs(60);

/// Descriptors that this machine lets a process have, as many as are needed if it is asked.
fn raise_descriptors() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let _kept = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
    getrlimit(Resource::Nofile).current.map_or(usize::MAX, |most| usize::try_from(most).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_idle_sockets_before_login_block_nobody() {
    let most = raise_descriptors();
    assert!(most > IDLE + 1000, "this machine allows {most} descriptors only: raise `ulimit -Hn`");
    let gateway = format!("[limits]\nlogin_deadline_seconds = {}\n", LOGIN_DEADLINE.as_secs());
    let world = World::start_with(Wishes { gateway, ..Wishes::default() }).await;
    let ports = [world.site.ports.postgres, world.site.ports.ssh, world.site.ports.http];
    let idle: Vec<TcpStream> = (0..IDLE)
        .map(|number| TcpStream::connect(("127.0.0.1", ports[number % 3])).expect("the gateway accepts"))
        .collect();
    let open = || std::fs::read_dir(format!("/proc/{}/fd", world.site.gateway.pid())).unwrap().count();
    eventually("all of them are held", || (open() > IDLE).then_some(()));
    let _rows = world.psql().args(["-c", "SELECT 1"]).ok();
    let _in = world.ssh(&["true"]).ok();
    assert_eq!(world.curl("/shop-api/customers/1", &["--fail"]).ok().json()["id"], 1);
    // They were there all the time, so that nobody waited for their end; the gateway lets go of them by itself.
    assert!(open() > IDLE, "only {} descriptors are open", open());
    eventually_long("the gateway closed them", || (open() < 200).then_some(()));
    drop(idle);
}

fn eventually_long(what: &str, mut attempt: impl FnMut() -> Option<()>) {
    let deadline = Instant::now() + 2 * LOGIN_DEADLINE;
    while attempt().is_none() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(200));
    }
}
