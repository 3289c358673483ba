//! Looks for masked values in everything a server said, whatever simple form they have.

use std::sync::OnceLock;

use base64::{Engine, engine::general_purpose::STANDARD};
use memchr::memmem::Finder;
use sha2::{Digest, Sha256};

use crate::{
    corpus::Case,
    server::{CUSTOMERS, Said, values},
};

/// A masked value and what to look for.
type Canary = (String, Finder<'static>);

/// The value that was found, if one was. What the case itself says is no find.
pub fn find(database: usize, said: &[Said], case: &Case) -> Option<String> {
    let own = case.messages.concat();
    let heard = said.iter().flat_map(heard).collect::<Vec<_>>().join(&0xff);
    let found = canaries(database).iter().find(|(_, form)| form.find(&heard).is_some());
    found.filter(|(value, _)| !own.contains(value.as_str())).map(|(value, _)| value.clone())
}

fn canaries(database: usize) -> &'static [Canary] {
    static CANARIES: [OnceLock<Vec<Canary>>; 2] = [const { OnceLock::new() }; 2];
    CANARIES[database].get_or_init(|| {
        let values = (1..=CUSTOMERS).flat_map(|id| values(database, id));
        let values = values.filter(|(column, _)| *column != "birthday").map(|(_, value)| value);
        values
            .flat_map(|value| {
                let forms = forms(&value).into_iter();
                forms.map(move |form| (value.clone(), Finder::new(&form).into_owned())).collect::<Vec<_>>()
            })
            .collect()
    })
}

/// Every message, and the values of all rows joined row by row and column by column, plain and without separators.
fn heard(said: &Said) -> Vec<Vec<u8>> {
    let mut heard: Vec<Vec<u8>> = said.messages.iter().map(|(_, body)| body.clone()).collect();
    let rows = said.values();
    let width = rows.iter().map(Vec::len).max().unwrap_or_default();
    heard.push(rows.concat().concat());
    for column in 0..width {
        heard.push(rows.iter().filter_map(|row| row.get(column)).flatten().copied().collect());
    }
    let bare: Vec<Vec<u8>> = heard
        .iter()
        .map(|text| text.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase).collect())
        .collect();
    heard.extend(bare);
    heard
}

fn forms(value: &str) -> Vec<Vec<u8>> {
    let bare: String = value.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    let mut forms = Vec::new();
    for plain in [value.to_owned(), bare] {
        let reversed: String = plain.chars().rev().collect();
        forms.push(hex::encode(&plain));
        forms.push(STANDARD.encode(&plain).trim_end_matches('=').to_owned());
        forms.push(hex::encode(Sha256::digest(&plain)));
        forms.extend([reversed, plain]);
    }
    forms.into_iter().filter(|form| form.len() > 6).map(String::into_bytes).collect()
}
