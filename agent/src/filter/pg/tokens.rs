//! Rows with columns that left the database raw (`sql::rewrite::token`): a keyed token takes the place of each value before
//! anything of the row is written down or sent. What does not look as it was planned never passes.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use masking::{Tally, TokenKey};
use proto::{Code, Refusal};
use protocols::pg::{
    Malformed, encode,
    frame::{HEADER, Side, back, peek},
    row,
};
use sql::rewrite::{TokenType, Tokens};

use super::{
    Filter,
    columns::{Plan, Rule},
    journal::{Journal, Mark, Run},
    target_fault, value,
};

/// Larger rows are not taken apart, in bytes.
pub(super) const LARGEST_ROW: usize = 16 * 1024 * 1024;
/// PostgreSQL compares no more of a name, in bytes.
const NAME_LENGTH: usize = 63;

/// The name as the server keeps it.
pub(super) fn kept_name(name: &[u8]) -> Vec<u8> {
    name.get(..NAME_LENGTH).unwrap_or(name).to_vec()
}

impl Filter {
    /// What the rows that come have raw.
    pub(super) fn raw_columns(&mut self) -> Option<Arc<Tokens>> {
        match self.exchange.first() {
            Some((_, Mark::Run(run))) => run.rewrite.as_ref().and_then(super::strict::Rewrite::tokens),
            _ => None,
        }
    }

    /// Puts tokens into one row at `at`, if all of it is here; gives where it ends.
    ///
    /// # Errors
    /// If the row is not what was planned, or tokens cannot be made.
    pub(super) fn token_row(
        &mut self,
        buffer: &mut [u8],
        at: usize,
        tokens: &Tokens,
        journal: &dyn Journal,
    ) -> Result<usize, Refusal> {
        let Some(header) = peek(buffer.get(at..).unwrap_or_default(), Side::Back).map_err(target_fault)? else {
            return Ok(at);
        };
        let end = at + header.frame();
        let Some(body) = buffer.get_mut(at + HEADER..end) else { return Ok(at) };
        let own = Arc::clone(&self.masker);
        let Some((_, Mark::Run(run))) = self.exchange.first() else {
            return Err(target_fault(Malformed("order of replies")));
        };
        run.counted += 1;
        run.bytes += header.frame() as u64;
        let exchange = run.exchange;
        let masker = run.masker.clone().unwrap_or_else(|| Arc::clone(&own));
        let key = own.transforms().key().ok_or_else(unplanned)?;
        let frame = frame(run, &masker, key, tokens, body)?;
        self.insert(buffer, at, end, frame, exchange, journal);
        Ok(end)
    }
}

/// The row with tokens in it, everything else masked as ever.
fn frame(
    run: &mut Run,
    masker: &masking::Masker,
    key: &TokenKey,
    tokens: &Tokens,
    body: &mut [u8],
) -> Result<Bytes, Refusal> {
    let mut made: Vec<(usize, Vec<u8>)> = Vec::new();
    let mut failed = false;
    let token_at = |column: usize| tokens.columns.iter().find(|token| token.place == column);
    let Run { plan, tallies, portal, .. } = run;
    let plan = plan.as_deref();
    let formats = portal.as_ref().and_then(|portal| portal.formats.as_deref());
    let width = row::values(body, |column, bytes| match token_at(column) {
        Some(token) => match is_binary(plan, formats, column).and_then(|binary| replace(key, token, binary, bytes)) {
            Some(with) => made.push((column, with)),
            None => failed = true,
        },
        None => {
            let rule = plan.map_or(Rule::Text, |plan| plan.rule(column));
            if tallies.len() <= column {
                tallies.resize_with(column + 1, Tally::default);
            }
            if let Some(tally) = tallies.get_mut(column).filter(|_| rule != Rule::Skip && !masker.is_off()) {
                value::mask(masker, rule, bytes, tally);
            }
        }
    });
    if failed || width.map_err(target_fault)? != tokens.width {
        return Err(unplanned());
    }
    rebuild(body, made).map_err(target_fault)
}

/// Whether a column is binary; `None` if nobody said.
fn is_binary(plan: Option<&Plan>, formats: Option<&[i16]>, column: usize) -> Option<bool> {
    match (plan, formats) {
        (Some(plan), _) => Some(plan.is_binary(column)),
        (None, Some([])) => Some(false),
        (None, Some([all])) => Some(*all == 1),
        (None, Some(each)) => each.get(column).map(|format| *format == 1),
        (None, None) => None,
    }
}

/// The token of a value, in the value's type and format; `None` if the value is not of that type.
fn replace(key: &TokenKey, token: &sql::rewrite::Token, binary: bool, value: &[u8]) -> Option<Vec<u8>> {
    let label = token.mark.label.as_str();
    Some(match token.of {
        TokenType::Text { most, padded } => {
            let kept = if padded { value.trim_ascii_end() } else { value };
            let mut made = key.text(label, kept);
            if let Some(most) = most {
                made.truncate(most);
                made.resize(if padded { most } else { made.len() }, b' ');
            }
            made
        }
        TokenType::Integer { bytes } => {
            let number = if binary { integer(value, bytes)? } else { std::str::from_utf8(value).ok()?.parse().ok()? };
            let largest = if bytes == 4 { u64::from(i32::MAX.unsigned_abs()) } else { u64::MAX };
            let made = key.number(label, number.to_string().as_bytes(), largest);
            match (binary, bytes) {
                (false, _) => made.to_string().into_bytes(),
                (true, 4) => i32::try_from(made).ok()?.to_be_bytes().to_vec(),
                (true, _) => i64::try_from(made).ok()?.to_be_bytes().to_vec(),
            }
        }
        TokenType::Uuid if binary => {
            key.uuid(label, uuid::Uuid::from_slice(value).ok()?.to_string().as_bytes()).to_vec()
        }
        TokenType::Uuid => {
            let text = uuid::Uuid::try_parse_ascii(value).ok()?.to_string();
            uuid::Uuid::from_bytes(key.uuid(label, text.as_bytes())).to_string().into_bytes()
        }
    })
}

fn integer(value: &[u8], bytes: u8) -> Option<i64> {
    match bytes {
        4 => Some(i64::from(i32::from_be_bytes(value.try_into().ok()?))),
        _ => Some(i64::from_be_bytes(value.try_into().ok()?)),
    }
}

/// The DataRow with some of its values replaced.
fn rebuild(body: &[u8], made: Vec<(usize, Vec<u8>)>) -> Result<Bytes, Malformed> {
    const BROKEN: Malformed = Malformed("data row");
    let (count, mut rest) = body.split_first_chunk::<2>().ok_or(BROKEN)?;
    let mut made = made.into_iter().peekable();
    let mut row = BytesMut::with_capacity(body.len() + 64);
    row.extend_from_slice(count);
    for column in 0..usize::from(u16::from_be_bytes(*count)) {
        let (length, tail) = rest.split_first_chunk::<4>().ok_or(BROKEN)?;
        let size = usize::try_from(i32::from_be_bytes(*length)).unwrap_or(0);
        let (value, tail) = tail.split_at_checked(size).ok_or(BROKEN)?;
        match made.next_if(|(place, _)| *place == column) {
            Some((_, with)) => {
                row.extend_from_slice(&i32::try_from(with.len()).map_err(|_| BROKEN)?.to_be_bytes());
                row.extend_from_slice(&with);
            }
            None => {
                row.extend_from_slice(length);
                row.extend_from_slice(value);
            }
        }
        rest = tail;
    }
    let mut out = BytesMut::with_capacity(row.len() + HEADER);
    encode::frame(&mut out, back::DATA_ROW, |out| out.extend_from_slice(&row));
    Ok(out.freeze())
}

/// What comes is not what was planned, so nothing of it passes.
pub(super) fn unplanned() -> Refusal {
    Refusal::new(Code::Uninspectable, "the target sent rows whose masked columns cannot be told")
}
