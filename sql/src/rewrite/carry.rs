//! Values on their way into marked columns whose database is not to get them. What is found here is only where they stand and what
//! is to stand there instead; whoever passes the statement on has the key of tokens, and sees what parameters are bound to. A literal
//! becomes a placeholder in the text, which is parsed again and compared like any other edit, so that putting another constant in
//! its place cannot change what the statement is.

use std::ops::Range;

use super::{Refused, mask, token::TokenType};
use crate::{
    catalog::Column,
    lineage::{Mark, Mode, Transform},
    node::Node,
};

/// How placeholders begin; no text that has this is carried.
pub(super) const PLACEHOLDER: &str = "sallyport:value:";

/// A value that the database does not get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// Where it is given.
    pub given: Given,
    /// Its column: `schema.relation.column`.
    pub column: String,
    /// Why.
    pub mark: Mark,
    /// What the database gets.
    pub instead: Instead,
}

/// Where a value is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// The number of a parameter, from 1.
    Parameter(usize),
    /// A literal.
    Literal {
        /// The byte where it begins in the text as it came.
        at: usize,
        /// The placeholder's bytes in the text that is sent, quotes included.
        span: Range<usize>,
        /// The value.
        value: String,
    },
}

/// What the database gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Instead {
    /// NULL.
    Nothing,
    /// This.
    Text(String),
    /// The last four characters of a text of eight or more, behind stars; in at most so many characters.
    Partial(Option<usize>),
    /// The first day of the year.
    Year,
    /// A token.
    Token(TokenType),
}

impl Instead {
    /// What stands in place of a value that is written into a column, or compared with it.
    pub(super) fn of(column: &Column, mark: &Mark, written: bool) -> Result<Self, Refused> {
        let token = TokenType::of(column);
        match (mark.mode, token) {
            (Mode::Token, Some(of)) => return Ok(Self::Token(of)),
            (Mode::Token, None) => {
                return Err(Refused::because(format!("{}: values of its type have no tokens", mark.source)));
            }
            _ if !written => return Ok(Self::Nothing),
            (_, Some(of)) if mark.transform == Transform::Token => return Ok(Self::Token(of)),
            _ => {}
        }
        let most = match token {
            Some(TokenType::Text { most, .. }) => most,
            _ => None,
        };
        let text = |text: Option<&str>| {
            text.map_or(Self::Nothing, |text| Self::Text(text.chars().take(most.unwrap_or(usize::MAX)).collect()))
        };
        Ok(match mask::really(column, mark) {
            Transform::Null => Self::Nothing,
            Transform::Partial => Self::Partial(most),
            Transform::Year => Self::Year,
            Transform::Constant => text(mask::formed(&mark.label)),
            Transform::Full | Transform::Token => text(mask::constant_of(column)),
        })
    }
}

/// The placeholder of this number.
pub(super) fn placeholder(number: usize) -> String {
    format!("'{PLACEHOLDER}{number}'")
}

/// The value of a constant.
pub(super) fn constant(node: &Node) -> Option<String> {
    let value = node.node("val")?;
    match value.kind {
        "String" => Some(value.text("sval").to_owned()),
        "Integer" => Some(value.int("ival").to_string()),
        "Float" => Some(value.text("fval").to_owned()),
        _ => None,
    }
}

/// Finds the placeholders in the text that is sent.
pub(super) fn place(text: &str, carried: &mut [Carried]) -> Result<(), Refused> {
    let literals = carried.iter_mut().enumerate();
    for (number, value) in literals {
        let Given::Literal { span, .. } = &mut value.given else { continue };
        let placeholder = placeholder(number);
        let mut found = text.match_indices(&placeholder).map(|(at, _)| at);
        let (Some(at), None) = (found.next(), found.next()) else {
            return Err(Refused::because("a value cannot be masked on its way in this form"));
        };
        *span = at..at + placeholder.len();
    }
    Ok(())
}
