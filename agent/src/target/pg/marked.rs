//! Strict masking of one session, set up: its markings, its catalog, and what the client may not choose at login.

use std::sync::Arc;

use proto::{Code, PostgresSettings, Refusal};
use sql::lineage::{Allowed, Marking, Mode, Rules, Transform};

use super::{catalog::Reader, connect, lookups::Counted, options};
use crate::{filter::pg::Strict, target::Context};

/// Settings that decide how a text is read; a client may not choose them at login.
const PINNED: [&str; 3] = ["backslash_quote", "session_preload_libraries", "local_preload_libraries"];
/// Encodings of which every byte that looks like ASCII is.
const ENCODINGS: [&str; 3] = ["utf8", "unicode", "sqlascii"];

/// Sets up strict masking, if the connection has marked columns.
///
/// # Errors
/// The refusal for the client: without a catalog nothing can be masked strictly.
pub(super) async fn strict(
    context: &Context,
    settings: &PostgresSettings,
    reader: &Reader,
) -> Result<Option<Strict>, Refusal> {
    if !settings.masking.is_strict() {
        return Ok(None);
    }
    let rules = rules(settings)?;
    let path_changed = chosen(context, settings.masking.has_tokens())?;
    reader.must_know().await?;
    let caller = &context.grant.caller;
    let counted = Counted::new(&context.counters, &context.grant.connection, &caller.subject, settings);
    Ok(Some(Strict::new(reader.catalogs(), rules, path_changed).counted_by(Arc::new(counted))))
}

/// What the connection says about its columns and functions.
pub(super) fn rules(settings: &PostgresSettings) -> Result<Rules, Refusal> {
    let wrong = |wrong| Refusal::new(Code::Internal, wrong);
    let parts = settings.masking.parts().map_err(wrong)?;
    let allowed = settings.masking.allowed().map_err(wrong)?;
    let function = |([schema, name], source): ([&str; 2], &str)| Allowed {
        schema: schema.to_owned(),
        name: name.to_owned(),
        source: source.to_owned(),
    };
    let marking = |([schema, table, column], mask): ([&str; 3], &proto::ColumnMask)| Marking {
        schema: schema.to_owned(),
        table: table.to_owned(),
        column: column.to_owned(),
        label: mask.label().to_owned(),
        transform: match settings.masking.transform(mask) {
            proto::Transform::Full => Transform::Full,
            proto::Transform::Partial => Transform::Partial,
            proto::Transform::Constant => Transform::Constant,
            proto::Transform::Null => Transform::Null,
            proto::Transform::Year => Transform::Year,
            proto::Transform::Token => Transform::Token,
        },
        mode: match mask.mode() {
            proto::RequestMode::Record => Mode::Record,
            proto::RequestMode::InFlight => Mode::InFlight,
            proto::RequestMode::Token => Mode::Token,
        },
        holds_tokens: mask.holds_tokens(),
    };
    Ok(Rules {
        markings: parts.into_iter().map(marking).collect(),
        functions: allowed.into_iter().map(function).collect(),
        lookups: settings.masking.lookups.keys().cloned().collect(),
    })
}

/// Whether the client chose a search path; refuses what it must not choose.
fn chosen(context: &Context, tokens: bool) -> Result<bool, Refusal> {
    let mut path = false;
    for (name, value) in connect::wanted(context) {
        let name = name.to_lowercase();
        if name != "options" {
            path |= choose(&name, value, tokens)?;
            continue;
        }
        let settings = options::settings(value)
            .ok_or_else(|| Refusal::new(Code::Denied, "options may only choose settings where columns are masked"))?;
        for (name, value) in settings {
            path |= choose(&name, &value, tokens)?;
        }
    }
    Ok(path)
}

/// Whether a setting may change what names mean; refuses one that must not be chosen.
fn choose(name: &str, value: &str, tokens: bool) -> Result<bool, Refusal> {
    let word: String = value.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    // A character that another encoding lacks would be told in an error, and with tokens raw values come this far.
    let single = !tokens && (word.starts_with("latin") || word.starts_with("win125"));
    let allowed = match name {
        "standard_conforming_strings" => matches!(word.as_str(), "on" | "true" | "yes" | "1"),
        "client_encoding" => single || ENCODINGS.contains(&word.as_str()),
        pinned => !PINNED.contains(&pinned),
    };
    if !allowed {
        return Err(Refusal::new(Code::Denied, format!("{name} is pinned where columns are masked")));
    }
    Ok(matches!(name, "search_path" | "role" | "session_authorization"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_decides_how_a_text_is_read_stays_as_it_is_and_the_rest_is_free() {
        for (name, value) in [("jit", "off"), ("client_encoding", "UTF8"), ("standard_conforming_strings", "on")] {
            assert_eq!(choose(name, value, true).ok(), Some(false), "{name}");
        }
        assert_eq!(choose("search_path", "a", false).ok(), Some(true));
        for (name, value) in [
            ("standard_conforming_strings", "off"),
            ("client_encoding", "SJIS"),
            ("local_preload_libraries", "x"),
            ("backslash_quote", "on"),
        ] {
            assert!(choose(name, value, false).is_err(), "{name}");
        }
        assert!(
            choose("client_encoding", "LATIN1", true).is_err() && choose("client_encoding", "LATIN1", false).is_ok()
        );
    }
}
