//! To be written. Pure: no async, no I/O.
