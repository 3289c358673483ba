//! A PostgreSQL client that speaks in frames, for what no driver does: any protocol version, any order, any bytes. The same
//! through the gateway and straight to the target.

use std::time::Duration;

use bytes::{Buf, BufMut, BytesMut};
use postgres_protocol::authentication::sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256};
use sallyport::demo::targets::postgres as shop;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::{World, raw};

/// Protocol 3.0.
pub const VERSION_3_0: u32 = 196_608;
/// Protocol 3.2.
pub const VERSION_3_2: u32 = 196_610;
const PATIENCE: Duration = Duration::from_secs(30);

/// A byte stream of either kind.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A message from the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Its first byte.
    pub tag: u8,
    /// What follows the length.
    pub body: Vec<u8>,
}

/// A logged-in client.
pub struct Frames {
    stream: Box<dyn Stream>,
    /// What came during login after the authentication, and before it when the server negotiated.
    pub greeting: Vec<Frame>,
}

impl Frames {
    /// Logs in through the gateway as Alice.
    pub async fn through(world: &World, connection: &str) -> Self {
        let parameters = [("user", "alice"), ("database", connection)];
        let stream = Box::new(raw::postgres(world).await);
        Self::log_in(stream, &world.alice().ticket, VERSION_3_0, &parameters).await
    }

    /// Logs in straight to a database of the target.
    pub async fn direct(world: &World, database: &str) -> Self {
        let parameters = [("user", shop::ROLE), ("database", database)];
        let stream = Box::new(raw::tcp(world.site.postgres.port).await);
        Self::log_in(stream, &world.site.postgres.password, VERSION_3_0, &parameters).await
    }

    /// Logs in over `stream` with SCRAM-SHA-256.
    pub async fn log_in(stream: Box<dyn Stream>, password: &str, version: u32, parameters: &[(&str, &str)]) -> Self {
        let mut this = Self { stream, greeting: vec![] };
        this.send(&raw::startup_of(version, parameters)).await;
        let mut scram = ScramSha256::new(password.as_bytes(), ChannelBinding::unsupported());
        loop {
            let frame = this.next().await;
            let step = (frame.tag == b'R').then(|| frame.body.as_slice().get_u32());
            match step {
                Some(10) => {
                    let mut first = BytesMut::new();
                    first.put_slice(SCRAM_SHA_256.as_bytes());
                    first.put_u8(0);
                    first.put_u32(u32::try_from(scram.message().len()).unwrap());
                    first.put_slice(scram.message());
                    this.send(&message(b'p', &first)).await;
                }
                Some(11) => {
                    scram.update(&frame.body[4..]).unwrap();
                    this.send(&message(b'p', scram.message())).await;
                }
                Some(12) => scram.finish(&frame.body[4..]).unwrap(),
                Some(_) => {}
                None => {
                    assert_ne!(frame.tag, b'E', "{}", frame.text());
                    let ready = frame.tag == b'Z';
                    this.greeting.push(frame);
                    if ready {
                        return this;
                    }
                }
            }
        }
    }

    /// Sends bytes as they are.
    pub async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    /// The next message.
    pub async fn next(&mut self) -> Frame {
        let read = async {
            let tag = self.stream.read_u8().await?;
            let length = self.stream.read_u32().await?;
            let mut body = vec![0; usize::try_from(length).unwrap() - 4];
            self.stream.read_exact(&mut body).await?;
            Ok::<_, std::io::Error>(Frame { tag, body })
        };
        tokio::time::timeout(PATIENCE, read).await.expect("an answer").expect("a whole message")
    }

    /// Sends and reads up to and including the `count`-th ReadyForQuery.
    pub async fn ask(&mut self, bytes: &[u8], count: usize) -> Vec<Frame> {
        self.send(bytes).await;
        self.rest(count).await
    }

    /// Reads up to and including the `count`-th ReadyForQuery.
    pub async fn rest(&mut self, count: usize) -> Vec<Frame> {
        let mut frames = vec![];
        while frames.iter().filter(|frame: &&Frame| frame.tag == b'Z').count() < count {
            frames.push(self.next().await);
        }
        frames
    }

    /// The process number and key that the server gave for cancelling.
    #[must_use]
    pub fn cancel_key(&self) -> (u32, Vec<u8>) {
        let key = self.greeting.iter().find(|frame| frame.tag == b'K').expect("a key");
        let mut body = key.body.as_slice();
        (body.get_u32(), body.to_vec())
    }
}

impl Frame {
    /// Its body as text, with spaces for the zeros.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).replace('\0', " ")
    }
}

/// A message with its length.
#[must_use]
pub fn message(tag: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
    [&[tag], length.as_slice(), body].concat()
}

/// A simple query.
#[must_use]
pub fn query(text: &str) -> Vec<u8> {
    message(b'Q', &zero_ended(&[text]))
}

/// Parse, with no parameter types.
#[must_use]
pub fn parse(name: &str, text: &str) -> Vec<u8> {
    message(b'P', &[zero_ended(&[name, text]), vec![0, 0]].concat())
}

/// Bind with text parameters; `binary` asks for results in binary.
#[must_use]
pub fn bind(portal: &str, statement: &str, values: &[&str], binary: bool) -> Vec<u8> {
    let mut body = BytesMut::from(&zero_ended(&[portal, statement])[..]);
    body.put_u16(0);
    body.put_u16(u16::try_from(values.len()).unwrap());
    for value in values {
        body.put_u32(u32::try_from(value.len()).unwrap());
        body.put_slice(value.as_bytes());
    }
    body.put_u16(1);
    body.put_u16(u16::from(binary));
    message(b'B', &body)
}

/// Execute, up to `rows` rows; 0 is all.
#[must_use]
pub fn execute(portal: &str, rows: u32) -> Vec<u8> {
    message(b'E', &[zero_ended(&[portal]), rows.to_be_bytes().to_vec()].concat())
}

/// Describe or Close (`tag`) a statement (`S`) or portal (`P`).
#[must_use]
pub fn about(tag: u8, kind: u8, name: &str) -> Vec<u8> {
    message(tag, &[vec![kind], zero_ended(&[name])].concat())
}

/// Sync.
#[must_use]
pub fn sync() -> Vec<u8> {
    message(b'S', &[])
}

/// A cancel request.
#[must_use]
pub fn cancel(pid: u32, key: &[u8]) -> Vec<u8> {
    let length = u32::try_from(12 + key.len()).unwrap();
    [&length.to_be_bytes()[..], &80_877_102_u32.to_be_bytes(), &pid.to_be_bytes(), key].concat()
}

fn zero_ended(words: &[&str]) -> Vec<u8> {
    words.iter().flat_map(|word| word.bytes().chain([0])).collect()
}
