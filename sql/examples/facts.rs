//! Prints the facts of each line of standard input as JSON.
//!
//! `echo 'SELECT 1' | cargo run -p sql --example facts`
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::io::BufRead;

fn main() {
    let session = sql::Session::new("alice");
    for line in std::io::stdin().lock().lines() {
        let reading = session.read(&line.unwrap(), None);
        let mut value = serde_json::to_value(&reading.facts).unwrap();
        let fields = value.as_object_mut().unwrap();
        fields.retain(|_, v| !(v.as_array().is_some_and(Vec::is_empty) || v.is_null() || *v == false));
        fields.insert("effect".into(), serde_json::to_value(reading.facts.effect()).unwrap());
        println!("{value}");
    }
}
