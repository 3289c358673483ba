//! What is found out about a command line.

use std::collections::BTreeSet;

use super::transfer::Transfer;

/// The strongest thing a command line does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Nothing at the target changes.
    #[default]
    Read,
    /// Files or processes that are the caller's own change, or a program runs that a project or a person put there.
    Write,
    /// Much is lost at once, the system or its accounts change, something is opened to others; or it cannot be known.
    Admin,
}

/// What a command line does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// The strongest effect of all programs and redirections.
    pub effect: Effect,
    /// Every program it runs, by name without its path; wrappers (`sudo`, `env`) and what they run.
    pub commands: BTreeSet<String>,
    /// Files that it reads, as far as they are named.
    pub reads: BTreeSet<String>,
    /// Files that it makes, changes or removes, as far as they are named.
    pub writes: BTreeSet<String>,
    /// Hosts it talks to, as named: `host`, `host:port`.
    pub hosts: BTreeSet<String>,
    /// It talks to other machines.
    pub network: bool,
    /// It acts as another user.
    pub privileged: bool,
    /// What is typed into one of its programs (an editor) is not judged.
    pub typed: bool,
    /// A program in it can give text another form (`rev`, `base64`, `tr`), which masking may not recognise.
    pub disguises: bool,
    /// What it loses or breaks, for people: `rm -r removes a tree`.
    pub dangers: BTreeSet<String>,
    /// Why it cannot be known before it runs, if so.
    pub dynamic: BTreeSet<String>,
    /// Why it could not be read at all, if so.
    pub unknown: Option<String>,
    /// The far end of a file transfer, if it is that and nothing else.
    pub transfer: Option<Transfer>,
}

impl Reading {
    /// Whether it is known to change nothing and to run nothing that is only known later.
    #[must_use]
    pub fn is_harmless(&self) -> bool {
        self.effect == Effect::Read && self.dynamic.is_empty() && self.unknown.is_none() && self.dangers.is_empty()
    }

    pub(super) fn at_least(&mut self, effect: Effect) {
        self.effect = self.effect.max(effect);
    }

    /// Something is lost, replaced, stopped or opened.
    pub(super) fn danger(&mut self, reason: impl Into<String>) {
        self.at_least(Effect::Admin);
        if self.dangers.len() < 32 {
            self.dangers.insert(reason.into());
        }
    }

    /// It is only known while it runs.
    pub(super) fn doubt(&mut self, reason: impl Into<String>) {
        self.at_least(Effect::Admin);
        if self.dynamic.len() < 32 {
            self.dynamic.insert(reason.into());
        }
    }

    pub(super) fn not_known(&mut self, reason: impl Into<String>) {
        self.at_least(Effect::Admin);
        self.unknown.get_or_insert(reason.into());
    }
}
