//! What happens to each HTTP message: what is recorded of it, which fields pass, which content is masked and how.
//! RFC 9110. Pure: no async, no I/O, no clock.

mod answer;
mod content;
mod range;
mod request;
mod websocket;

pub use self::{
    answer::{Answer, masked_lines},
    content::{Content, classify, sniff},
    range::{Cut, Range},
    request::{describe, passes_to_target},
    websocket::{Side, Websocket},
};

#[cfg(test)]
mod tests;
