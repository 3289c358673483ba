//! What happens to what passes on one SSH channel. The output of shells and commands is masked, and so are the files that sftp and
//! scp bring. Other transfers and forwarded connections keep their bytes. Files are recorded as a request with byte counts and
//! SHA-256. Terminal input is never recorded: a password is typed with the echo off.

mod content;
mod describe;
mod facts;
mod rules;
mod scp;
mod screen;
mod sftp;
mod terminal;
mod transfer;
mod unpack;
mod watch;

pub use self::{
    describe::{forward_record, program_record, remote_forward_record},
    facts::{Known, facts_of, forward_facts, program_facts, remote_forward_facts},
    rules::{allows_env, allows_forward},
    screen::Screen,
    sftp::{Journal, NotSftp, Sftp},
    transfer::{Program, is_transfer},
    watch::packs,
};

#[cfg(test)]
mod tests;
