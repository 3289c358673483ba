//! Times as the store keeps them: UTC milliseconds since 1970.

use time::OffsetDateTime;

/// Now.
pub(super) fn now() -> i64 {
    millis(OffsetDateTime::now_utc())
}

/// As stored. Times beyond the representable range are clamped.
pub(super) fn millis(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}

/// As the rest of the program sees it.
pub(super) fn instant(millis: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}
