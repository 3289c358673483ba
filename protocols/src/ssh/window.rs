//! The receiving end of a channel's flow control: what the other side may still send, and when to grant more.

use super::WINDOW;

/// The other side sent more than it was granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("more data than the window allows")]
pub struct WindowExceeded;

/// What one side granted the other on one channel.
#[derive(Debug)]
pub struct Receive {
    left: u32,
    consumed: u32,
}

impl Default for Receive {
    fn default() -> Self {
        Self::new()
    }
}

impl Receive {
    /// The window of a new channel: [`WINDOW`].
    #[must_use]
    pub fn new() -> Self {
        Self { left: WINDOW, consumed: 0 }
    }

    /// Data came.
    ///
    /// # Errors
    /// If it is more than was granted.
    pub fn received(&mut self, bytes: usize) -> Result<(), WindowExceeded> {
        let bytes = u32::try_from(bytes).map_err(|_| WindowExceeded)?;
        self.left = self.left.checked_sub(bytes).ok_or(WindowExceeded)?;
        Ok(())
    }

    /// Data was passed on. Returns how much to grant now: nothing until a quarter of the window was used, so that a
    /// keystroke causes no grant.
    #[must_use]
    pub fn consumed(&mut self, bytes: usize) -> Option<u32> {
        self.consumed = self.consumed.saturating_add(u32::try_from(bytes).unwrap_or(u32::MAX));
        if self.consumed < WINDOW / 4 {
            return None;
        }
        let grant = std::mem::take(&mut self.consumed);
        self.left = self.left.saturating_add(grant);
        Some(grant)
    }
}
