//! One program with its arguments, and questions about them that err towards yes.

use super::{paths, word::Word};

/// A program as it would be called.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call<'a> {
    /// Its name without the path.
    pub(super) name: &'a str,
    /// Its arguments.
    pub(super) args: &'a [Word],
}

impl<'a> Call<'a> {
    /// Whether an option of one letter is there, alone or among others.
    pub(super) fn flag(&self, letter: char) -> bool {
        self.options().any(|text| !text.starts_with("--") && text.chars().skip(1).any(|c| c == letter))
    }

    /// Whether one of the letters is there.
    pub(super) fn any_flag(&self, letters: &str) -> bool {
        letters.chars().any(|letter| self.flag(letter))
    }

    /// Whether a long option is there; GNU programs take any beginning of it.
    pub(super) fn long(&self, name: &str) -> bool {
        self.options().any(|text| {
            let given = text.strip_prefix("--").unwrap_or_default();
            let given = given.split('=').next().unwrap_or_default();
            !given.is_empty() && name.starts_with(given)
        })
    }

    /// Whether an argument is exactly this.
    pub(super) fn has(&self, text: &str) -> bool {
        self.args.iter().any(|word| word.text == text)
    }

    /// Whether an argument could turn out to be an option.
    pub(super) fn may_hide_option(&self) -> bool {
        self.args.iter().any(Word::may_be_option)
    }

    /// Arguments that look like options, before `--`.
    pub(super) fn options(&self) -> impl Iterator<Item = &'a str> {
        let args = self.args.iter().map(|word| word.text.as_str());
        args.take_while(|text| *text != "--").filter(|text| text.len() > 1 && text.starts_with('-'))
    }

    /// Arguments that are not options. Values of options count: better one too many.
    pub(super) fn operands(&self) -> impl Iterator<Item = &'a Word> {
        let mut ended = false;
        self.args.iter().filter(move |word| {
            if ended || !word.text.starts_with('-') || word.text == "-" {
                return word.text != "-";
            }
            ended = word.text == "--";
            false
        })
    }

    /// The same without the option itself, tidied: files that options name.
    pub(super) fn files(&self, letter: char, long: &str) -> Vec<String> {
        let named = |word: &Word| {
            let text = word.text.as_str();
            let value = match (text.strip_prefix("--"), text.strip_prefix('-')) {
                (Some(long), _) => long.split_once('=').map(|(_, value)| value),
                (None, Some(short)) => short.split_once(letter).map(|(_, value)| value),
                (None, None) => Some(text),
            };
            value.filter(|value| !value.is_empty()).map(paths::tidy)
        };
        self.values(letter, long).into_iter().filter_map(named).collect()
    }

    /// The value of an option: `-o value`, `-ovalue`, `--output value`, `--output=value`.
    pub(super) fn values(&self, letter: char, long: &str) -> Vec<&'a Word> {
        let mut found = Vec::new();
        let mut args = self.args.iter().peekable();
        while let Some(word) = args.next() {
            let text = word.text.as_str();
            let is_long = text.strip_prefix("--").is_some_and(|given| {
                let given = given.split('=').next().unwrap_or_default();
                !long.is_empty() && !given.is_empty() && long.starts_with(given)
            });
            let is_short = !text.starts_with("--") && text.starts_with('-') && text.contains(letter);
            if !is_long && !is_short {
                continue;
            }
            found.push(word);
            if is_long && !text.contains('=') || is_short && text.ends_with(letter) {
                found.extend(args.peek());
            }
        }
        found
    }
}
