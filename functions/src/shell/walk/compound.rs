//! Commands made of commands: loops, conditions, groups; arithmetic and tests.

use brush_parser::ast::{CompoundCommand, ExtendedTestExpr, Word as RawWord};

use super::{
    Stdin, Walker,
    setting::{evaluates, is_solid},
};
use crate::shell::{
    span,
    word::{Expanded, HOLE, Known, Word},
};

impl Walker {
    pub(super) fn compound(&mut self, compound: &CompoundCommand) {
        if let CompoundCommand::BraceGroup(group) = compound {
            return self.list(&group.list);
        }
        let straight = std::mem::replace(&mut self.straight, false);
        match compound {
            CompoundCommand::BraceGroup(group) => self.list(&group.list),
            CompoundCommand::Subshell(shell) => self.list(&shell.list),
            CompoundCommand::Arithmetic(arithmetic) => {
                // A shell without this construct would see a subshell in a subshell.
                if !looks_numeric(&arithmetic.expr.value) {
                    self.out.doubt("arithmetic that some shells run as a command");
                }
                self.arithmetic(&arithmetic.expr.value);
            }
            CompoundCommand::ArithmeticForClause(clause) => {
                for part in [&clause.initializer, &clause.condition, &clause.updater].into_iter().flatten() {
                    self.arithmetic(&part.value);
                }
                self.list(&clause.body.list);
            }
            CompoundCommand::ForClause(clause) => {
                let words: Vec<Word> = clause.values.iter().flatten().flat_map(|raw| self.words(raw)).collect();
                self.environment(&clause.variable_name, &Word { text: [HOLE; 2].iter().collect(), ..Word::unknown() });
                let solid = clause.values.is_some() && words.iter().all(is_solid);
                self.set(&clause.variable_name, solid.then_some(Known::Solid), true);
                self.list(&clause.body.list);
            }
            CompoundCommand::CaseClause(clause) => {
                self.words(&clause.value);
                for case in &clause.cases {
                    for pattern in &case.patterns {
                        self.words(pattern);
                    }
                    if let Some(list) = &case.cmd {
                        self.list(list);
                    }
                }
            }
            CompoundCommand::IfClause(clause) => {
                self.list(&clause.condition);
                self.list(&clause.then);
                for other in clause.elses.iter().flatten() {
                    if let Some(condition) = &other.condition {
                        self.list(condition);
                    }
                    self.list(&other.body);
                }
            }
            CompoundCommand::WhileClause(clause) | CompoundCommand::UntilClause(clause) => {
                let until = matches!(compound, CompoundCommand::UntilClause(_));
                self.must_leave(&clause.0, &clause.1.list, until);
                self.list(&clause.0);
                self.list(&clause.1.list);
            }
            CompoundCommand::Coprocess(process) => {
                self.stdin = Stdin::Other;
                self.command(&process.body);
            }
        }
        self.straight = straight;
    }

    pub(super) fn arithmetic(&mut self, text: &str) {
        let expanded = Expanded { code: span::substitutions(text), set: span::names(text), ..Expanded::default() };
        self.inner(expanded);
    }

    pub(super) fn test(&mut self, test: &ExtendedTestExpr) {
        match test {
            ExtendedTestExpr::And(left, right) | ExtendedTestExpr::Or(left, right) => {
                self.test(left);
                self.test(right);
            }
            ExtendedTestExpr::Not(inner) | ExtendedTestExpr::Parenthesized(inner) => self.test(inner),
            ExtendedTestExpr::UnaryTest(_, word) => self.tested(word),
            ExtendedTestExpr::BinaryTest(_, left, right) => {
                self.tested(left);
                self.tested(right);
            }
        }
    }

    pub(super) fn tested(&mut self, raw: &RawWord) {
        let words = self.words(raw);
        if words.iter().any(|word| evaluates(&word.text)) {
            self.out.doubt("text that a test evaluates");
        }
    }
}

/// Whether `((..))` could not be meant as a command: it holds an operator, and no word follows another.
fn looks_numeric(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_word =
        |text: &str| text.chars().all(|c| c.is_alphanumeric() || "_./-".contains(c)) && !text.chars().all(|c| c == '-');
    let adjacent = words.windows(2).any(|pair| pair.iter().all(|word| is_word(word)));
    !adjacent && text.contains(|c: char| "=+*<>%?!&|~^,".contains(c) || c.is_ascii_digit())
}
