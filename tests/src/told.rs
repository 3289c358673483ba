//! What the demo tells whoever starts it: lines to paste, and where to click.

use std::io::{BufRead as _, BufReader, Read};

/// The lines up to where to click.
pub struct Told(pub Vec<String>);

impl Told {
    /// Reads them.
    #[must_use]
    pub fn read(said: impl Read) -> Self {
        let mut lines = vec![];
        for line in BufReader::new(said).lines().map_while(Result::ok) {
            let last = line.contains("where to click");
            lines.push(line);
            if last {
                break;
            }
        }
        Self(lines)
    }

    /// The line to paste that begins with this.
    #[must_use]
    pub fn paste(&self, begin: &str) -> String {
        let line = self.0.iter().find_map(|line| {
            line.trim().strip_prefix("docker compose exec client ").filter(|line| line.starts_with(begin))
        });
        line.unwrap_or_else(|| panic!("no {begin} line in {:?}", self.0)).to_owned()
    }
}
