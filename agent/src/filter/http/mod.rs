//! What happens to each HTTP message: what is recorded of it, which fields pass, which content is masked and how.
//! RFC 9110. Pure: no async, no I/O, no clock.

mod answer;
mod content;
mod range;
mod request;

pub use self::{
    answer::Answer,
    content::{Content, classify, sniff},
    range::{Cut, Range},
    request::{describe, passes_to_target},
};

#[cfg(test)]
mod tests;
