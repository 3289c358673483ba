//! Which port is whose. Everything stands at a fixed distance from one base, so that a demo is found again.

use std::{
    net::Ipv4Addr,
    sync::{
        OnceLock,
        atomic::{AtomicU16, Ordering},
    },
};

use anyhow::{Result, bail};
use rand::Rng;
use tokio::net::TcpSocket;

/// The ports of one demo, all on 127.0.0.1.
#[derive(Clone, Copy, Debug)]
pub struct Ports {
    /// The gateway's API and console.
    pub api: u16,
    /// The gateway's PostgreSQL endpoint.
    pub postgres: u16,
    /// The gateway's SSH endpoint.
    pub ssh: u16,
    /// The gateway's HTTP endpoint.
    pub http: u16,
    /// Where agents dial in.
    pub tunnel: u16,
    /// The development identity provider.
    pub idp: u16,
    /// The PostgreSQL target.
    pub target_postgres: u16,
    /// The sshd target.
    pub target_ssh: u16,
    /// The API target.
    pub target_api: u16,
    /// The API target's side door.
    pub target_api_direct: u16,
}

/// How many ports a base covers.
const SPAN: u16 = 20;

/// Where free ports are looked for: below those that the system hands out by itself, as a row of spans.
const LOWEST: u16 = 10_000;
const SPANS: u16 = 1_050;

impl Ports {
    /// The ports above `base`.
    ///
    /// # Errors
    /// If they do not fit below 65536.
    pub fn at(base: u16) -> Result<Self> {
        if base.checked_add(SPAN).is_none() || base < 1024 {
            bail!("the port base must be between 1024 and {}", u16::MAX - SPAN);
        }
        Ok(Self {
            api: base,
            postgres: base + 1,
            ssh: base + 2,
            http: base + 3,
            tunnel: base + 4,
            idp: base + 10,
            target_postgres: base + 11,
            target_ssh: base + 12,
            target_api: base + 13,
            target_api_direct: base + 14,
        })
    }

    /// Ports that are free now, away from those that the system hands out by itself. Within a process no two calls
    /// share a port, so that sites that start at the same time do not take each other's.
    ///
    /// # Errors
    /// If none are.
    pub fn free() -> Result<Self> {
        static START: OnceLock<u16> = OnceLock::new();
        static NEXT: AtomicU16 = AtomicU16::new(0);
        let start = START.get_or_init(|| rand::rng().random_range(0..SPANS));
        for _ in 0..200 {
            let turn = NEXT.fetch_add(1, Ordering::Relaxed) % SPANS;
            let ports = Self::at(LOWEST + (start + turn) % SPANS * SPAN)?;
            if ports.taken().is_none() {
                return Ok(ports);
            }
        }
        bail!("no free ports on 127.0.0.1")
    }

    /// The first of the ports that something else listens on.
    #[must_use]
    pub fn taken(&self) -> Option<u16> {
        self.all().into_iter().find(|port| is_taken(*port))
    }

    fn all(&self) -> [u16; 10] {
        [
            self.api,
            self.postgres,
            self.ssh,
            self.http,
            self.tunnel,
            self.idp,
            self.target_postgres,
            self.target_ssh,
            self.target_api,
            self.target_api_direct,
        ]
    }
}

/// Whether something listens on the port. The probe itself does not listen: a child process that is just being started holds
/// our descriptors until it runs its program, and the next look would take an earlier one for a server.
fn is_taken(port: u16) -> bool {
    let probe = TcpSocket::new_v4().and_then(|socket| {
        socket.set_reuseaddr(true)?;
        socket.bind((Ipv4Addr::LOCALHOST, port).into())
    });
    probe.is_err()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used)]

    use std::collections::HashSet;

    use super::Ports;

    #[test]
    fn sites_that_start_at_once_have_no_port_in_common() {
        let starting = (0..40).map(|_| std::thread::spawn(Ports::free));
        let starting: Vec<_> = starting.collect();
        let ports: Vec<_> =
            starting.into_iter().flat_map(|thread| thread.join().expect("a thread").expect("ports").all()).collect();
        assert_eq!(ports.iter().collect::<HashSet<_>>().len(), ports.len());
        assert!(ports.iter().all(|port| (10_000..32_000).contains(port)));
    }

    #[test]
    fn a_port_that_was_looked_at_is_free_at_the_next_look_whatever_is_started_meanwhile() {
        let starting = std::thread::spawn(|| {
            for _ in 0..100 {
                let _ended = std::process::Command::new("true").status();
            }
        });
        let ports = Ports::free().expect("ports");
        while !starting.is_finished() {
            assert_eq!(ports.taken(), None);
        }
        let _server = std::net::TcpListener::bind(("127.0.0.1", ports.ssh)).expect("a listener");
        assert_eq!(ports.taken(), Some(ports.ssh));
    }
}
