//! Filled in by the tunnel work.
