//! Programs that change the system, but only show something when they are given certain words: `fdisk -l`, `mysqladmin status`.

use std::sync::LazyLock;

use super::{call::Call, paths, reading::Effect, walk::Walker};

/// A line is a program that is asked by verbs or by options, its names, its options whose value is the next word, and what it shows.
const TABLE: &str = include_str!("table/looks.txt");

/// When a program only shows.
struct Look {
    /// Its first words tell, else its options, of which there must be no other.
    by_verb: bool,
    names: Vec<&'static str>,
    valued: Vec<&'static str>,
    /// Two words where the first verb alone does not tell, `*` for any end.
    shows: Vec<&'static str>,
}

static LOOKS: LazyLock<Vec<Look>> = LazyLock::new(|| {
    let listed = |text: &'static str| text.split(',').filter(|word| !word.is_empty()).collect();
    let looks = TABLE.lines().filter_map(|line| {
        let (kind, rest) = line.split_once('|')?;
        let (names, rest) = rest.split_once('|')?;
        let (valued, shows) = rest.split_once('|')?;
        Some(Look { by_verb: kind == "verbs", names: listed(names), valued: listed(valued), shows: listed(shows) })
    });
    looks.collect()
});

/// Whether these words only show something; what they read is noted.
pub(super) fn judge(walker: &mut Walker, call: Call<'_>) -> bool {
    if call.may_hide_option() {
        return false;
    }
    if matches!(call.args, [word] if matches!(word.text.as_str(), "--version" | "--help")) {
        return true;
    }
    if matches!(call.name, "pg_dump" | "mysqldump" | "mariadb-dump") {
        return structure(walker, call);
    }
    if call.name == "fallocate" {
        return reserves(walker, call);
    }
    if call.name == "truncate" {
        return grows(walker, call);
    }
    LOOKS.iter().filter(|look| look.names.contains(&call.name)).any(|look| look.fits(call))
}

impl Look {
    fn fits(&self, call: Call<'_>) -> bool {
        let (mut words, mut options) = (Vec::new(), Vec::new());
        let mut args = call.args.iter().map(|word| word.text.as_str());
        while let Some(text) = args.next() {
            let given =
                |name: &&str| name.len() > 2 && text.strip_prefix(*name).is_some_and(|rest| rest.starts_with('='));
            if self.valued.contains(&text) {
                args.next();
            } else if text.starts_with('-') && !self.valued.iter().any(given) {
                options.push(text);
            } else if !text.starts_with('-') {
                words.push(text);
            }
        }
        if !self.by_verb {
            return !options.is_empty() && options.iter().all(|option| self.shows.contains(option));
        }
        let first = words.first().copied().unwrap_or_default();
        let both = format!("{first} {}", words.get(1).copied().unwrap_or_default());
        let shows = self.shows.iter().any(|verb| match verb.strip_suffix('*') {
            Some(start) => first.starts_with(start),
            None => first == *verb || both == *verb,
        });
        // It takes one verb after the other.
        let alone = !call.name.ends_with("admin") || words.iter().all(|word| self.shows.contains(word));
        shows && alone && !options.iter().any(|option| option.contains("secret"))
    }
}

/// A dump of a database's structure holds none of its data.
fn structure(walker: &mut Walker, call: Call<'_>) -> bool {
    let only = match call.name {
        "pg_dump" => call.has("-s") || call.has("--schema-only"),
        _ => call.has("-d") || call.has("--no-data"),
    };
    if only {
        for word in call.values('f', "file").into_iter().filter(|word| !word.text.starts_with('-')) {
            walker.writes_file(&paths::tidy(&word.text));
        }
    }
    only
}

/// Room for a file of an everyday size.
fn reserves(walker: &mut Walker, call: Call<'_>) -> bool {
    let tame = call.options().all(|text| text == "-v" || text.starts_with("-l") || text.starts_with("--length"));
    let mut size = call
        .values('l', "length")
        .into_iter()
        .filter_map(|word| bytes(word.text.trim_start_matches("--length=").trim_start_matches("-l")));
    if !tame || !size.next_back().is_some_and(|size| size <= super::endless::MOST_BYTES) {
        return false;
    }
    walker.out.at_least(Effect::Write);
    for word in call.operands().filter(|word| bytes(&word.text).is_none()) {
        walker.writes_file(&paths::tidy(&word.text));
    }
    true
}

/// A file, as a rule a new one, becomes so large that little of an old one would be cut off. `+` only adds.
fn grows(walker: &mut Walker, call: Call<'_>) -> bool {
    const LEAST: f64 = 1024.0 * 1024.0;
    let mut words = call.args.iter();
    let (mut size, mut files) = (None, Vec::new());
    while let Some(word) = words.next() {
        let text = word.text.as_str();
        if matches!(text, "-s" | "--size") {
            size = words.next().map(|word| word.text.as_str());
        } else if let Some(given) = text.strip_prefix("--size=").or_else(|| text.strip_prefix("-s")) {
            size = Some(given);
        } else if text.starts_with('-') {
            return false;
        } else {
            files.push(word);
        }
    }
    let adds = size.is_some_and(|size| size.starts_with('+'));
    let fits = size
        .and_then(|size| bytes(size.trim_start_matches('+')))
        .is_some_and(|size| size <= super::endless::MOST_BYTES && (adds || size >= LEAST));
    if !fits || !files.iter().all(|word| word.exact().is_some_and(super::files::is_light)) {
        return false;
    }
    walker.out.at_least(Effect::Write);
    for word in files {
        walker.writes_file(&paths::tidy(&word.text));
    }
    true
}

/// A size as the GNU programs write it: `10M`, `2GiB`, `4096`.
pub(super) fn bytes(text: &str) -> Option<f64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number = text.get(..digits)?.parse::<f64>().ok()?;
    let unit = match text.get(digits..)?.chars().next().map(|unit| unit.to_ascii_uppercase()) {
        None | Some('B' | 'C') => 0,
        Some('W') => return Some(number * 2.0),
        Some('K') => 1,
        Some('M') => 2,
        Some('G') => 3,
        Some('T') => 4,
        Some('P' | 'E' | 'Z' | 'Y') => 5,
        Some(_) => return None,
    };
    Some(number * 1024_f64.powi(unit))
}
