//! COPY data towards the client. PostgreSQL sends a row per frame, which is masked as it stands. Where a server splits a
//! row of text over frames, they wait for the end of the line and are masked as one.

use masking::{Masker, Syntax, Tally};
use protocols::pg::{
    Malformed,
    frame::{HEADER, Side, peek},
    row,
};

use super::number;

/// A line longer than this that is split over frames cannot be inspected.
pub(super) const LONGEST_LINE: usize = 1024 * 1024;

/// What a binary COPY starts with.
const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";

/// Whether a frame ends where a row ends.
pub(super) fn ends_row(binary: bool, body: &[u8]) -> bool {
    binary || body.last() == Some(&b'\n') || body == b"\\."
}

/// Masks the body of one frame that holds whole rows.
pub(super) fn mask_row(masker: &Masker, binary: bool, body: &mut [u8], tally: &mut Tally) {
    if !binary || tuple(masker, body, tally).is_none() {
        masker.mask(body, Syntax::Text, tally);
    }
}

/// A binary tuple is laid out as a DataRow; the first stands behind the file header, the trailer has no fields.
fn tuple(masker: &Masker, body: &mut [u8], tally: &mut Tally) -> Option<()> {
    let mut rest = body;
    if rest.starts_with(SIGNATURE) {
        let (_, tail) = rest.split_at_mut_checked(SIGNATURE.len() + 4)?;
        let (extension, tail) = tail.split_first_chunk_mut::<4>()?;
        (_, rest) = tail.split_at_mut_checked(usize::try_from(i32::from_be_bytes(*extension)).ok()?)?;
    }
    if rest.is_empty() || rest == [0xff, 0xff] {
        return Some(());
    }
    row::values(rest, |_, value| {
        if !masker.mask(value, Syntax::Text, tally) {
            number::mask_untyped(masker, value, tally);
        }
    })
    .ok()
    .map(|_columns| ())
}

/// Masks a row that is split over the whole frames in `frames`.
pub(super) fn mask_split(masker: &Masker, frames: &mut [u8], tally: &mut Tally) -> Result<(), Malformed> {
    let mut row = Vec::with_capacity(frames.len());
    bodies(frames, |body| row.extend_from_slice(body))?;
    masker.mask(&mut row, Syntax::Text, tally);
    let mut masked = row.as_slice();
    bodies(frames, |body| {
        if let Some((part, rest)) = masked.split_at_checked(body.len()) {
            body.copy_from_slice(part);
            masked = rest;
        }
    })
}

fn bodies(mut frames: &mut [u8], mut each: impl FnMut(&mut [u8])) -> Result<(), Malformed> {
    const BROKEN: Malformed = Malformed("copy data");
    while let Some(header) = peek(frames, Side::Back)? {
        let (frame, rest) = frames.split_at_mut_checked(header.frame()).ok_or(BROKEN)?;
        each(frame.get_mut(HEADER..).unwrap_or_default());
        frames = rest;
    }
    Ok(())
}
