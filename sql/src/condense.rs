//! Long INSERTs, made short. Bulk loads are rows upon rows of constants, and all of them say the same about what a statement
//! does; parsing megabytes of them takes seconds and gigabytes. Rows that are plainly constants are left out, and what is
//! left is parsed and judged. A text of which one byte is not plainly what it seems stays whole.

use std::borrow::Cow;

use crate::Dialect;

/// Shorter texts stay whole.
const SHORTEST: usize = 64 * 1024;
/// Rows of each INSERT that stay.
const KEPT: usize = 2;

/// A text that does the same to everything but the number of rows.
pub(crate) fn condense(text: &str, dialect: Dialect) -> Cow<'_, str> {
    if text.len() < SHORTEST || !dialect.standard_conforming_strings {
        return Cow::Borrowed(text);
    }
    match shortened(text.as_bytes()) {
        Some(range) => {
            let (before, after) = (text.get(..range.start), text.get(range.end..));
            Cow::Owned([before.unwrap_or(text), after.unwrap_or_default()].concat())
        }
        None => Cow::Borrowed(text),
    }
}

/// The bytes of the rows that can be left out.
fn shortened(text: &[u8]) -> Option<std::ops::Range<usize>> {
    let mut scanner = Scanner { text, at: 0 };
    scanner.head()?;
    let (mut rows, mut start) = (0, None);
    loop {
        let end = scanner.at;
        scanner.row()?;
        rows += 1;
        if rows == KEPT {
            start = Some(scanner.at);
        }
        let after = scanner.at;
        scanner.space();
        if !scanner.eat(b',') {
            // The last row stays where it is: what follows it does, too.
            return start.filter(|start| *start < after && end > *start).map(|start| start..after);
        }
        scanner.space();
    }
}

struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
}

impl Scanner<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn space(&mut self) {
        while self.peek().is_some_and(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn word(&mut self) -> &[u8] {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            self.at += 1;
        }
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// `INSERT INTO schema.table (a, "b") VALUES`, up to the first row.
    fn head(&mut self) -> Option<()> {
        self.space();
        self.word().eq_ignore_ascii_case(b"insert").then_some(())?;
        for _ in 0..20_000 {
            self.space();
            match self.peek()? {
                b'"' => self.until(b'"')?,
                b'.' | b',' | b'(' | b')' => self.at += 1,
                byte if byte.is_ascii_alphabetic() || byte == b'_' => {
                    let unicode = self.word().eq_ignore_ascii_case(b"u") && self.peek() == Some(b'&');
                    (!unicode).then_some(())?;
                    let start = self.at.checked_sub(6)?;
                    let values = self.text.get(start..self.at)?.eq_ignore_ascii_case(b"values");
                    // A column or table of that name is in double quotes, as the word is reserved in these places.
                    let alone = self.text.get(start.checked_sub(1)?).is_some_and(|before| !is_word(*before));
                    if values && alone {
                        self.space();
                        return (self.peek() == Some(b'(')).then_some(());
                    }
                }
                _ => return None,
            }
        }
        None
    }

    /// Passes over what is between two quotes, of which two stand for one.
    fn until(&mut self, quote: u8) -> Option<()> {
        self.at += 1;
        loop {
            let rest = self.text.get(self.at..)?;
            self.at += rest.iter().position(|byte| *byte == quote || *byte == 0)? + 1;
            if self.text.get(self.at - 1) == Some(&0) {
                return None;
            }
            if !self.eat(quote) {
                return Some(());
            }
        }
    }

    /// `(constant, constant ...)`
    fn row(&mut self) -> Option<()> {
        self.eat(b'(').then_some(())?;
        loop {
            self.space();
            self.constant()?;
            self.space();
            match self.peek()? {
                b',' => self.at += 1,
                b')' => {
                    self.at += 1;
                    return Some(());
                }
                _ => return None,
            }
        }
    }

    /// A string, number, parameter or word such as NULL, and casts of it.
    fn constant(&mut self) -> Option<()> {
        match self.peek()? {
            b'\'' => self.until(b'\'')?,
            b'$' => {
                self.at += 1;
                let digits = self.word();
                (!digits.is_empty() && digits.iter().all(u8::is_ascii_digit)).then_some(())?;
            }
            b'-' | b'+' | b'.' | b'0'..=b'9' => self.number()?,
            _ => {
                const WORDS: [&[u8]; 4] = [b"null", b"true", b"false", b"default"];
                let word = self.word();
                WORDS.iter().any(|known| word.eq_ignore_ascii_case(known)).then_some(())?;
            }
        }
        while self.peek() == Some(b':') {
            self.at += 1;
            (self.eat(b':') && self.peek().is_some_and(|byte| byte.is_ascii_alphabetic())).then_some(())?;
            let _type = self.word();
            while self.eat(b'[') {
                self.eat(b']').then_some(())?;
            }
        }
        Some(())
    }

    fn number(&mut self) -> Option<()> {
        let _sign = self.eat(b'-') || self.eat(b'+');
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.eat(b'.') {
            while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
                self.at += 1;
            }
        }
        let some = self.text.get(start..self.at)?.iter().any(u8::is_ascii_digit);
        if some && (self.eat(b'e') || self.eat(b'E')) {
            let _sign = self.eat(b'-') || self.eat(b'+');
            let exponent = self.word();
            (!exponent.is_empty() && exponent.iter().all(u8::is_ascii_digit)).then_some(())?;
        }
        some.then_some(())
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || !byte.is_ascii()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;
    use crate::Session;

    /// An INSERT of many rows like this one.
    fn long(head: &str, row: &str, tail: &str) -> String {
        let rows = vec![row; SHORTEST / row.len() + 10].join(", ");
        format!("{head} VALUES {rows}{tail}")
    }

    fn short(text: &str) -> usize {
        condense(text, Dialect::default()).len()
    }

    #[test]
    fn rows_of_constants_are_left_out_and_nothing_else() {
        for (head, row, tail) in [
            ("INSERT INTO t", "(1, 'it''s', NULL, -1.5e3, true, DEFAULT, $7)", ""),
            ("insert into \"Odd \"\"name\".\"values\" (\"values\", b)", "('a;b--c/*', 'x\\')", ";\n"),
            ("INSERT INTO public.t (a)", "('{\"a\": 1}'::jsonb)", " ON CONFLICT (a) DO NOTHING RETURNING a"),
            ("INSERT INTO t", "(1)", "; DELETE FROM orders"),
        ] {
            let text = long(head, row, tail);
            let condensed = condense(&text, Dialect::default());
            assert!(condensed.len() < 500 && condensed.ends_with(tail), "{condensed}");
            assert_eq!(condensed.matches(row).count(), KEPT, "{condensed}");
            let whole = Session::new("a").read(&text, None).facts.clone();
            assert_eq!(Session::new("a").read(&condensed, None).facts, whole);
        }
    }

    #[test]
    fn what_is_not_plainly_a_constant_keeps_the_text_whole() {
        for row in [
            "(1, now())",
            "((SELECT 1))",
            "(1 + 1)",
            "(E'\\'')",
            "('a' 'b')",
            "($$x$$)",
            "(1 -- x\n)",
            "(1 /* x */)",
            "(x'ff')",
            "(U&'a')",
            "('a'::public.odd)",
            "(ROW(1))",
            "(nullif(1, 1))",
            "()",
        ] {
            let text = long("INSERT INTO t", row, "");
            assert_eq!(short(&text), text.len(), "{row}");
        }
        let text = long("INSERT INTO t", "(1)", ", (wipe())");
        assert_eq!(short(&text), text.len());
        for head in [
            "WITH x AS (DELETE FROM t) INSERT INTO t",
            "INSERT INTO t SELECT * FROM (",
            "/* x */ INSERT INTO t",
            "SELECT * FROM (",
        ] {
            let text = long(head, "(1)", "");
            assert_eq!(short(&text), text.len(), "{head}");
        }
        let text = long("INSERT INTO t", "('\\')", "");
        let off = Dialect { standard_conforming_strings: false };
        assert_eq!(condense(&text, off).len(), text.len());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]

        /// Whatever stands in the rows, the facts are those of the whole text.
        #[test]
        fn the_facts_are_those_of_the_whole_text(
            rows in prop::collection::vec("\\((1|'a'|NULL|-2.5|'--'|''''|f\\(1\\)|E'.'|\\$1)(, ?(2|'b''c'|true|\\$2|'x'::text|g\\(\\)))?\\)", 3..40),
            tail in "( RETURNING a|; DELETE FROM t|, \\(1\\)|;|)",
        ) {
            let filler = vec!["(1, 'x')"; SHORTEST / 8].join(",");
            let text = format!("INSERT INTO t VALUES {filler}, {}{tail}", rows.join(","));
            let (short, whole) = (condense(&text, Dialect::default()), Session::new("a").read(&text, None));
            let read = Session::new("a").read(&short, None);
            prop_assert_eq!(&read.facts, &whole.facts);
        }
    }
}
