//! Variables that the text sets, and words in which they stand.

use brush_parser::ast::{Assignment, AssignmentName, AssignmentValue, Word as RawWord};

use super::Walker;
use crate::shell::{
    span,
    word::{Expanded, HOLE, Known, Word, expand, expand_one},
};

impl Walker {
    pub(super) fn assign(&mut self, assignment: &Assignment, alone: bool) {
        let name = match &assignment.name {
            AssignmentName::VariableName(name) => name.clone(),
            AssignmentName::ArrayElementName(name, index) => {
                self.inner(Expanded { code: span::substitutions(index), ..Expanded::default() });
                name.clone()
            }
        };
        let value = match &assignment.value {
            AssignmentValue::Scalar(raw) => self.one(raw),
            AssignmentValue::Array(items) => {
                for (index, item) in items {
                    if let Some(index) = index {
                        self.words(index);
                    }
                    self.words(item);
                }
                Word::unknown()
            }
        };
        self.environment(&name, &value);
        let known = value.exact().map(|text| Known::Text(text.to_owned()));
        let known = known.or_else(|| is_solid(&value).then_some(Known::Solid));
        let keeps = alone && !assignment.append && self.straight;
        self.set(&name, known.filter(|_| keeps), false);
    }

    /// A variable is set; in the second walk its value counts if that happens once.
    pub(in crate::shell) fn set(&mut self, name: &str, known: Option<Known>, in_loop: bool) {
        if !self.trusting {
            *self.sets.entry(name.to_owned()).or_default() += 1;
        } else if self.sets.get(name) == Some(&1)
            && (self.straight || in_loop)
            && let Some(known) = known
        {
            self.variables.insert(name.to_owned(), known);
        }
    }

    /// Expands a word and reads what its substitutions run.
    pub(in crate::shell) fn words(&mut self, raw: &RawWord) -> Vec<Word> {
        let mut expanded = expand(&raw.value, &self.variables);
        let words = std::mem::take(&mut expanded.words);
        self.inner(expanded);
        words
    }

    /// Expands a word to one text.
    pub(in crate::shell) fn one(&mut self, raw: &RawWord) -> Word {
        let (word, expanded) = expand_one(&raw.value, &self.variables);
        self.inner(expanded);
        word
    }

    /// Reads what an expansion runs and sets.
    pub(in crate::shell) fn inner(&mut self, expanded: Expanded) {
        if let Some(doubt) = expanded.doubt {
            self.out.doubt(doubt);
        }
        for name in expanded.set {
            self.set(&name, None, false);
        }
        let straight = std::mem::replace(&mut self.straight, false);
        self.prints |= !expanded.code.is_empty();
        for code in expanded.code {
            if !span::is_plain(&code) {
                self.out.doubt("a substitution whose end is not plain");
            }
            self.deeper(|walker| walker.text(&code));
        }
        self.straight = straight;
    }
}

/// Whether a text holds a substitution that a builtin which evaluates its words would run.
pub(in crate::shell) fn evaluates(text: &str) -> bool {
    text.contains("$(") || text.contains('`') || text.contains("<(") || text.contains(">(")
}

/// Known to be one word that does not begin with a dash.
pub(super) fn is_solid(word: &Word) -> bool {
    let first = word.text.chars().next();
    word.solid || first.is_some_and(|c| c != '-' && c != HOLE && !"*?[".contains(c))
}
