//! Lineage against the server's own words: what `EXPLAIN VERBOSE` shows a column to be made of, and the origins that a description
//! of rows carries. Ours may be stricter, never looser.

use rand::{SeedableRng, rngs::StdRng};
use regex::Regex;
use sql::{
    lineage::{Marks, Outputs, Verdict},
    node,
};

use crate::{
    generated::query,
    server::{Connection, DATABASES, MASKED, Said, Server},
};

const QUERIES: usize = 400;

/// Compares generated queries, and how many columns were compared.
pub async fn lineage_is_never_looser_than_the_server(server: &Server, marks: &Marks) -> usize {
    let mut connection = server.connect(DATABASES[0]).await;
    let mut random = StdRng::seed_from_u64(31_337);
    let (mut compared, mut wrong) = (0, Vec::new());
    for _ in 0..QUERIES {
        let text = query(&mut random, 0);
        let Ok(tree) = node::statement(&text) else { continue };
        let ours = marks.outputs(&tree);
        let made = [made_of(&mut connection, &text).await, origins(marks, &mut connection, &text).await];
        for theirs in made.iter().filter(|theirs| theirs.len() == ours.columns.len()) {
            compared += theirs.len();
            wrong.extend(looser(&ours, theirs).map(|place| format!("column {place} of {text}")));
        }
    }
    assert!(wrong.is_empty(), "{} are clean to us alone:\n{}", wrong.len(), wrong.join("\n"));
    compared
}

fn looser<'a>(ours: &'a Outputs, theirs: &'a [bool]) -> impl Iterator<Item = usize> + 'a {
    let pairs = ours.columns.iter().zip(theirs).enumerate();
    pairs.filter(|(_, ((_, verdict), masked))| **masked && *verdict == Verdict::Clean).map(|(place, _)| place)
}

/// Whether the plan shows each output column to be made of a masked one.
async fn made_of(connection: &mut Connection, text: &str) -> Vec<bool> {
    let plan = connection.query(&format!("EXPLAIN (VERBOSE, COSTS OFF) {text}")).await.texts();
    let Some(list) = plan.iter().find_map(|line| line.trim().strip_prefix("Output: ")) else { return Vec::new() };
    let names: Vec<&str> = MASKED.iter().map(|(column, _)| *column).chain(["domain"]).collect();
    let masked = Regex::new(&format!(r"\b\w+\.({})\b", names.join("|"))).unwrap();
    // Masks keep NULL what is NULL, so this tells nothing.
    let null_test = Regex::new(r"\(?\b\w+\.\w+ IS (NOT )?NULL\)?").unwrap();
    outputs(list).iter().map(|output| masked.is_match(&null_test.replace_all(output, ""))).collect()
}

/// The expressions of an output list.
fn outputs(list: &str) -> Vec<String> {
    let (mut all, mut one, mut depth, mut quoted) = (Vec::new(), String::new(), 0_i32, false);
    for character in list.chars() {
        match character {
            '\'' => quoted = !quoted,
            '(' | '[' if !quoted => depth += 1,
            ')' | ']' if !quoted => depth -= 1,
            _ => {}
        }
        if character == ',' && depth == 0 && !quoted {
            all.push(std::mem::take(&mut one));
        } else {
            one.push(character);
        }
    }
    all.push(one);
    all
}

/// Whether the description of the rows says that each column comes from a masked one.
async fn origins(marks: &Marks, connection: &mut Connection, text: &str) -> Vec<bool> {
    let said: Said = connection.query(&format!("{text}{}", if text.contains("LIMIT") { "" } else { " LIMIT 1" })).await;
    let Some((_, body)) = said.messages.iter().find(|(tag, _)| *tag == b'T') else { return Vec::new() };
    let mut rest = &body[2..];
    let mut masked = Vec::new();
    while let Some(end) = rest.iter().position(|byte| *byte == 0) {
        let fixed = &rest[end + 1..];
        let table = u32::from_be_bytes(fixed[..4].try_into().unwrap());
        let number = i16::from_be_bytes(fixed[4..6].try_into().unwrap());
        let relation = marks.catalog().relations.values().find(|relation| relation.oid == table && table != 0);
        masked.push(relation.is_some_and(|relation| {
            let column = relation.columns.iter().find(|column| column.number == number);
            column.is_some_and(|column| marks.cover(relation).masked.contains_key(&column.name))
        }));
        rest = &fixed[18..];
    }
    masked
}
