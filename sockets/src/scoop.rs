//! Reading from a connection that is idle most of its life: while there is nothing to read, no buffer is held. A small read
//! goes through the stack into a buffer of its size; a busy connection gets large buffers, which it reads into directly.

use std::{
    io,
    mem::MaybeUninit,
    pin::{Pin, pin},
    task::{Context, Poll, ready},
};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt as _, ReadBuf};

/// A first read takes at most this many bytes.
const SMALL: usize = 16 * 1024;
/// A read of a busy connection takes at most this many bytes.
const LARGE: usize = 64 * 1024;

/// One connection's way of reading.
#[derive(Debug, Default)]
pub struct Scoop {
    /// The last read filled its buffer.
    busy: bool,
}

impl Scoop {
    /// Reads what is there behind what `buffer` holds; gives how many bytes, 0 at the end. Cancel-safe.
    ///
    /// # Errors
    /// If the connection is lost.
    pub async fn read<R: AsyncRead + Unpin>(&mut self, reader: &mut R, buffer: &mut BytesMut) -> io::Result<usize> {
        std::future::poll_fn(|cx| self.poll(cx, reader, buffer)).await
    }

    fn poll<R: AsyncRead + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        reader: &mut R,
        buffer: &mut BytesMut,
    ) -> Poll<io::Result<usize>> {
        let read = if self.busy { large(cx, reader, buffer) } else { small(cx, reader, buffer) };
        match read {
            Poll::Ready(Ok(read)) => self.busy = read >= SMALL,
            Poll::Ready(Err(_)) => {}
            Poll::Pending => self.busy = false,
        }
        read
    }
}

fn small<R: AsyncRead + Unpin>(cx: &mut Context<'_>, reader: &mut R, buffer: &mut BytesMut) -> Poll<io::Result<usize>> {
    let mut room = [const { MaybeUninit::uninit() }; SMALL];
    let mut room = ReadBuf::uninit(&mut room);
    ready!(Pin::new(reader).poll_read(cx, &mut room))?;
    buffer.extend_from_slice(room.filled());
    Poll::Ready(Ok(room.filled().len()))
}

fn large<R: AsyncRead + Unpin>(cx: &mut Context<'_>, reader: &mut R, buffer: &mut BytesMut) -> Poll<io::Result<usize>> {
    buffer.reserve(LARGE);
    let read = pin!(reader.read_buf(buffer)).poll(cx);
    if read.is_pending() {
        // Whoever waits holds no more than what was read.
        *buffer = BytesMut::from(&**buffer);
    }
    read
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use super::*;

    #[tokio::test]
    async fn a_reader_that_waits_holds_only_what_it_read() {
        let (mut far, mut near) = tokio::io::duplex(1 << 20);
        let (mut scoop, mut buffer) = (Scoop::default(), BytesMut::new());
        tokio::io::AsyncWriteExt::write_all(&mut far, &[7; 100_000]).await.unwrap();
        while buffer.len() < 100_000 {
            scoop.read(&mut near, &mut buffer).await.unwrap();
        }
        let whole = buffer.split_to(99_990);
        assert!(whole.iter().all(|byte| *byte == 7));
        drop(whole);
        for _ in 0..2 {
            let waiting = futures::future::poll_immediate(scoop.read(&mut near, &mut buffer)).await;
            assert!(waiting.is_none());
        }
        assert_eq!(buffer.len(), 10);
        tokio::io::AsyncWriteExt::write_all(&mut far, b"more").await.unwrap();
        assert_eq!(scoop.read(&mut near, &mut buffer).await.unwrap(), 4);
        assert_eq!(&buffer[10..], b"more");
        drop(far);
        assert_eq!(scoop.read(&mut near, &mut buffer).await.unwrap(), 0);
    }
}
