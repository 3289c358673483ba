//! Content whatever protocol brings it: what its first bytes say it is, text without the tags in it, and files that can only be looked
//! at, packed ones too.

mod archive;
mod class;
mod markup;
mod scanner;
mod weave;

pub use self::class::{Class, classify, sniff};
pub(in crate::filter) use self::{markup::Markup, scanner::Scanner, weave::Weave};
