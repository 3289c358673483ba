//! The bytes of a protocol that client and target switched to (websocket, RFC 6455).

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    sync::mpsc,
};

use super::{
    answer::{Fault, Reply},
    body::Part,
    upstream::Io,
};
use crate::filter::http::{Side, Websocket};

/// Relays until the target closes, or the client does and the target follows.
pub(super) async fn relay(
    reply: &mut Reply<'_>,
    io: Io,
    read: Bytes,
    parts: mpsc::Receiver<Part>,
) -> Result<(), Fault> {
    let (mut reader, writer) = tokio::io::split(io.into_inner());
    let mut socket = Websocket::new(Arc::clone(&reply.masker), Arc::clone(&reply.rules), Side::Target);
    if !read.is_empty() {
        reply.raw(&mut socket, &read).await?;
    }
    let down = async {
        let mut buffer = BytesMut::with_capacity(16 * 1024);
        loop {
            buffer.reserve(16 * 1024);
            match reader.read_buf(&mut buffer).await {
                Ok(1..) => reply.raw(&mut socket, &buffer.split()).await?,
                Ok(0) | Err(_) => return Ok(()),
            }
        }
    };
    tokio::select! {
        ended = down => ended,
        never = write(writer, parts) => match never {},
    }
}

/// Writes what the client sends; then waits for the target's end.
async fn write(
    mut writer: impl tokio::io::AsyncWrite + Unpin,
    mut parts: mpsc::Receiver<Part>,
) -> std::convert::Infallible {
    while let Some(Part::Data(content)) = parts.recv().await {
        if writer.write_all(&content).await.is_err() {
            break;
        }
    }
    let _closed = writer.shutdown().await;
    std::future::pending().await
}
