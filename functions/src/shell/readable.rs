//! What is worth parsing at all: a text that is long or deep beyond everyday ones is not read.

/// Longest command line that is read, in bytes.
const LONGEST: usize = 32 * 1024;
/// How many brackets and compound commands may be open at once.
const MOST_NESTED: usize = 24;

/// Whether the text is worth parsing: short, without characters that shells take differently, not nested too deep.
pub(super) fn readable(code: &str) -> Result<(), &'static str> {
    if code.len() > LONGEST {
        return Err("it is too long to be read");
    }
    if code.chars().any(|c| c.is_control() && c != '\n' && c != '\t' || c.is_whitespace() && !" \n\t".contains(c)) {
        return Err("it holds a control character or a space that shells take differently");
    }
    let (mut level, mut deepest) = (0_usize, 0_usize);
    for c in code.chars() {
        match c {
            '(' | '{' | '[' => level += 1,
            ')' | '}' | ']' => level = level.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(level);
    }
    let words = code.split(|c: char| !c.is_ascii_alphanumeric());
    let compound =
        words.filter(|word| matches!(*word, "if" | "while" | "until" | "for" | "case" | "select" | "coproc"));
    let quotes = code.matches('`').count() / 2 + code.matches("\"$(").count() + code.matches("$(").count();
    if deepest > MOST_NESTED || compound.count() > 2 * MOST_NESTED || quotes > 8 * MOST_NESTED {
        return Err("it is nested too deep to be read");
    }
    Ok(())
}
