//! A custom detector at work: one linear-time pattern over the text. A match has a bounded length, so what is undecided at the end
//! of unfinished input is bounded, and any split gives the same matches.

use std::ops::Range;
use std::sync::Arc;

use regex::bytes::{Regex, RegexBuilder};
use regex_syntax::hir::Look;

use crate::custom::{self, Custom, DetectorError, Validator};
use crate::detect::{is_mod_97, passes_luhn};
use crate::hit::{Rule, Span};
use crate::label::Label;

/// The longest match, in bytes.
const LONGEST: usize = 256;
/// How large a compiled pattern may become, in bytes.
const PATTERN_SIZE: usize = 4 << 20;
/// How far before a match a hot word may stand, in bytes.
const HOT_REACH: usize = 64;
const MOST_WORDS: usize = 10_000;

/// A compiled custom detector.
#[derive(Clone)]
pub(crate) struct Layer(Arc<Compiled>);

struct Compiled {
    rule: Rule,
    pattern: Regex,
    longest: usize,
    /// In small letters.
    hotwords: Vec<Vec<u8>>,
    exclude: Vec<Regex>,
    validator: Validator,
}

impl Layer {
    pub(crate) fn new(custom: &Custom) -> Result<Self, DetectorError> {
        Self::compile(custom).map_err(|reason| DetectorError { name: custom.name.chars().take(63).collect(), reason })
    }

    fn compile(custom: &Custom) -> Result<Self, String> {
        let label = custom::label(&custom.name)?;
        let source = match (&custom.pattern, custom.words.as_slice()) {
            (Some(pattern), []) => pattern.clone(),
            (None, [_, ..]) => words_pattern(&custom.words)?,
            _ => return Err("give either a pattern or words".into()),
        };
        let (pattern, longest) = pattern(&source)?;
        let exclude = custom.exclude.iter().map(|source| build(source, "exclude")).collect::<Result<_, _>>()?;
        let hotwords = custom.hotwords.iter().map(|word| word.to_lowercase().into_bytes()).collect::<Vec<_>>();
        if hotwords.iter().any(|word| word.is_empty() || word.len() > HOT_REACH) {
            return Err("hotwords: a word has 1 to 64 bytes".into());
        }
        let rule = Rule::new(label, label.as_str());
        Ok(Self(Arc::new(Compiled { rule, pattern, longest, hotwords, exclude, validator: custom.validator })))
    }

    pub(crate) fn label(&self) -> Label {
        self.0.rule.label
    }

    /// Goes on from `at`; appends spans in order. Everything before the new `at` is decided.
    pub(crate) fn scan(&self, text: &[u8], last: bool, at: &mut usize, spans: &mut Vec<Span>) {
        let this = &*self.0;
        while let Some(found) = this.pattern.find_at(text, (*at).min(text.len())) {
            if !last && found.start() + this.longest >= text.len() {
                *at = found.start();
                return;
            }
            if this.counts(text, found.range()) {
                spans.push(Span {
                    rule: this.rule,
                    start: found.start(),
                    end: found.end(),
                    continues: false,
                    extra: true,
                    whole: true,
                });
            }
            *at = found.end();
        }
        *at = if last { text.len() } else { (*at).max(text.len().saturating_sub(this.longest)) };
    }
}

impl Compiled {
    fn counts(&self, text: &[u8], range: Range<usize>) -> bool {
        let found = text.get(range.clone()).unwrap_or_default();
        let valid = match self.validator {
            Validator::None => true,
            Validator::Luhn => passes_luhn(
                &found.iter().filter(|byte| byte.is_ascii_digit()).map(|byte| byte - b'0').collect::<Vec<_>>(),
            ),
            Validator::Mod97 => is_mod_97(found),
        };
        valid && !self.exclude.iter().any(|exclude| exclude.is_match(found)) && self.is_hot(text, range.start)
    }

    fn is_hot(&self, text: &[u8], start: usize) -> bool {
        let before = text.get(start.saturating_sub(HOT_REACH)..start).unwrap_or_default().to_ascii_lowercase();
        self.hotwords.is_empty()
            || self.hotwords.iter().any(|word| before.windows(word.len()).any(|part| part == word.as_slice()))
    }
}

/// The pattern and the length of its longest match, if it is one that can be followed through a stream.
fn pattern(source: &str) -> Result<(Regex, usize), String> {
    let regex = build(source, "pattern")?;
    let syntax = regex_syntax::ParserBuilder::new().utf8(false).build().parse(source);
    let syntax = syntax.map_err(|error| format!("pattern: {error}"))?;
    let facts = syntax.properties();
    let anchored = [Look::Start, Look::End].into_iter().any(|look| facts.look_set().contains(look));
    match facts.maximum_len() {
        _ if anchored => Err("pattern: ^ and $ have no meaning in a stream; use \\b".into()),
        _ if facts.minimum_len().is_none_or(|least| least < 3) => Err("pattern: a match needs at least 3 bytes".into()),
        Some(longest @ 1..=LONGEST) if regex.is_match(&[b'*'; LONGEST]) => {
            Err(format!("pattern: it matches its own mask, {} stars", longest.min(8)))
        }
        Some(longest @ 1..=LONGEST) => Ok((regex, longest + 1)),
        _ => Err(format!("pattern: a match may have at most {LONGEST} bytes; write {{1,20}} instead of + and *")),
    }
}

fn build(source: &str, field: &str) -> Result<Regex, String> {
    let built = RegexBuilder::new(source).size_limit(PATTERN_SIZE).dfa_size_limit(PATTERN_SIZE).build();
    built.map_err(|error| format!("{field}: {error}"))
}

/// One pattern for whole words, the longest first.
fn words_pattern(words: &[String]) -> Result<String, String> {
    if words.len() > MOST_WORDS || words.iter().any(|word| !(3..=LONGEST).contains(&word.trim().len())) {
        return Err(format!("words: at most {MOST_WORDS}, each of 3 to {LONGEST} bytes"));
    }
    let mut words: Vec<_> = words.iter().map(|word| regex_syntax::escape(word.trim())).collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    Ok(format!(r"(?i)\b(?:{})\b", words.join("|")))
}
