//! Strict masking against a real server: a permanent corpus of dodges, each run on two databases that differ in their
//! masked values only. What the server says must be the same, byte for byte, and must hold no masked value in any simple
//! encoding.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

mod attached;
mod canary;
mod corpus;
mod differential;
mod generated;
mod server;
mod types;

use std::sync::Arc;

use server::{Connection, DATABASES, Said, Server};
use sql::{
    Catalog,
    lineage::Marks,
    rewrite::{self, Refused, Session},
};

use crate::corpus::{Case, Kind};

/// What became of one case on one database.
#[derive(Debug, Default, PartialEq, Eq)]
struct Ran {
    said: Vec<Said>,
    refused: Option<String>,
    changed: bool,
}

async fn run(connection: &mut Connection, marks: &Marks, case: &Case, binary: bool) -> Ran {
    let mut ran = Ran::default();
    let mut session = Session::default();
    connection.query("BEGIN").await;
    for message in &case.messages {
        let (text, tokens) = match rewrite::judge(message, marks, &mut session) {
            Ok(judged) => {
                ran.changed |= judged.text.is_some();
                (judged.text.unwrap_or_else(|| message.clone()), judged.tokens)
            }
            Err(refused) => {
                ran.refused = Some(refused.to_string());
                break;
            }
        };
        let mut said = if binary { connection.binary(&text).await } else { connection.query(&text).await };
        if let Some(tokens) = tokens {
            let places: Vec<usize> = tokens.columns.iter().map(|token| token.place).collect();
            said = said.with_tokens(&places, tokens.width);
        }
        ran.said.push(said);
    }
    connection.query("ROLLBACK").await;
    ran
}

/// Whether the case tells anything at all if nothing is masked.
async fn is_attack(connections: &mut [Connection; 2], case: &Case) -> bool {
    let nothing = Marks::new(Arc::new(Catalog::default()), &[]);
    let mut said = Vec::new();
    for connection in connections.iter_mut() {
        said.push(run(connection, &nothing, case, false).await.said);
    }
    said[0] != said[1]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_dodge_of_the_corpus_tells_a_masked_value_and_no_harmless_statement_is_changed() {
    let server = Server::start().await;
    let marks = Marks::new(Arc::new(server.catalog(DATABASES[0]).await), &server::markings());
    let mut connections = [server.connect(DATABASES[0]).await, server.connect(DATABASES[1]).await];
    let mut wrong = Vec::new();
    let (mut masked, mut refused, mut harmless) = (0, 0, Vec::new());
    for case in corpus::cases() {
        let problem = match case.kind {
            Kind::Benign => benign(&marks, &case),
            Kind::Refuse => refuse(&marks, &case),
            _ => {
                if !is_attack(&mut connections, &case).await {
                    harmless.push(case.to_string());
                }
                let first = run(&mut connections[0], &marks, &case, false).await;
                if first.refused.is_some() {
                    refused += 1
                } else {
                    masked += 1
                }
                attack(&mut connections, &marks, &case).await
            }
        };
        wrong.extend(problem.map(|problem| format!("{case}\n    {problem}")));
    }
    println!("{masked} masked, {refused} refused; tell nothing even unmasked:\n  {}", harmless.join("\n  "));
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_tell_no_more_than_constants_do() {
    let server = Server::start().await;
    let catalog = Arc::new(server.catalog(DATABASES[0]).await);
    let marks = Marks::new(catalog, &server::markings_as(sql::lineage::Transform::Token));
    let mut connections = [server.connect(DATABASES[0]).await, server.connect(DATABASES[1]).await];
    let (mut wrong, mut tokens) = (Vec::new(), 0);
    for case in corpus::cases() {
        let problem = match case.kind {
            Kind::Benign => benign(&marks, &case),
            Kind::Refuse => refuse(&marks, &case),
            _ => {
                let mut session = Session::default();
                let judged = case.messages.iter().filter_map(|text| rewrite::judge(text, &marks, &mut session).ok());
                tokens += judged.filter(|judged| judged.tokens.is_some()).count();
                attack(&mut connections, &marks, &case).await
            }
        };
        wrong.extend(problem.map(|problem| format!("{case}\n    {problem}")));
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
    assert!(tokens > 10, "only {tokens} statements return tokens");
    generated::no_generated_query_tells_a_masked_value(&server, &marks).await;
}

async fn attack(connections: &mut [Connection; 2], marks: &Marks, case: &Case) -> Option<String> {
    for binary in [false, true] {
        if binary && case.is_text_only() {
            continue;
        }
        let first = run(&mut connections[0], marks, case, binary).await;
        let second = run(&mut connections[1], marks, case, binary).await;
        for (database, ran) in [&first, &second].into_iter().enumerate() {
            if let Some(canary) = canary::find(database, &ran.said, case) {
                return Some(format!("tells {canary}"));
            }
        }
        if first != second {
            return Some(format!("tells the databases apart: {:?}", difference(&first, &second)));
        }
        if case.kind == Kind::Plain {
            let errors: Vec<String> = first.said.iter().flat_map(Said::errors).collect();
            if !errors.is_empty() || first.refused.is_some() {
                return Some(format!("not answered: {errors:?} {:?}", first.refused));
            }
        }
    }
    None
}

fn difference(first: &Ran, second: &Ran) -> Option<(String, String)> {
    let pairs = first.said.iter().zip(&second.said);
    let mut messages = pairs.flat_map(|(first, second)| first.messages.iter().zip(&second.messages));
    let (first, second) = messages.find(|(first, second)| first != second)?;
    let text = |message: &(u8, Vec<u8>)| String::from_utf8_lossy(&message.1).into_owned();
    Some((text(first), text(second)))
}

fn benign(marks: &Marks, case: &Case) -> Option<String> {
    let mut session = Session::default();
    case.messages.iter().find_map(|message| match rewrite::judge(message, marks, &mut session) {
        Ok(judged) => judged.text.map(|text| format!("changed to {text}")),
        Err(refused) => Some(format!("refused: {refused}")),
    })
}

fn refuse(marks: &Marks, case: &Case) -> Option<String> {
    let mut session = Session::default();
    let mut judged = case.messages.iter().map(|message| rewrite::judge(message, marks, &mut session));
    (!judged.any(|judged| judged.is_err())).then(|| "passed".to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lineage_is_never_looser_than_what_the_server_says() {
    let server = Server::start().await;
    let marks = Marks::new(Arc::new(server.catalog(DATABASES[0]).await), &server::markings());
    let compared = differential::lineage_is_never_looser_than_the_server(&server, &marks).await;
    assert!(compared > 500, "only {compared} columns were compared");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_catalog_does_not_have_is_unknown() {
    let server = Server::start().await;
    let marks = Marks::new(Arc::new(server.catalog(DATABASES[0]).await), &server::markings());
    let judged = rewrite::judge("SELECT * FROM nothing_here", &marks, &mut Session::default());
    assert!(matches!(judged, Err(Refused::Unknown { kind: "relation", .. })));
    let judged = rewrite::judge("SELECT nothing_here(1, 2)", &marks, &mut Session::default());
    assert!(matches!(judged, Err(Refused::Unknown { kind: "function", .. })));
    generated::no_generated_query_tells_a_masked_value(&server, &marks).await;
}
