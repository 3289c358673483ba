//! The corpus: one case a line.

use std::fmt;

use crate::server::values;

const CORPUS: [&str; 7] = [
    include_str!("corpus.txt"),
    include_str!("corpus_second.txt"),
    include_str!("corpus_third.txt"),
    include_str!("corpus_fourth.txt"),
    include_str!("corpus_fifth.txt"),
    include_str!("corpus_sixth.txt"),
    include_str!("corpus_tools.txt"),
];

/// What must become of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Answered, masked.
    Plain,
    /// Answered masked, or refused.
    Leak,
    /// As a leak; tells nothing about values.
    Inference,
    /// Refused.
    Refuse,
    /// Passed as it is.
    Benign,
}

/// One case.
#[derive(Clone, Debug)]
pub struct Case {
    pub kind: Kind,
    pub group: String,
    pub messages: Vec<String>,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}: {}", self.kind, self.group, self.messages.join(" ;; "))
    }
}

impl Case {
    /// It cannot be sent in the extended protocol.
    pub fn is_text_only(&self) -> bool {
        self.messages.iter().any(|message| {
            message.contains("; SELECT")
                || message.contains("; END")
                || message.starts_with("COPY")
                || message.starts_with("DO ")
        })
    }
}

/// All cases. Guesses in them are values of the first database.
pub fn cases() -> Vec<Case> {
    let lines =
        CORPUS.iter().flat_map(|corpus| corpus.lines()).filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.map(case).collect()
}

fn case(line: &str) -> Case {
    let mut parts = line.splitn(3, " | ");
    let kind = match parts.next().unwrap() {
        "plain" => Kind::Plain,
        "leak" => Kind::Leak,
        "inference" => Kind::Inference,
        "refuse" => Kind::Refuse,
        "benign" => Kind::Benign,
        other => panic!("{other} is no kind of case"),
    };
    let group = parts.next().unwrap().to_owned();
    let value = |column: &str| values(0, 3).into_iter().find(|(name, _)| *name == column).unwrap().1;
    let text = parts.next().unwrap();
    let text = text.replace("{ssn}", &value("ssn")).replace("{email}", &value("email"));
    let text = text.replace("{card4}", &value("card")[..4]);
    Case { kind, group, messages: text.split(" ;; ").map(str::to_owned).collect() }
}
