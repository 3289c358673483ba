//! What conditions come to: the relations they limit, and those they compare with each other.

use pg_query::protobuf::JoinType;

use super::comparison::Comparison;

/// What one condition does.
#[derive(Clone, Debug, Default)]
pub(super) struct Outcome {
    /// Entries of which it lets only some rows through, by bit.
    pub(super) limited: u64,
    pub(super) links: Vec<Link>,
    /// No row gets through at all.
    pub(super) never: bool,
    /// The plain comparisons that make it limit, to find alternatives that cover everything.
    pub(super) atoms: Vec<Comparison>,
}

/// Rows of two entries are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) one: u64,
    pub(super) two: u64,
    /// They are the same rows: a relation joined to itself over the same column.
    pub(super) same: bool,
    /// Each of them is another row than the one it is compared with.
    pub(super) apart: bool,
    /// A limit on `one` limits `two`, and the other way round.
    pub(super) forth: bool,
    pub(super) back: bool,
}

/// Whether the branches name every remainder that a division leaves: `id % 2 = 0 OR id % 2 = 1`.
fn all_remainders(key: &str, branches: &[Outcome]) -> bool {
    let divisor =
        key.strip_prefix('%').and_then(|rest| rest.split('(').next()).and_then(|text| text.parse::<usize>().ok());
    let values: std::collections::BTreeSet<String> = branches
        .iter()
        .flat_map(|branch| &branch.atoms)
        .filter(|atom| atom.operator == "=")
        .map(|atom| format!("{:?}", atom.value))
        .collect();
    divisor.is_some_and(|divisor| values.len() >= divisor)
}

impl Outcome {
    pub(super) fn and(&mut self, other: Self) {
        self.limited |= other.limited;
        self.links.extend(other.links);
        self.never |= other.never;
        self.atoms.extend(other.atoms);
    }

    /// Either of several.
    pub(super) fn any(branches: Vec<Self>) -> Self {
        let live: Vec<Self> = branches.into_iter().filter(|branch| !branch.never).collect();
        let Some(first) = live.first() else { return Self { never: true, ..Self::default() } };
        for (index, one) in live.iter().enumerate() {
            if live.iter().skip(index + 1).any(|two| one.covers_with(two)) {
                return Self::default();
            }
        }
        let limited = live.iter().fold(u64::MAX, |all, branch| all & branch.closure());
        let links = first.links.iter().copied().filter(|l| live.iter().all(|b| b.links.contains(l))).collect();
        let one_column = live.windows(2).all(|pair| match pair {
            [a, b] => a.key() == b.key() && a.key().is_some(),
            _ => false,
        });
        if one_column && first.key().is_some_and(|key| all_remainders(key, &live)) {
            return Self::default();
        }
        let atoms = if one_column { live.iter().flat_map(|branch| branch.atoms.clone()).collect() } else { Vec::new() };
        Self { limited, links, never: false, atoms }
    }

    /// The one column that all of it is about.
    pub(super) fn key(&self) -> Option<&str> {
        let first = &self.atoms.first()?.column.key;
        self.atoms.iter().all(|atom| atom.column.key == *first).then_some(first)
    }

    pub(super) fn covers_with(&self, other: &Self) -> bool {
        match (self.key(), other.key()) {
            (Some(one), Some(two)) if one == two => {
                self.atoms.iter().any(|a| other.atoms.iter().any(|b| a.covers_with(b)))
            }
            _ => false,
        }
    }

    /// Rows for which it is NULL get through as well.
    pub(super) fn loosely(self) -> Self {
        Self { never: false, ..self }
    }

    /// Whether a relation is compared with itself so that one row of each kind stays: the same value, but another row.
    pub(super) fn duplicates(&self, entry: u64) -> bool {
        let own = |link: &&Link| link.same && (link.one | link.two) & entry != 0;
        self.links.iter().filter(own).any(|apart| {
            let pair = apart.one | apart.two;
            apart.apart && self.links.iter().filter(own).any(|link| link.forth && link.one | link.two == pair)
        })
    }

    /// Entries limited directly, or by being compared to one that is.
    pub(super) fn closure(&self) -> u64 {
        self.spread(self.limited)
    }

    pub(super) fn closure_with_free(&self) -> u64 {
        self.spread(self.limited)
    }

    fn spread(&self, mut limited: u64) -> u64 {
        for _ in 0..=self.links.len().min(64) {
            let before = limited;
            for link in &self.links {
                if link.forth && limited & link.one != 0 {
                    limited |= link.two;
                }
                if link.back && limited & link.two != 0 {
                    limited |= link.one;
                }
            }
            if limited == before {
                break;
            }
        }
        limited
    }

    /// In an outer join the condition does not limit the side whose rows all stay.
    pub(super) fn outer_join(&mut self, kind: JoinType, left: u64, right: u64) {
        let kept = match kind {
            JoinType::JoinLeft => left,
            JoinType::JoinRight => right,
            JoinType::JoinFull => left | right,
            _ => return,
        };
        self.never = false;
        self.limited &= !kept;
        self.atoms.clear();
        for link in &mut self.links {
            link.forth &= link.two & kept == 0;
            link.back &= link.one & kept == 0;
        }
    }
}
