//! One session from grant to seal: record, log in to the target, pump, close.

mod sessions;
#[cfg(test)]
mod tests;

pub use self::sessions::Sessions;
