//! What happens to each HTTP message: what is recorded of it, which fields pass, which content is masked and how.
//! RFC 9110. Pure: no async, no I/O, no clock.

mod answer;
mod facts;
mod kind;
mod mark;
mod parameters;
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
    parameters::{Parameters, Unmaskable},
    range::{Cut, Range},
    read::{Binary, Format, Markings, Passage, Reader, Rules, Unreadable},
    refuse::{Denied, Rendered},
    request::{describe, passes_to_target},
    setup::Setup,
    trial::{Trial, facts_of, marked_labels},
    websocket::{Side, Websocket},
};

#[cfg(test)]
mod tests;
