//! Facts as they are kept with a record: JSON without fields that say nothing, and without arguments, which the record has
//! masked. Written straight from the facts.

use std::collections::BTreeSet;

use serde::{Serialize, Serializer, ser::SerializeMap as _};

use crate::{Facts, Inspected};

/// The text of facts.
pub(crate) fn text(facts: &Facts) -> String {
    let mut out = Vec::with_capacity(256);
    // Nothing in facts cannot be written as JSON.
    match Record(facts).serialize(&mut serde_json::Serializer::new(&mut out)) {
        Ok(()) => String::from_utf8(out).unwrap_or_default(),
        Err(_) => String::new(),
    }
}

struct Record<'a>(&'a Facts);

impl Serialize for Record<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let facts = self.0;
        let mut map = serializer.serialize_map(None)?;
        let set = |map: &mut S::SerializeMap, name: &'static str, values: &BTreeSet<String>| match values.is_empty() {
            true => Ok(()),
            false => map.serialize_entry(name, values),
        };
        let flag = |map: &mut S::SerializeMap, name: &'static str, flag: bool| match flag {
            true => map.serialize_entry(name, &true),
            false => Ok(()),
        };
        let count = |map: &mut S::SerializeMap, name: &'static str, number: u64| match number {
            0 => Ok(()),
            number => map.serialize_entry(name, &number),
        };
        if !facts.functions.is_empty() {
            map.serialize_entry("functions", &facts.functions)?;
        }
        set(&mut map, "verbs", &facts.verbs)?;
        set(&mut map, "reads", &facts.reads)?;
        set(&mut map, "writes", &facts.writes)?;
        set(&mut map, "columns", &facts.columns)?;
        set(&mut map, "calls", &facts.calls)?;
        set(&mut map, "opaque", &facts.opaque)?;
        set(&mut map, "ddl", &facts.ddl)?;
        flag(&mut map, "cascade", facts.cascade)?;
        set(&mut map, "commands", &facts.commands)?;
        set(&mut map, "paths", &facts.paths)?;
        set(&mut map, "hosts", &facts.hosts)?;
        set(&mut map, "external", &facts.external)?;
        set(&mut map, "settings", &facts.settings)?;
        flag(&mut map, "filtered", facts.filtered)?;
        flag(&mut map, "bounded", facts.bounded)?;
        flag(&mut map, "packed", facts.packed)?;
        flag(&mut map, "money", facts.money)?;
        flag(&mut map, "temporary", facts.temporary)?;
        flag(&mut map, "dynamic", facts.dynamic)?;
        if let Some(unknown) = &facts.unknown {
            map.serialize_entry("unknown", unknown)?;
        }
        count(&mut map, "statements", facts.statements.into())?;
        if facts.inspected != Inspected::Yes {
            map.serialize_entry("inspected", &facts.inspected)?;
        }
        if let Some(why) = &facts.uninspected {
            map.serialize_entry("uninspected", why)?;
        }
        count(&mut map, "rows", facts.rows)?;
        count(&mut map, "bytes", facts.bytes)?;
        count(&mut map, "session_rows", facts.session_rows)?;
        count(&mut map, "session_bytes", facts.session_bytes)?;
        count(&mut map, "recent_calls", facts.recent_calls)?;
        map.end()
    }
}
