//! What never ends, or fills a disk: `yes`, loops that neither wait nor end, devices that give for ever, sizes beyond everyday ones.

use std::collections::BTreeSet;

use brush_parser::ast::{Command, CompoundList, Pipeline};

use super::{call::Call, looks::bytes, walk::Walker, word::expand};

/// The largest file that is made of nothing without a question, in bytes.
pub(super) const MOST_BYTES: f64 = 10.0 * 1024.0 * 1024.0 * 1024.0;

/// Devices that give for ever.
pub(super) const DEVICES: [&str; 4] = ["/dev/zero", "/dev/urandom", "/dev/random", "/dev/full"];

/// Programs that pass on what they read until it ends.
const PASSES: [&str; 38] = [
    "cat",
    "tac",
    "tee",
    "tr",
    "base64",
    "base32",
    "gzip",
    "bzip2",
    "xz",
    "zstd",
    "lz4",
    "hexdump",
    "hd",
    "xxd",
    "od",
    "pv",
    "split",
    "sort",
    "uniq",
    "wc",
    "md5sum",
    "sha1sum",
    "sha256sum",
    "sha512sum",
    "cksum",
    "b2sum",
    "strings",
    "grep",
    "fold",
    "cut",
    "rev",
    "nl",
    "paste",
    "column",
    "less",
    "more",
    "uuencode",
    "fmt",
];

/// Commands that wait, or leave a loop.
const WAITS: [&str; 18] = [
    "sleep",
    "usleep",
    "read",
    "wait",
    "break",
    "exit",
    "return",
    "inotifywait",
    "watch",
    "tail",
    "journalctl",
    "vmstat",
    "iostat",
    "mpstat",
    "pidstat",
    "sar",
    "timeout",
    "ping",
];

impl Walker {
    /// Whether nothing behind the command at `place` takes only a part of what it gives.
    pub(super) fn runs_on(&self, pipeline: &Pipeline, place: usize) -> bool {
        pipeline.seq.iter().skip(place + 1).all(|command| {
            let Command::Simple(simple) = command else { return false };
            let name = simple.word_or_name.as_ref().map(|word| word.value.as_str()).unwrap_or_default();
            let words: Vec<String> =
                simple.suffix.iter().flat_map(|suffix| &suffix.0).map(ToString::to_string).collect();
            PASSES.contains(&name) && !words.iter().any(|word| is_limit(word))
        })
    }

    /// A program that gives or passes on without end, to nobody who would stop it.
    pub(super) fn must_end(&mut self, call: Call<'_>) {
        self.must_fit(call);
        if !self.runs_on || self.timed {
            return;
        }
        let device = call.args.iter().any(|word| DEVICES.contains(&word.text.trim_start_matches("if=")));
        let reads = device || self.from_endless;
        let limited = call.args.iter().any(|word| is_limit(&word.text));
        let endless = match call.name {
            "yes" => !call.has("--version") && !call.has("--help"),
            // It keeps the last lines, and there is none.
            "tail" => reads && !call.any_flag("c"),
            "dd" => reads && !call.args.iter().any(|word| word.text.starts_with("count=")),
            name => reads && PASSES.contains(&name) && !limited,
        };
        if endless {
            self.out.danger(format!("{} never ends", call.name));
        }
    }

    /// What is made of nothing must not fill a disk.
    fn must_fit(&mut self, call: Call<'_>) {
        let value = |name: &str| call.args.iter().find_map(|word| word.text.strip_prefix(name));
        let size = match call.name {
            "head" => {
                let mut found = call
                    .values('c', "bytes")
                    .into_iter()
                    .filter_map(|word| bytes(word.text.trim_start_matches("--bytes=").trim_start_matches("-c")));
                found.next_back()
            }
            "dd" => {
                let block = value("bs=").map_or(Some(512.0), bytes);
                block.zip(value("count=").and_then(bytes)).map(|(block, count)| block * count)
            }
            _ => None,
        };
        let sink = call.args.iter().any(|word| word.text == "of=/dev/null");
        if size.is_some_and(|size| size > MOST_BYTES) && !sink {
            self.out.danger(format!("{} makes more than a disk may hold", call.name));
        }
    }

    /// A loop without an end of its own neither waits nor leaves.
    pub(super) fn must_leave(&mut self, condition: &CompoundList, body: &CompoundList, until: bool) {
        if self.probing || self.timed || !self.is_constant(condition, until) {
            return;
        }
        let commands = self.probe(body);
        if !commands.iter().any(|name| WAITS.contains(&name.as_str())) {
            self.out.danger("a loop that neither waits nor ends");
        }
    }

    /// The commands of a list.
    fn probe(&self, list: &CompoundList) -> BTreeSet<String> {
        let mut probe = Self::default();
        (probe.depth, probe.probing) = (self.depth + 1, true);
        probe.list(list);
        probe.out.commands
    }

    /// Whether the condition of a loop always holds.
    fn is_constant(&self, condition: &CompoundList, until: bool) -> bool {
        let [item] = condition.0.as_slice() else { return false };
        let [Command::Simple(simple)] = item.0.first.seq.as_slice() else { return false };
        if !item.0.additional.is_empty() {
            return false;
        }
        let Some(name) = &simple.word_or_name else { return false };
        let words: Vec<String> = simple.suffix.iter().flat_map(|suffix| &suffix.0).map(ToString::to_string).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let name = expand(&name.value, &super::word::Variables::new()).words;
        match (name.first().map(|word| word.text.as_str()), until) {
            (Some("true" | ":"), false) | (Some("false"), true) => true,
            (Some("["), false) => matches!(words.as_slice(), [one, "]"] if is_plain(one)),
            (Some("test"), false) => matches!(words.as_slice(), [one] if is_plain(one)),
            _ => false,
        }
    }
}

fn is_plain(word: &str) -> bool {
    !word.contains(['$', '`'])
}

/// An option that takes only so much.
fn is_limit(word: &str) -> bool {
    ["-n", "-N", "-l", "-m", "-c", "--bytes", "--lines", "--length", "--max-count", "--read-bytes", "--stop-at-size"]
        .iter()
        .any(|name| word.starts_with(name))
}
