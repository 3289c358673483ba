//! The detectors. Each is called with a window and a trigger position, and answers hit, nothing, or pending; the answer is a
//! function of the raw text around the trigger alone, which is what makes any split of a stream give the same output.

pub(crate) mod assign;
pub(crate) mod call;
pub(crate) mod card;
pub(crate) mod chain;
pub(crate) mod crypt;
pub(crate) mod email;
mod formats;
pub(crate) mod iban;
mod iban_table;
pub(crate) mod jwt;
pub(crate) mod line;
mod name;
mod nanp;
mod numbering;
pub(crate) mod option;
pub(crate) mod pem;
mod person;
pub(crate) mod pgpass;
pub(crate) mod phone;
pub(crate) mod setting;
pub(crate) mod shapes;
pub(crate) mod spoken;
pub(crate) mod spread;
pub(crate) mod ssn;
mod strength;
pub(crate) mod token;
pub(crate) mod url;
pub(crate) mod words;

pub(crate) use card::passes_luhn;

/// Whether letters and digits pass MOD 97-10 with the first four moved to the end.
pub(crate) fn is_mod_97(text: &[u8]) -> bool {
    let characters: Vec<u8> = text.iter().copied().filter(u8::is_ascii_alphanumeric).collect();
    let length = characters.len();
    length > 4 && iban::mod_97(characters.into_iter().cycle().skip(4).take(length)) == 1
}
