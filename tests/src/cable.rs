//! A cable between two programs that can be pulled out: bytes pass as they are and are written down; once it is cut nothing passes
//! and nobody is told, as when a network goes away.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, tcp::OwnedReadHalf, tcp::OwnedWriteHalf},
    sync::watch,
    task::JoinHandle,
};

/// A relay to a port on this machine. Stops when dropped.
#[derive(Debug)]
pub struct Cable {
    /// Where it listens on 127.0.0.1.
    pub port: u16,
    cut: watch::Sender<bool>,
    seen: Arc<Mutex<Vec<u8>>>,
    task: JoinHandle<()>,
}

impl Cable {
    /// Starts it on a free port.
    pub async fn start(to: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (cut, is_cut) = watch::channel(false);
        let seen = Arc::<Mutex<Vec<u8>>>::default();
        let record = Arc::clone(&seen);
        let task = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(pass(near, to, is_cut.clone(), Arc::clone(&record)));
            }
        });
        Self { port, cut, seen, task }
    }

    /// Pulls it out: what is connected stays so and hears nothing more.
    pub fn cut(&self) {
        self.cut.send_replace(true);
    }

    /// Puts it back: new connections pass.
    pub fn mend(&self) {
        self.cut.send_replace(false);
    }

    /// Everything that passed so far, in both directions.
    #[must_use]
    pub fn seen(&self) -> Vec<u8> {
        self.seen.lock().unwrap().clone()
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass(near: TcpStream, to: u16, mut cut: watch::Receiver<bool>, seen: Arc<Mutex<Vec<u8>>>) -> Option<()> {
    let far = TcpStream::connect(("127.0.0.1", to)).await.ok()?;
    let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
    let both = async { tokio::join!(copy(near_in, far_out, &seen), copy(far_in, near_out, &seen)) };
    tokio::pin!(both);
    tokio::select! {
        _ = &mut both => return Some(()),
        _ = cut.wait_for(|cut| *cut) => {}
    }
    // Both sockets stay open, silent, for as long as anybody might still hope.
    std::future::pending().await
}

async fn copy(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, seen: &Mutex<Vec<u8>>) {
    let mut piece = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut piece).await {
        seen.lock().unwrap().extend_from_slice(&piece[..count]);
        if to.write_all(&piece[..count]).await.is_err() {
            break;
        }
    }
    let _gone = to.shutdown().await;
}
