//! Requests as the record keeps them: what was asked, masked, with the digest of the exact bytes.

use aws_lc_rs::digest::{SHA256, digest};
use masking::{Masker, Syntax, Tally};
use proto::event::{Field, Request};
use protocols::ssh::{Address, Pty};

use super::{
    screen::field,
    transfer::{Program, is_transfer},
};

/// A shell, command or subsystem with its terminal and environment.
#[must_use]
pub fn program_record(program: &Program, pty: Option<&Pty>, env: &[(String, String)], masker: &Masker) -> Request {
    let (operation, text): (_, &[u8]) = match program {
        Program::Shell => ("shell", b""),
        Program::Exec(command) => ("exec", command),
        Program::Subsystem(name) => ("subsystem", name.as_bytes()),
    };
    let mut fields: Vec<Field> = Vec::new();
    if let Some(pty) = pty {
        fields.push(field("term", masked(pty.term.as_bytes(), masker)));
        fields.push(field("columns", pty.columns.to_string()));
        fields.push(field("rows", pty.rows.to_string()));
    }
    fields.extend(env.iter().map(|(name, value)| field(&format!("env.{name}"), masked(value.as_bytes(), masker))));
    if is_transfer(program) {
        fields.extend([field("inspected", "no"), field("reason", "file transfer")]);
    }
    record(operation, text, fields, masker)
}

/// A connection through the target (`ssh -L`).
#[must_use]
pub fn forward_record(to: &Address, from: &Address, masker: &Masker) -> Request {
    forwarded("forward", to, from, masker)
}

/// A connection that came to a port the target listens on for the client (`ssh -R`), or the listening itself.
#[must_use]
pub fn remote_forward_record(at: &Address, from: Option<&Address>, masker: &Masker) -> Request {
    match from {
        Some(from) => forwarded("remote-forward", at, from, masker),
        None => record("remote-forward", address(at).as_bytes(), vec![field("listen", "yes")], masker),
    }
}

fn forwarded(operation: &str, to: &Address, from: &Address, masker: &Masker) -> Request {
    let fields = vec![
        field("from", masked(address(from).as_bytes(), masker)),
        field("inspected", "no"),
        field("reason", "forwarded connection"),
    ];
    record(operation, address(to).as_bytes(), fields, masker)
}

fn record(operation: &str, text: &[u8], fields: Vec<Field>, masker: &Masker) -> Request {
    Request {
        operation: operation.to_owned(),
        text: masked(text, masker),
        fields,
        bytes: text.len() as u64,
        digest: digest(&SHA256, text).as_ref().to_vec().into(),
        ..Request::default()
    }
}

fn masked(text: &[u8], masker: &Masker) -> String {
    let mut text = text.to_vec();
    masker.mask(&mut text, Syntax::Text, &mut Tally::default());
    String::from_utf8_lossy(&text).into_owned()
}

fn address(at: &Address) -> String {
    if at.host.contains(':') { format!("[{}]:{}", at.host, at.port) } else { format!("{}:{}", at.host, at.port) }
}
