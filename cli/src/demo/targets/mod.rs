//! The targets of the demo and of the end-to-end tests: a private PostgreSQL cluster, a private sshd and an HTTP API.
//! All are real servers on the loopback interface, in a folder of their own, with credentials of their own.

pub mod api;
pub mod postgres;
pub mod seed;
pub mod sshd;

pub use self::{api::Api, postgres::Postgres, sshd::Sshd};

#[cfg(test)]
mod tests;
