//! One session from grant to seal: record, log in to the target, pump, close.

mod sessions;

pub use self::sessions::Sessions;
