//! Plays the gateway's part towards the SSH target.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::Arc,
    time::{Duration, SystemTime},
};

use agent::{
    record::Recorder,
    rights::{Rights, SessionRights, open_bundle},
    target::ssh::serve,
    target::{Context, pair},
    vault::{Allow, AllowList, Vault},
};
use bytes::Bytes;
use proto::{Caller, Code, Down, Ending, Grant, SessionId, Settings, SshSettings, Up};
use protocols::ssh::{Channel, Decoder, Message, OpenKind, Request, WINDOW};
use tokio::{
    sync::mpsc,
    task::JoinHandle,
    time::{sleep, timeout},
};

use crate::sshd::{Sshd, user};

const PATIENCE: Duration = Duration::from_secs(60);

pub struct Bench {
    down: mpsc::Sender<Down>,
    up: mpsc::Receiver<Up>,
    served: JoinHandle<Ending>,
    decoder: Decoder,
    waiting: HashMap<Channel, VecDeque<Message>>,
    globals: VecDeque<Message>,
    granted: HashMap<Channel, u64>,
}

#[derive(Debug, Default)]
pub struct End {
    pub out: Vec<u8>,
    pub err: Vec<u8>,
    pub status: Option<u32>,
    pub signal: Option<String>,
}

impl Bench {
    pub async fn start(sshd: &Sshd) -> Result<Self, Ending> {
        Self::with(sshd, |_| {}).await
    }

    pub async fn with(sshd: &Sshd, change: impl FnOnce(&mut SshSettings)) -> Result<Self, Ending> {
        Self::asking(sshd, change, None, "key").await
    }

    pub async fn asking(
        sshd: &Sshd,
        change: impl FnOnce(&mut SshSettings),
        login: Option<&str>,
        key: &str,
    ) -> Result<Self, Ending> {
        let mut settings: SshSettings =
            serde_json::from_value(serde_json::json!({ "login": user(), "host_keys": [sshd.host_key] })).unwrap();
        change(&mut settings);
        let file = |name: &str| format!("file:{}", sshd.folder.path().join(name).display());
        let mut credentials = BTreeMap::from([("key".to_owned(), file(key))]);
        if key == "locked_key" {
            credentials.insert("key_passphrase".into(), file("passphrase"));
        }
        if key == "certified_key" {
            credentials.insert("certificate".into(), file("certified_key-cert.pub"));
        }
        let address = format!("127.0.0.1:{}", sshd.port);
        let allow = Allow { address: address.clone(), credentials: credentials.values().cloned().collect() };
        let grant = Grant {
            connection: "web-1".into(),
            address,
            settings: Settings::Ssh(settings.clone()),
            credentials,
            caller: Caller::default(),
            not_after: SystemTime::now() + Duration::from_secs(3600),
            detectors: Vec::new(),
            requested: login.map(|login| ("login".to_owned(), login.to_owned())).into_iter().collect(),
        };
        let masker = Arc::new(masking::Masker::new(&[]));
        let rights = Rights::fixed(open_bundle("web-1", "ssh")).unwrap();
        let rights = SessionRights::new(rights, "web-1".into(), Caller::default(), Arc::clone(&masker));
        let context = Context {
            session: SessionId::generate(),
            grant: Arc::new(grant),
            vault: Arc::new(Vault::new(AllowList::new(vec![allow]))),
            record: Recorder::discard(),
            masker,
            rights: Arc::new(rights),
            readings: Arc::default(),
            catalogs: Arc::default(),
            counters: Arc::default(),
            http: Arc::default(),
        };
        let (link, down, mut up) = pair(4);
        let served = tokio::spawn(serve(context, settings, link));
        match timeout(PATIENCE, up.recv()).await.unwrap() {
            Some(Up::Ready(_)) => {}
            _ => return Err(served.await.unwrap()),
        }
        Ok(Self {
            down,
            up,
            served,
            decoder: Decoder::new(),
            waiting: HashMap::new(),
            globals: VecDeque::new(),
            granted: HashMap::new(),
        })
    }

    pub async fn send(&mut self, message: Message) {
        let mut bytes = Vec::new();
        message.encode(&mut bytes);
        timeout(PATIENCE, self.down.send(Down::Payload(bytes.into()))).await.unwrap().unwrap();
    }

    pub async fn open(&mut self, channel: Channel) {
        self.send(Message::Open { channel, kind: OpenKind::Session, window: WINDOW }).await;
        let opened = self.next(channel).await;
        assert!(matches!(opened, Message::OpenConfirm { .. }), "{opened:?}");
    }

    pub async fn exec(&mut self, channel: Channel, command: &'static str) {
        self.open(channel).await;
        self.request(channel, Request::Exec(Bytes::from_static(command.as_bytes()))).await;
    }

    pub async fn request(&mut self, channel: Channel, request: Request) {
        self.send(Message::Request { channel, want_reply: true, request }).await;
    }

    pub async fn data(&mut self, channel: Channel, data: &[u8]) {
        self.send(Message::Data { channel, data: Bytes::copy_from_slice(data) }).await;
    }

    /// The next message of a channel; grants the agent what it used of the window.
    pub async fn next(&mut self, channel: Channel) -> Message {
        loop {
            if let Some(message) = self.waiting.entry(channel).or_default().pop_front() {
                return message;
            }
            timeout(PATIENCE, self.receive()).await.expect("no message in time");
        }
    }

    pub async fn next_global(&mut self) -> Message {
        loop {
            if let Some(message) = self.globals.pop_front() {
                return message;
            }
            timeout(PATIENCE, self.receive()).await.expect("no message in time");
        }
    }

    async fn receive(&mut self) {
        match self.up.recv().await.expect("the session is over") {
            Up::Payload(payload) => self.decoder.feed(payload),
            other => panic!("{other:?}"),
        }
        while let Some(message) = self.decoder.next_message().unwrap() {
            let channel = match &message {
                Message::Open { channel, .. }
                | Message::OpenConfirm { channel, .. }
                | Message::OpenFailure { channel, .. }
                | Message::Data { channel, .. }
                | Message::ExtendedData { channel, .. }
                | Message::Request { channel, .. }
                | Message::Eof(channel)
                | Message::Close(channel) => *channel,
                Message::WindowAdjust { channel, bytes } => {
                    *self.granted.entry(*channel).or_default() += u64::from(*bytes);
                    continue;
                }
                Message::Success(_) | Message::Failure(_) => continue,
                _ => {
                    self.globals.push_back(message);
                    continue;
                }
            };
            self.waiting.entry(channel).or_default().push_back(message);
        }
    }

    pub async fn until_close(&mut self, channel: Channel) -> End {
        let mut end = End::default();
        while !self.step(channel, &mut end).await {}
        end
    }

    async fn step(&mut self, channel: Channel, end: &mut End) -> bool {
        let data = match self.next(channel).await {
            Message::Data { data, .. } => {
                end.out.extend_from_slice(&data);
                data
            }
            Message::ExtendedData { data, .. } => {
                end.err.extend_from_slice(&data);
                data
            }
            Message::Request { request: Request::ExitStatus(status), .. } => {
                end.status = Some(status);
                return false;
            }
            Message::Request { request: Request::ExitSignal { name, .. }, .. } => {
                end.signal = Some(name);
                return false;
            }
            Message::Close(_) => return true,
            _ => return false,
        };
        self.send(Message::WindowAdjust { channel, bytes: data.len() as u32 }).await;
        false
    }

    /// Sends everything within the window, then the end of input, and collects what comes back.
    pub async fn echo(&mut self, channel: Channel, data: &[u8]) -> End {
        let mut end = End::default();
        let mut sent = 0usize;
        while sent < data.len() {
            let room = (u64::from(WINDOW) + self.granted.get(&channel).copied().unwrap_or(0)) as usize - sent;
            let piece = &data[sent..data.len().min(sent + room.min(32 * 1024))];
            if piece.is_empty() {
                if !self.waiting.entry(channel).or_default().is_empty() {
                    self.step(channel, &mut end).await;
                } else {
                    timeout(PATIENCE, self.receive()).await.expect("stalled");
                }
                continue;
            }
            let message = Message::Data { channel, data: Bytes::copy_from_slice(piece) };
            let mut bytes = Vec::new();
            message.encode(&mut bytes);
            let down = self.down.clone();
            let sending = down.send(Down::Payload(bytes.into()));
            tokio::pin!(sending);
            loop {
                tokio::select! {
                    done = &mut sending => { done.unwrap(); break }
                    () = self.receive() => {}
                }
            }
            sent += piece.len();
            while !self.waiting.entry(channel).or_default().is_empty() {
                self.step(channel, &mut end).await;
            }
        }
        self.send(Message::Eof(channel)).await;
        while !self.step(channel, &mut end).await {}
        end
    }

    /// Takes output without granting more, until nothing comes.
    pub async fn until_stalled(&mut self, channel: Channel) {
        let mut taken = 0;
        // Half a second without anything is a stall only once the window is nearly used up.
        let quiet = |taken| if taken > WINDOW as usize / 2 { Duration::from_millis(500) } else { PATIENCE };
        while let Ok(message) = timeout(quiet(taken), self.next(channel)).await {
            if let Message::Data { data, .. } = message {
                taken += data.len();
            }
        }
        assert!(taken > WINDOW as usize / 2 && taken <= WINDOW as usize, "{taken}");
    }

    /// Sends as much as the agent takes.
    pub async fn until_input_stalls(&mut self, channel: Channel) {
        let piece = vec![0; 32 * 1024];
        let mut sent = 0u64;
        loop {
            let room = u64::from(WINDOW) + self.granted.get(&channel).copied().unwrap_or(0) - sent;
            if room == 0 {
                let more = timeout(Duration::from_millis(500), self.receive()).await;
                if more.is_err() {
                    return;
                }
                continue;
            }
            let piece = &piece[..(room as usize).min(piece.len())];
            self.data(channel, piece).await;
            sent += piece.len() as u64;
            assert!(sent < 64 << 20, "the agent takes without bound");
        }
    }

    /// How the session ended.
    pub async fn ending(mut self) -> Ending {
        let drain = async { while self.up.recv().await.is_some() {} };
        tokio::select! {
            () = drain => {}
            () = sleep(PATIENCE) => panic!("no end"),
        }
        let ending = self.served.await.unwrap();
        assert_ne!(ending.code, Code::Done);
        ending
    }
}
