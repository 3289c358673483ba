//! `sallyport mask apply` as others run it: a corpus through standard input, a line each.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, Command, Stdio},
};

use masking::{Label, Masker, Syntax, Tally};

fn apply() -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sallyport"));
    command.args(["mask", "apply"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap()
}

/// The texts of the corpus that are one line.
fn corpus() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../masking/tests/corpus");
    let mut lines = Vec::new();
    for name in ["values", "contexts", "secrets", "international", "forms", "lists"] {
        let text = std::fs::read_to_string(format!("{folder}/{name}.tsv")).unwrap();
        for row in text.lines().filter(|row| !row.starts_with('#')) {
            let cells: Vec<&str> = row.split('\t').collect();
            if let [_, _, before, value, after] = cells.as_slice()
                && !row.contains('\\')
            {
                lines.push([*before, value, after].concat());
            }
        }
    }
    lines
}

#[test]
fn each_line_comes_out_as_it_does_alone() {
    let lines = corpus();
    assert!(lines.len() > 5_000, "{}", lines.len());
    let mut child = apply();
    let mut input = child.stdin.take().unwrap();
    let text = lines.join("\n");
    let writing = std::thread::spawn(move || input.write_all(text.as_bytes()).unwrap());
    let out = child.wait_with_output().unwrap();
    writing.join().unwrap();
    let together: Vec<&str> = std::str::from_utf8(&out.stdout).unwrap().split('\n').collect();
    assert!(out.status.success() && together.len() == lines.len());
    let masker = Masker::new(&Label::ALL);
    for (line, together) in lines.iter().zip(together) {
        let mut alone = line.clone().into_bytes();
        masker.mask(&mut alone, Syntax::Text, &mut Tally::default());
        assert_eq!(together.as_bytes(), alone, "{line}");
    }
}

#[test]
fn a_line_comes_out_before_the_next_one_is_there() {
    let mut child = apply();
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    for (line, masked) in [("4111111111111111\n", "****************\n"), ("fine\n", "fine\n")] {
        input.write_all(line.as_bytes()).unwrap();
        let mut came = String::new();
        output.read_line(&mut came).unwrap();
        assert_eq!(came, masked);
    }
    drop(input);
    assert!(child.wait().unwrap().success());
}
