//! RowDescription and DataRow, walked in place (message formats). Values are handed out as slices of the frame itself, so
//! a mask that keeps the length keeps the frame.

use super::{Malformed, cstring};

/// One result column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name, in the client's encoding.
    pub name: Vec<u8>,
    /// The object id of the table that it is a column of; 0 if of none.
    pub table_oid: u32,
    /// The object id of its type.
    pub type_oid: u32,
    /// 0 text, 1 binary. After a Describe of a statement it is not known yet and 0.
    pub format: i16,
}

/// The columns in the body of a RowDescription.
///
/// # Errors
/// If it is cut short or something is left over.
pub fn description(body: &[u8]) -> Result<Vec<Column>, Malformed> {
    const BROKEN: Malformed = Malformed("row description");
    let (count, mut rest) = body.split_first_chunk::<2>().ok_or(BROKEN)?;
    let count = usize::from(u16::from_be_bytes(*count));
    // Each column takes at least 19 bytes: a wrong count allocates nothing.
    let mut columns = Vec::with_capacity(count.min(rest.len() / 19));
    for _ in 0..count {
        let (name, tail) = cstring(rest).ok_or(BROKEN)?;
        let (fixed, tail) = tail.split_first_chunk::<18>().ok_or(BROKEN)?;
        // Table (4), attribute (2), type (4), size (2), modifier (4), format (2).
        let [g, h, i, j, _, _, a, b, c, d, _, _, _, _, _, _, e, f] = *fixed;
        columns.push(Column {
            name: name.to_vec(),
            table_oid: u32::from_be_bytes([g, h, i, j]),
            type_oid: u32::from_be_bytes([a, b, c, d]),
            format: i16::from_be_bytes([e, f]),
        });
        rest = tail;
    }
    if rest.is_empty() { Ok(columns) } else { Err(BROKEN) }
}

/// Shows each column's name in the body of a RowDescription, to be changed in place.
///
/// # Errors
/// If the body is cut short.
pub fn names(body: &mut [u8], mut each: impl FnMut(&mut [u8])) -> Result<(), Malformed> {
    const BROKEN: Malformed = Malformed("row description");
    let (_count, mut rest) = body.split_first_chunk_mut::<2>().ok_or(BROKEN)?;
    while !rest.is_empty() {
        let end = memchr::memchr(0, rest).ok_or(BROKEN)?;
        let (name, tail) = rest.split_at_mut_checked(end).ok_or(BROKEN)?;
        each(name);
        (_, rest) = tail.split_at_mut_checked(19).ok_or(BROKEN)?;
    }
    Ok(())
}

/// Shows each value in the body of a DataRow that is not null, with its column's number, to be changed in place.
///
/// # Errors
/// If the body is cut short or something is left over.
#[inline]
pub fn values(body: &mut [u8], mut each: impl FnMut(usize, &mut [u8])) -> Result<usize, Malformed> {
    const BROKEN: Malformed = Malformed("data row");
    let (count, mut rest) = body.split_first_chunk_mut::<2>().ok_or(BROKEN)?;
    let count = usize::from(u16::from_be_bytes(*count));
    for column in 0..count {
        let (length, tail) = rest.split_first_chunk_mut::<4>().ok_or(BROKEN)?;
        match i32::from_be_bytes(*length) {
            -1 => rest = tail,
            length => {
                let length = usize::try_from(length).map_err(|_| BROKEN)?;
                let (value, tail) = tail.split_at_mut_checked(length).ok_or(BROKEN)?;
                each(column, value);
                rest = tail;
            }
        }
    }
    if rest.is_empty() { Ok(count) } else { Err(BROKEN) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    fn described() -> Vec<u8> {
        let mut body = vec![0, 2];
        for (name, oid) in [("id", 23_u32), ("note", 25)] {
            body.extend_from_slice(name.as_bytes());
            body.extend_from_slice(&[0, 0, 0, 0, 9, 0, 1]);
            body.extend_from_slice(&oid.to_be_bytes());
            body.extend_from_slice(&[0, 4, 0, 0, 0, 0, 0, 1]);
        }
        body
    }

    #[test]
    fn a_description_gives_names_types_and_formats() {
        let columns = description(&described()).unwrap();
        assert_eq!(columns[0], Column { name: b"id".to_vec(), table_oid: 9, type_oid: 23, format: 1 });
        assert_eq!(columns[1], Column { name: b"note".to_vec(), table_oid: 9, type_oid: 25, format: 1 });
        let mut seen = Vec::new();
        names(&mut described(), |name| seen.push(name.to_vec())).unwrap();
        assert_eq!(seen, [b"id".to_vec(), b"note".to_vec()]);
    }

    #[test]
    fn a_description_that_is_cut_short_or_too_long_is_malformed() {
        let body = described();
        for cut in 0..body.len() {
            assert!(description(&body[..cut]).is_err());
        }
        assert!(description(&[&body[..], &[0]].concat()).is_err());
        assert!(description(&[0xff, 0xff]).is_err());
    }

    #[test]
    fn values_are_changed_in_place_and_nulls_are_passed_over() {
        let mut body = [&[0, 3][..], &[0, 0, 0, 2], b"ab", &[0xff; 4], &[0, 0, 0, 1], b"c"].concat();
        let mut columns = Vec::new();
        values(&mut body, |column, value| {
            columns.push(column);
            value.fill(b'*');
        })
        .unwrap();
        assert_eq!(columns, [0, 2]);
        assert_eq!(body, [&[0, 3][..], &[0, 0, 0, 2], b"**", &[0xff; 4], &[0, 0, 0, 1], b"*"].concat());
    }

    #[test]
    fn a_row_that_is_cut_short_or_too_long_is_malformed() {
        let body = [&[0, 2][..], &[0, 0, 0, 2], b"ab", &[0, 0, 0, 1], b"c"].concat();
        for cut in 0..body.len() {
            assert!(values(&mut body[..cut].to_vec(), |_, _| ()).is_err());
        }
        assert!(values(&mut [&body[..], b"x"].concat(), |_, _| ()).is_err());
        assert!(values(&mut [0, 1, 0xff, 0xff, 0xff, 0xfe], |_, _| ()).is_err(), "a negative length that is not null");
    }
}
