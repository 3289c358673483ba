//! Fields of messages that are marked: `shop.v1.Customer.ssn` for a field of one message, `ssn` for every field and every key of a
//! map with that name.

use std::collections::{BTreeSet, VecDeque};

use masking::Label;
use prost_reflect::{Kind, MessageDescriptor};

/// Marked fields with their labels.
#[derive(Clone, Debug, Default)]
pub struct Fields(Vec<(String, Label)>);

impl Fields {
    /// Full names count as they are written, bare names without regard to case and `_`.
    #[must_use]
    pub fn new<'a>(names: impl IntoIterator<Item = (&'a str, Label)>) -> Self {
        let spelt = |name: &str| if name.contains('.') { name.to_owned() } else { bare(name) };
        Self(names.into_iter().map(|(name, label)| (spelt(name), label)).collect())
    }

    /// Whether nothing is marked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those that stay when a caller may see some labels.
    #[must_use]
    pub fn without(&self, revealed: &[String]) -> Self {
        let shown = |label: &Label| revealed.iter().any(|name| name == label.as_str());
        Self(self.0.iter().filter(|(_, label)| !shown(label)).cloned().collect())
    }

    /// The name and label by which a field is marked.
    pub(super) fn find(&self, name: &str, full_name: &str) -> Option<(&str, Label)> {
        if self.is_empty() {
            return None;
        }
        let name = bare(name);
        self.by(|marked| if marked.contains('.') { marked == full_name } else { marked == name })
    }

    /// The same of a key of a map.
    pub(super) fn find_key(&self, key: &str) -> Option<(&str, Label)> {
        if self.is_empty() {
            return None;
        }
        let key = bare(key);
        self.by(|name| name == key)
    }

    fn by(&self, is: impl Fn(&str) -> bool) -> Option<(&str, Label)> {
        self.0.iter().find(|(name, _)| is(name)).map(|(name, label)| (name.as_str(), *label))
    }

    /// Whether a message may have something that is marked in it, however deep.
    #[must_use]
    pub fn reach(&self, message: &MessageDescriptor) -> bool {
        let (mut seen, mut ahead) = (BTreeSet::new(), VecDeque::from([message.clone()]));
        while let Some(message) = ahead.pop_front().filter(|_| !self.is_empty()) {
            // What a map or a message of any type holds is not known beforehand.
            if message.is_map_entry() || message.full_name() == "google.protobuf.Any" {
                return true;
            }
            for field in message.fields() {
                if self.find(field.name(), field.full_name()).is_some() {
                    return true;
                }
                if let Kind::Message(within) = field.kind()
                    && seen.insert(within.full_name().to_owned())
                {
                    ahead.push_back(within);
                }
            }
        }
        false
    }
}

fn bare(name: &str) -> String {
    name.chars().filter(|letter| *letter != '_').flat_map(char::to_lowercase).collect()
}
