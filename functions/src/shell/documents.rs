//! Code for MongoDB's shell in the command line, as far as it only looks: chains of calls that read, and nothing else.

use super::{call::Call, word::Word};

/// Calls that read, or only make and print values.
const READS: &str = "find findOne count countDocuments estimatedDocumentCount distinct aggregate limit skip sort toArray \
     pretty stats getIndexes getCollection getCollectionNames getCollectionInfos getSiblingDB serverStatus hostInfo version \
     getName currentOp status conf printReplicationInfo printSecondaryReplicationInfo explain dataSize storageSize totalSize \
     totalIndexSize size length hasNext isMaster hello projection ISODate ObjectId NumberLong printjson print stringify tojson";

/// What makes a query write, or run code.
const NEVER: [&str; 12] = [
    "function",
    "=>",
    "$where",
    "$out",
    "$merge",
    "$function",
    "$accumulator",
    "constructor",
    "prototype",
    "`",
    "=",
    "\\",
];

/// Whether all that the shell is told only looks.
pub(super) fn only_looks(call: Call<'_>) -> bool {
    let (mut args, mut found) = (call.args.iter(), false);
    while let Some(word) = args.next() {
        let Some(text) = word.exact() else { return false };
        let code = match text {
            "--eval" => match args.next().and_then(Word::exact) {
                Some(code) => code,
                None => return false,
            },
            "--host" | "--port" | "-u" | "--username" | "-p" | "--password" | "--authenticationDatabase" => {
                args.next();
                continue;
            }
            "--quiet" | "--norc" | "--tls" | "--ssl" | "--json" => continue,
            _ => match text.strip_prefix("--eval=") {
                Some(code) => code,
                None if text.starts_with('-') || text.ends_with(".js") || text.ends_with(".mongodb") => return false,
                None => continue,
            },
        };
        found = true;
        if !code.split(';').map(str::trim).filter(|part| !part.is_empty()).all(reads) {
            return false;
        }
    }
    found
}

fn reads(statement: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if let Some(what) = statement.strip_prefix("show ").or_else(|| statement.strip_prefix("use ")) {
        return what.chars().all(is_name);
    }
    let starts = ["db.", "rs.", "sh.", "printjson(", "print(", "tojson(", "JSON.stringify("];
    if !starts.iter().any(|start| statement.starts_with(start)) && statement != "db" {
        return false;
    }
    // What is called is written out, and reads; brackets in a text call nothing.
    !NEVER.iter().any(|word| statement.contains(word))
        && statement.match_indices('(').all(|(place, _)| {
            let before = statement.get(..place).unwrap_or_default();
            let name = before.rsplit(|c| !is_name(c)).next().unwrap_or_default();
            is_quoted(before) || READS.split(' ').any(|known| known == name)
        })
}

/// Whether a text ends within quotes.
fn is_quoted(text: &str) -> bool {
    let mut open = None;
    for c in text.chars() {
        match open {
            None if matches!(c, '\'' | '"') => open = Some(c),
            Some(mark) if mark == c => open = None,
            _ => {}
        }
    }
    open.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_chains_of_calls_that_read_are_looked_through() {
        for code in [
            "db.stats()",
            "db.orders.find({status:'new', note: 'a (b)'}).sort({_id:-1}).limit(5)",
            "db.orders.countDocuments({at: {$gt: ISODate('2026-01-01')}})",
            "printjson(rs.status())",
            "show dbs",
            "db",
            "db.getSiblingDB('shop').orders.aggregate([{$group:{_id:'$s',n:{$sum:1}}}]).toArray()",
        ] {
            assert!(reads(code), "{code}");
        }
        for code in [
            "db.orders.drop()",
            "db.orders['drop']()",
            "db.orders.find().forEach(function(d){db.x.insert(d)})",
            "db.orders.aggregate([{$out:'x'}])",
            "db.orders.find({$where:'sleep(1)'})",
            "db.dropDatabase()",
            "db.adminCommand({shutdown:1})",
            "load('/tmp/x.js')",
            "x = db.orders; x.drop()",
            "db.a.find(db.b.drop())",
            "db.orders.find(')') . drop ()",
        ] {
            assert!(!reads(code), "{code}");
        }
    }
}
