//! The link between the text that detectors read and the bytes that are sent, which differ where JSON strings hold escapes.

use crate::json::JsonView;
use crate::syntax::Syntax;
use crate::transform::{mask_text, mask_zeros};

/// The two sides of a stream: `text` is what detectors read; the output is made of what was received.
#[derive(Debug)]
pub(crate) enum Surface {
    /// Both are the same.
    Text,
    /// Both are the same; digits become zeros.
    Number,
    /// The text has escapes decoded.
    Json(JsonView),
}

impl Surface {
    pub(crate) fn new(syntax: Syntax) -> Self {
        match syntax {
            Syntax::Text => Self::Text,
            Syntax::Number => Self::Number,
            Syntax::Json => Self::Json(JsonView::default()),
        }
    }

    /// Appends a received piece to the text.
    pub(crate) fn take(&mut self, piece: &[u8], text: &mut Vec<u8>) {
        match self {
            Self::Text | Self::Number => text.extend_from_slice(piece),
            Self::Json(view) => view.take(piece, text),
        }
    }

    /// Sends `text[start..end]` as it was received.
    pub(crate) fn clear(&mut self, text: &[u8], start: usize, end: usize, out: &mut Vec<u8>) {
        match self {
            Self::Text | Self::Number => out.extend_from_slice(text.get(start..end).unwrap_or_default()),
            Self::Json(view) => view.clear(start, end, out),
        }
    }

    /// Sends `text[start..end]` masked.
    pub(crate) fn mask(&mut self, text: &[u8], start: usize, end: usize, out: &mut Vec<u8>) {
        let from = out.len();
        match self {
            Self::Json(view) => return view.mask(text, start, end, out),
            Self::Text | Self::Number => out.extend_from_slice(text.get(start..end).unwrap_or_default()),
        }
        let masked = out.get_mut(from..).unwrap_or_default();
        if matches!(self, Self::Number) { mask_zeros(masked) } else { mask_text(masked) }
    }

    /// Forgets the first `count` bytes of the text.
    pub(crate) fn forget(&mut self, count: usize) {
        if let Self::Json(view) = self {
            view.forget(count);
        }
    }

    /// Sends what is not text: an escape that the end of the stream cut.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) {
        if let Self::Json(view) = self {
            view.finish(out);
        }
    }
}
