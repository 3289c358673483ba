//! What the SSH library calls while a connection to the target lives: the host key, what arrives, and channels that
//! the target opens. Only connections to a port it was asked to listen on are taken; everything else is turned away.

use std::sync::{Arc, OnceLock};

use proto::{Code, Ending};
use protocols::ssh::Address;
use russh::{
    Channel, ChannelId, Names, cipher,
    client::{ChannelOpenHandle, Handler, Msg, Session},
    keys::PublicKeyOrCertificate,
};
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{gate::Gate, host_key::HostKeys};

/// A connection that came to a port the target listens on for the client.
pub(super) struct Forwarded {
    pub(super) channel: Channel<Msg>,
    pub(super) to: Address,
    pub(super) from: Address,
    pub(super) gate: Arc<Gate>,
    pub(super) reply: ChannelOpenHandle,
}

/// Why the handler refused the target, for the one who dialled.
pub(super) type Objection = Arc<OnceLock<Ending>>;

/// The handler of one connection.
pub(super) struct TargetHandler {
    pins: HostKeys,
    gate: Arc<Gate>,
    forwarded: mpsc::Sender<Forwarded>,
    objection: Objection,
    /// The library drops the handler when the connection is over.
    _lost: DropGuard,
}

impl TargetHandler {
    pub(super) fn new(
        pins: HostKeys,
        gate: Arc<Gate>,
        forwarded: mpsc::Sender<Forwarded>,
    ) -> (Self, CancellationToken, Objection) {
        let (lost, objection) = (CancellationToken::new(), Objection::default());
        let _lost = lost.clone().drop_guard();
        (Self { pins, gate, forwarded, objection: Arc::clone(&objection), _lost }, lost, objection)
    }

    fn object(&self, message: &str) {
        let _first = self.objection.set(Ending::new(Code::TargetIdentity, message));
    }
}

impl Handler for TargetHandler {
    type Error = russh::Error;

    async fn check_server_key(&mut self, shown: &PublicKeyOrCertificate) -> Result<bool, Self::Error> {
        let accepted = shown.certificate().is_none() && self.pins.accepts(&shown.public_key());
        if !accepted {
            self.object("the target's host key is not the one that is known");
        }
        Ok(accepted)
    }

    /// Without strict key exchange, ChaCha20-Poly1305 lets an attacker cut the start of the stream (CVE-2023-48795).
    async fn kex_done(&mut self, _secret: Option<&[u8]>, names: &Names, _: &mut Session) -> Result<(), Self::Error> {
        if names.cipher == cipher::CHACHA20_POLY1305 && !names.strict_kex() {
            return Err(russh::Error::Kex);
        }
        Ok(())
    }

    async fn data(&mut self, channel: ChannelId, data: &[u8], _: &mut Session) -> Result<(), Self::Error> {
        self.gate.enter(channel, data.len());
        Ok(())
    }

    async fn extended_data(
        &mut self,
        channel: ChannelId,
        _: u32,
        data: &[u8],
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        self.gate.enter(channel, data.len());
        Ok(())
    }

    async fn server_channel_open_forwarded_tcpip(
        &mut self,
        channel: Channel<Msg>,
        connected_address: &str,
        connected_port: u32,
        originator_address: &str,
        originator_port: u32,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        let to = Address { host: connected_address.to_owned(), port: connected_port };
        let from = Address { host: originator_address.to_owned(), port: originator_port };
        // With too many waiting, the reply is dropped, which turns the connection away.
        let _full = self.forwarded.try_send(Forwarded { channel, to, from, gate: Arc::clone(&self.gate), reply });
        Ok(())
    }

    async fn server_channel_open_session(
        &mut self,
        _: Channel<Msg>,
        _turned_away: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        Ok(())
    }

    async fn server_channel_open_direct_tcpip(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        _: u32,
        _: &str,
        _: u32,
        _turned_away: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        Ok(())
    }

    async fn server_channel_open_direct_streamlocal(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        _turned_away: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        Ok(())
    }

    async fn server_channel_open_forwarded_streamlocal(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        _turned_away: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        Ok(())
    }

    async fn server_channel_open_agent_forward(
        &mut self,
        _: Channel<Msg>,
        _turned_away: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        Ok(())
    }

    async fn server_channel_open_x11(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        _: u32,
        _turned_away: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        Ok(())
    }
}
