//! What happens to each HTTP message: what is recorded of it, which fields pass, which content is masked and how.
//! RFC 9110. Pure: no async, no I/O, no clock.

mod answer;
mod content;
mod facts;
mod range;
mod read;
mod refuse;
mod request;
mod setup;
mod trial;
mod websocket;

pub use self::{
    answer::Answer,
    facts::facts,
    range::{Cut, Range},
    read::{Binary, Markings, Rules},
    refuse::{Denied, Rendered},
    request::{describe, passes_to_target},
    setup::Setup,
    trial::{Trial, facts_of},
    websocket::{Side, Websocket},
};

#[cfg(test)]
mod tests;
