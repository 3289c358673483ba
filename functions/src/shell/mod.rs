//! What a shell command line does, read with a shell's grammar (POSIX 2.9, bash): every program it would run, through
//! quotes, wrappers, substitutions and shells inside shells; what those programs do to files; and whether all of that can
//! be known before it runs. Whatever cannot be known is *dynamic*, whatever does not parse is *unknown*, and a program that
//! is not in the table counts as one that can do anything.
//!
//! ```text
//!  text -> brush-parser -> walk ------> invoke -----> wrap: sudo, env, xargs, find -exec, sh -c ... -> again
//!                           word: $ '' {}    \------> judge: table, files, system, network, verbs, code
//! ```

mod ansi;
mod braces;
mod builders;
mod call;
mod cloud;
mod containers;
mod databases;
mod documents;
mod endless;
mod environment;
mod files;
mod hollow;
mod interpreters;
mod invoke;
mod judge;
mod languages;
mod looks;
mod metadata;
mod network;
mod paths;
mod post;
mod readable;
mod reading;
mod redirect;
mod repository;
mod scripts;
mod secrets;
mod shown;
mod snippets;
mod span;
mod statements;
mod sudo;
mod system;
mod table;
mod terminals;
mod transfer;
mod unfamiliar;
mod verbs;
mod walk;
mod word;
mod wrap;

pub use self::{
    files::is_light as is_light_loss,
    paths::{is_system as is_system_path, tidy as tidy_path},
    reading::{Effect, Reading},
    secrets::is_secret as is_secret_path,
    transfer::{Direction, Tool, Transfer},
    walk::read,
};

#[cfg(test)]
mod tests;
