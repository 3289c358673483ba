//! Messages as gRPC sends them: a flag, a length, the message (gRPC over HTTP2, "Length-Prefixed-Message"; gRPC-Web sends trailers
//! the same way).

use functions::http::Decoder;
use masking::{Syntax, Tally};
use prost_reflect::MessageDescriptor;

use super::{message::Pass, wire::Broken};

/// Longest message, in bytes, as it comes and unpacked: what gRPC's own libraries take if nobody says otherwise.
const MAX_MESSAGE: usize = 4 * 1024 * 1024;
/// Flag and length.
const PREFIX: usize = 5;

/// What messages of one direction of a call are.
#[derive(Clone, Debug)]
pub struct Format {
    /// Their fields.
    pub message: MessageDescriptor,
    /// What `grpc-encoding` says.
    pub encodings: Vec<Vec<u8>>,
}

/// Why messages cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::filter::http) enum Unframed {
    TooLong,
    Broken,
}

impl From<Broken> for Unframed {
    fn from(_: Broken) -> Self {
        Self::Broken
    }
}

/// Takes messages out of a stream.
pub(in crate::filter::http) struct Frames {
    format: Format,
    kept: Vec<u8>,
}

impl Frames {
    pub(in crate::filter::http) fn new(format: Format) -> Self {
        Self { format, kept: Vec::new() }
    }

    /// Takes the next bytes; appends the messages that are complete, masked.
    pub(in crate::filter::http) fn push(
        &mut self,
        pass: &mut Pass<'_>,
        bytes: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), Unframed> {
        self.kept.extend_from_slice(bytes);
        let mut kept = std::mem::take(&mut self.kept);
        let mut rest = &kept[..];
        while let Some((head, more)) = rest.split_first_chunk::<PREFIX>() {
            let [flags, length @ ..] = *head;
            let length = u32::from_be_bytes(length) as usize;
            if length > MAX_MESSAGE {
                return Err(Unframed::TooLong);
            }
            let Some((message, behind)) = more.split_at_checked(length) else { break };
            let whole = rest.get(..PREFIX + length).unwrap_or_default();
            match self.masked(pass, flags, message)? {
                Some(masked) => put(flags, &masked, out),
                None => out.extend_from_slice(whole),
            }
            rest = behind;
        }
        let taken = kept.len() - rest.len();
        kept.drain(..taken);
        self.kept = kept;
        Ok(())
    }

    /// Nothing more comes.
    pub(in crate::filter::http) fn finish(&self) -> Result<(), Unframed> {
        if self.kept.is_empty() { Ok(()) } else { Err(Unframed::Broken) }
    }

    /// A message with its values masked; `None` if it stays.
    fn masked(&self, pass: &mut Pass<'_>, flags: u8, message: &[u8]) -> Result<Option<Vec<u8>>, Unframed> {
        let plain;
        let message = match flags & 0x7f {
            0 => message,
            1 => {
                plain = self.unpacked(message)?;
                &plain
            }
            _ => return Err(Unframed::Broken),
        };
        if flags & 0x80 != 0 {
            return Ok(trailers(pass, message));
        }
        let mut out = Vec::with_capacity(message.len());
        Ok(pass.message(&self.format.message, message, &mut out)?.then_some(out))
    }

    fn unpacked(&self, message: &[u8]) -> Result<Vec<u8>, Unframed> {
        let codings = self.format.encodings.iter().map(Vec::as_slice);
        let mut decoder = Decoder::new(codings).map_err(|_| Unframed::Broken)?;
        let mut plain = Vec::new();
        for piece in message.chunks(16 * 1024) {
            decoder.push(piece, &mut plain).map_err(|_| Unframed::Broken)?;
            if plain.len() > MAX_MESSAGE {
                return Err(Unframed::TooLong);
            }
        }
        decoder.finish(&mut plain).map_err(|_| Unframed::Broken)?;
        Ok(plain)
    }
}

/// Whether content with this label is messages in frames; JSON in frames is not.
pub(in crate::filter::http) fn is_grpc(label: &str) -> bool {
    let media = label.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    matches!(
        &*media,
        "application/grpc" | "application/grpc+proto" | "application/grpc-web" | "application/grpc-web+proto"
    )
}

/// Trailers of gRPC-Web: header fields as text.
fn trailers(pass: &mut Pass<'_>, text: &[u8]) -> Option<Vec<u8>> {
    let (mut masked, mut tally) = (text.to_vec(), Tally::default());
    let found = pass.masker.mask(&mut masked, Syntax::Text, &mut tally);
    pass.notes.merge(&tally);
    found.then_some(masked)
}

/// Appends a message without compression, which each side may leave out for each message.
fn put(flags: u8, message: &[u8], out: &mut Vec<u8>) {
    out.push(flags & 0x80);
    out.extend_from_slice(&u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend_from_slice(message);
}
