//! The detectors. Each is called with a window and a trigger position, and answers hit, nothing, or pending; the answer is a
//! function of the raw text around the trigger alone, which is what makes any split of a stream give the same output.

pub(crate) mod assign;
pub(crate) mod card;
pub(crate) mod chain;
pub(crate) mod email;
mod formats;
pub(crate) mod iban;
mod iban_table;
pub(crate) mod jwt;
mod nanp;
mod numbering;
pub(crate) mod pem;
pub(crate) mod phone;
pub(crate) mod ssn;
mod strength;
pub(crate) mod token;
pub(crate) mod url;
mod words;
