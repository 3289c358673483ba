//! Marked fields of gRPC messages. Which message a request carries, its method says.

use bytes::Bytes;
use masking::Masker;
use prost_reflect::MethodDescriptor;
use protocols::http::RequestHead;

use super::{
    Places, Told, Unmaskable,
    content::{correct, decoded, label, unreadable},
};
use crate::filter::http::read::{Format, Frames, Pass, Unframed, is_grpc};

/// Masks what is marked in the messages of a call.
///
/// # Errors
/// Why they cannot be read.
pub(super) fn mask(
    rules: &[(&Places, Masker)],
    method: &MethodDescriptor,
    head: &mut RequestHead,
    content: &Bytes,
    told: &mut Told,
) -> Result<Bytes, Unmaskable> {
    if content.is_empty() {
        return Ok(content.clone());
    }
    if !is_grpc(&label(&head.fields)?) {
        return Err(unreadable("is no gRPC message"));
    }
    let plain = decoded(&head.fields, content)?;
    let encodings = head.fields.iter().filter(|(name, _)| &name[..] == b"grpc-encoding");
    let encodings: Vec<Vec<u8>> = encodings.map(|(_, value)| value.to_vec()).collect();
    let mut masked = plain.clone();
    for (places, masker) in rules {
        let mut frames = Frames::new(Format { message: method.input(), encodings: encodings.clone() });
        let pass = &mut Pass { fields: &places.grpc, masker, notes: told.of("grpc") };
        let mut out = Vec::with_capacity(masked.len());
        frames.push(pass, &masked, &mut out).and_then(|()| frames.finish()).map_err(|why| match why {
            Unframed::TooLong => Unmaskable::TooLong,
            Unframed::Broken => unreadable("is broken, or no message of the method it calls"),
        })?;
        masked = out;
    }
    if masked == plain {
        return Ok(content.clone());
    }
    correct(&mut head.fields, &masked, false);
    Ok(masked.into())
}
