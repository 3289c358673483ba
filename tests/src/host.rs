//! An SSH target that takes a password only, because the sshd of the demo runs without the accounts of this machine.

use std::sync::Arc;

use russh::{
    Channel, ChannelId, MethodKind, MethodSet, Sig,
    keys::{Algorithm, HashAlg, PrivateKey},
    server::{self, Auth, ChannelOpenHandle, Handler, Msg, Response, Session},
};
use tokio::{net::TcpListener, task::JoinHandle};

/// How the target asks for the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asks {
    /// By the method of that name.
    Password,
    /// With a prompt, as PAM does.
    Prompt,
}

/// A running target. Stops when dropped.
#[derive(Debug)]
pub struct Host {
    /// Where it listens on 127.0.0.1.
    pub port: u16,
    /// Its key's fingerprint, `SHA256:...`.
    pub fingerprint: String,
    task: JoinHandle<()>,
}

impl Host {
    /// Starts it on a free port; `svc` gets in with this password, and every command says `in`, except `wait`, which waits for a signal.
    pub async fn start(asks: Asks, password: &'static str) -> Self {
        let key = PrivateKey::random(&mut russh::keys::key::safe_rng(), Algorithm::Ed25519).unwrap();
        let fingerprint = key.public_key().fingerprint(HashAlg::Sha256).to_string();
        // Both are offered, as sshd does; only one opens.
        let kinds = [MethodKind::Password, MethodKind::KeyboardInteractive];
        let config = server::Config {
            keys: vec![key],
            methods: MethodSet::from(kinds.as_slice()),
            auth_rejection_time: std::time::Duration::ZERO,
            ..server::Config::default()
        };
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let guest = Guest { asks, password };
                let config = Arc::clone(&config);
                tokio::spawn(async move {
                    if let Ok(running) = server::run_stream(config, stream, guest).await {
                        let _over = running.await;
                    }
                });
            }
        });
        Self { port, fingerprint, task }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Guest {
    asks: Asks,
    password: &'static str,
}

impl Guest {
    fn judge(&self, asked: Asks, user: &str, password: &str) -> Auth {
        if asked == self.asks && user == "svc" && password == self.password { Auth::Accept } else { Auth::reject() }
    }
}

impl Handler for Guest {
    type Error = russh::Error;

    async fn auth_password(&mut self, user: &str, password: &str) -> Result<Auth, Self::Error> {
        Ok(self.judge(Asks::Password, user, password))
    }

    async fn auth_keyboard_interactive<'a>(
        &'a mut self,
        user: &str,
        _submethods: &str,
        response: Option<Response<'a>>,
    ) -> Result<Auth, Self::Error> {
        let Some(mut response) = response else {
            let prompts = vec![("Password: ".into(), false)].into();
            return Ok(Auth::Partial { name: "".into(), instructions: "".into(), prompts });
        };
        let answer = response.next().unwrap_or_default();
        Ok(self.judge(Asks::Prompt, user, &String::from_utf8_lossy(&answer)))
    }

    async fn channel_open_session(
        &mut self,
        _channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        reply.accept().await;
        Ok(())
    }

    async fn exec_request(
        &mut self,
        channel: ChannelId,
        command: &[u8],
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        session.channel_success(channel)?;
        if command == b"wait" {
            return session.data(channel, &b"waiting\n"[..]);
        }
        session.data(channel, &b"in\n"[..])?;
        session.exit_status_request(channel, 0)?;
        session.close(channel)
    }

    async fn signal(&mut self, channel: ChannelId, signal: Sig, session: &mut Session) -> Result<(), Self::Error> {
        session.data(channel, format!("caught {signal:?}\n").into_bytes())?;
        session.exit_status_request(channel, 3)?;
        session.close(channel)
    }
}
