//! What a request on an SSH connection does, as facts for policy (docs/policy-facts.md, section SSH).

use std::{collections::BTreeSet, sync::Arc};

use functions::shell::{self, Direction, Reading, Tool, Transfer};
use policy::{Argument, Effect, Facts, Function, Inspected};
use protocols::ssh::Address;

use super::transfer::Program;
use crate::filter::{
    guard::{Decision, Judged},
    known,
};

/// Longer command lines are read each time.
const LONGEST_KEPT: usize = 4096;
/// What command lines do, sent by clients that have set no variables.
static COMMANDS: known::Known<String, Arc<Known>> = known::Known::new();

/// A program that a channel asks for, and what is known about it.
#[derive(Clone)]
pub struct Known {
    /// The facts.
    pub judged: Arc<Judged>,
    /// The far end of a file transfer, if it is that and nothing else.
    pub transfer: Option<Transfer>,
    /// What it loses or why it is not known, for people.
    why: Vec<String>,
}

/// Reads what a channel asks for. `env` are the variables that the client has set before.
#[must_use]
pub fn program_facts(program: &Program, env: &[(String, String)]) -> Known {
    let settings = env.iter().map(|(name, _)| name.clone()).collect();
    match program {
        Program::Shell => known(Facts {
            functions: one("shell", Effect::Write),
            verbs: set(["shell"]),
            inspected: Inspected::No,
            uninspected: Some("what is typed into a shell is not judged".to_owned()),
            settings,
            ..Facts::default()
        }),
        Program::Subsystem(name) if name == "sftp" => Known {
            transfer: Some(sftp()),
            ..known(Facts { functions: one("sftp", Effect::Read), settings, ..Facts::default() })
        },
        Program::Subsystem(name) => known(Facts {
            functions: one("subsystem", Effect::Admin),
            commands: set([name.as_str()]),
            inspected: Inspected::No,
            uninspected: Some("a subsystem that is not known here".to_owned()),
            settings,
            ..Facts::default()
        }),
        Program::Exec(command) => match std::str::from_utf8(command) {
            Ok(line) if line.len() <= LONGEST_KEPT => {
                let known = COMMANDS.of(line, || Arc::new(exec(shell::read(line), BTreeSet::new())));
                if settings.is_empty() { Known::clone(&known) } else { known.with_settings(settings) }
            }
            Ok(line) => exec(shell::read(line), settings),
            Err(_) => known(Facts {
                functions: one("exec", Effect::Admin),
                unknown: Some("the command is not text".to_owned()),
                settings,
                ..Facts::default()
            }),
        },
    }
}

/// What a command line does, sent by a client that has set no variables.
#[must_use]
pub fn facts_of(command: &str) -> Facts {
    program_facts(&Program::Exec(command.as_bytes().to_vec()), &[]).judged.facts.clone()
}

/// A connection through the target (`ssh -L`).
#[must_use]
pub fn forward_facts(to: &Address) -> Arc<Judged> {
    network("forward", to)
}

/// Listening on the target for the client (`ssh -R`), or a connection that came to it.
#[must_use]
pub fn remote_forward_facts(at: &Address) -> Arc<Judged> {
    network("remote-forward", at)
}

impl Known {
    /// The same of a client that has set these variables.
    fn with_settings(&self, settings: BTreeSet<String>) -> Self {
        Self { judged: Judged::new(Facts { settings, ..self.judged.facts.clone() }), ..self.clone() }
    }

    /// What the client is told when it may not run: what, by which rule, why, and what to do about it.
    #[must_use]
    pub fn refusal(&self, decision: &Decision) -> String {
        let mut text = format!("sallyport: {} ({})\r\n", decision.message(), decision.detail());
        if !self.why.is_empty() {
            text.push_str(&format!("sallyport: this command: {}\r\n", self.why.join("; ")));
        }
        if !decision.hint().is_empty() {
            text.push_str(&format!("sallyport: {}\r\n", decision.hint()));
        }
        text
    }
}

fn known(facts: Facts) -> Known {
    Known { judged: Judged::new(Facts { statements: 1, ..facts }), transfer: None, why: Vec::new() }
}

fn exec(reading: Reading, settings: BTreeSet<String>) -> Known {
    let effect = match reading.effect {
        shell::Effect::Read => Effect::Read,
        shell::Effect::Write => Effect::Write,
        shell::Effect::Admin => Effect::Admin,
    };
    let name = reading.transfer.as_ref().map_or("exec", transfer_name);
    let mut why: Vec<String> = reading.dangers.iter().chain(&reading.dynamic).cloned().collect();
    why.extend(reading.unknown.clone());
    let mut external = BTreeSet::new();
    if reading.network {
        external.insert("network".to_owned());
    }
    let mut verbs = set([match effect {
        Effect::Read => "read",
        Effect::Write => "write",
        Effect::Admin => "admin",
    }]);
    for (applies, verb) in [
        (!reading.dangers.is_empty(), "destructive"),
        (reading.privileged, "as-other-user"),
        (reading.disguises, "disguise"),
        (reading.transfer.as_ref().is_some_and(|transfer| transfer.deletes), "delete"),
    ] {
        if applies {
            verbs.insert(verb.to_owned());
        }
    }
    let transfers = reading.transfer.is_some();
    let uninspected = match (transfers, reading.typed) {
        (true, _) => Some("the content of files is not looked at"),
        (false, true) => Some("what is typed into its program is not judged"),
        (false, false) => None,
    };
    let facts = Facts {
        functions: one(name, effect),
        verbs,
        paths: reading.reads.union(&reading.writes).cloned().collect(),
        reads: reading.reads,
        writes: reading.writes,
        commands: reading.commands,
        hosts: reading.hosts,
        external,
        settings,
        dynamic: !reading.dynamic.is_empty(),
        unknown: reading.unknown,
        inspected: if uninspected.is_some() { Inspected::Partial } else { Inspected::Yes },
        uninspected: uninspected.map(str::to_owned),
        arguments: [("why".to_owned(), Argument::Texts(why.iter().cloned().collect()))].into(),
        ..Facts::default()
    };
    Known { transfer: reading.transfer, why, ..known(facts) }
}

/// The function that a far end of a transfer is.
fn transfer_name(transfer: &Transfer) -> &'static str {
    match (transfer.tool, transfer.direction) {
        (Tool::Scp, Direction::Read) => "scp-read",
        (Tool::Scp, _) => "scp-write",
        (Tool::Rsync, Direction::Read) => "rsync-read",
        (Tool::Rsync, _) => "rsync-write",
        (Tool::Git, Direction::Read) => "git-read",
        (Tool::Git, _) => "git-write",
        (Tool::Sftp, _) => "sftp",
    }
}

fn sftp() -> Transfer {
    Transfer { tool: Tool::Sftp, direction: Direction::Both, paths: Vec::new(), deletes: false }
}

fn network(name: &str, at: &Address) -> Arc<Judged> {
    let host =
        if at.host.contains(':') { format!("[{}]:{}", at.host, at.port) } else { format!("{}:{}", at.host, at.port) };
    let facts = Facts {
        functions: one(name, Effect::Write),
        hosts: set([host.as_str()]),
        external: set(["network"]),
        inspected: Inspected::No,
        uninspected: Some("a forwarded connection is not looked into".to_owned()),
        statements: 1,
        ..Facts::default()
    };
    Judged::new(facts)
}

pub(super) fn one(name: &str, effect: Effect) -> BTreeSet<Function> {
    [Function { name: name.to_owned(), effect }].into()
}

pub(super) fn set<const N: usize>(items: [&str; N]) -> BTreeSet<String> {
    items.into_iter().map(str::to_owned).collect()
}
