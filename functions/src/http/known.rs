//! Requests to interfaces of well-known services that change the service itself, who may use it, or what runs on it: brokers, schedulers,
//! stores of secrets, clusters, registries, code hosts, gateways, clouds. They count where a connection names no functions. A line of the
//! list beside this file is methods and a path; `*` stands for one part, `**` for any number, `{a|b}` for either.

use std::{borrow::Cow, collections::HashMap, sync::LazyLock};

use super::target::Target;

const LIST: &str = include_str!("known.txt");
/// Longest path that is looked at, in parts.
const LONGEST: usize = 32;

struct Known {
    methods: Vec<&'static str>,
    parts: Vec<Part>,
    /// A name of the query that must stand there.
    asks: Option<&'static str>,
}

enum Part {
    Any,
    One,
    /// Beginnings, choices and ends: `a.{b|c}`. Each may be several segments.
    Either(Vec<Vec<String>>),
}

/// All of the list, found by a segment that a path must have: most requests have none of them.
struct Index {
    known: Vec<Known>,
    by_segment: HashMap<String, Vec<usize>>,
    /// Those that name no segment.
    others: Vec<usize>,
}

static INDEX: LazyLock<Index> = LazyLock::new(|| Index::new(LIST.lines().filter_map(read).collect()));

/// Whether it is one of them.
pub(super) fn is_known(method: &str, target: &Target) -> bool {
    INDEX.holds(method, target)
}

impl Index {
    fn new(known: Vec<Known>) -> Self {
        let (mut by_segment, mut others) = (HashMap::<String, Vec<usize>>::new(), Vec::new());
        for (place, one) in known.iter().enumerate() {
            let Some(choices) = one.parts.iter().rev().find_map(Part::choices) else {
                others.push(place);
                continue;
            };
            for segment in choices.iter().filter_map(|choice| choice.first()) {
                let places = by_segment.entry(segment.clone()).or_default();
                if !places.contains(&place) {
                    places.push(place);
                }
            }
        }
        Self { known, by_segment, others }
    }

    fn holds(&self, method: &str, target: &Target) -> bool {
        if target.segments.len() > LONGEST {
            return false;
        }
        let asks = |known: &Known| known.asks.is_none_or(|name| target.query.iter().any(|(given, _)| given == name));
        let named = target.segments.iter().filter_map(|segment| self.by_segment.get(lowered(segment).as_ref()));
        let mut may = named.flatten().chain(&self.others).filter_map(|place| self.known.get(*place));
        let mut parts: Option<Vec<Cow<'_, str>>> = None;
        may.any(|known| {
            known.methods.contains(&method) && asks(known) && {
                let full = target.segments.iter().filter(|segment| !segment.is_empty());
                fits(&known.parts, parts.get_or_insert_with(|| full.map(|segment| lowered(segment)).collect()))
            }
        })
    }
}

/// In small letters; copied only if it is not.
pub(super) fn lowered(segment: &str) -> Cow<'_, str> {
    match segment.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => Cow::Owned(segment.to_ascii_lowercase()),
        false => Cow::Borrowed(segment),
    }
}

impl Part {
    fn choices(&self) -> Option<&Vec<Vec<String>>> {
        match self {
            Self::Either(choices) => Some(choices),
            Self::Any | Self::One => None,
        }
    }
}

fn read(line: &'static str) -> Option<Known> {
    let (methods, path) = line.split_once(" /")?;
    let (path, asks) = path.split_once('?').map_or((path, None), |(path, name)| (path, Some(name)));
    let parts = pieces(path).into_iter().flat_map(part).collect();
    Some(Known { methods: methods.split('|').collect(), parts, asks })
}

/// The parts of a path; a slash in braces divides none.
fn pieces(path: &str) -> Vec<String> {
    let (mut pieces, mut inside) = (vec![String::new()], false);
    for c in path.chars() {
        inside = (inside || c == '{') && c != '}';
        match pieces.last_mut() {
            Some(last) if c != '/' || inside => last.push(c),
            _ => pieces.push(String::new()),
        }
    }
    pieces
}

fn part(piece: String) -> Vec<Part> {
    match piece.as_str() {
        "" => Vec::new(),
        "**" => vec![Part::Any],
        "*" => vec![Part::One],
        _ => {
            let segments = |choice: String| choice.split('/').map(str::to_owned).collect();
            vec![Part::Either(choices(&piece).into_iter().map(segments).collect())]
        }
    }
}

/// All that `a.{b|c}` stands for.
fn choices(piece: &str) -> Vec<String> {
    let Some((before, rest)) = piece.split_once('{') else { return vec![piece.to_owned()] };
    let Some((inner, behind)) = rest.split_once('}') else { return vec![piece.to_owned()] };
    let ends = choices(behind);
    inner.split('|').flat_map(|one| ends.iter().map(move |end| format!("{before}{one}{end}"))).collect()
}

fn fits(known: &[Part], parts: &[Cow<'_, str>]) -> bool {
    match known.split_first() {
        None => parts.is_empty(),
        Some((Part::Any, rest)) => {
            (0..=parts.len()).any(|skip| parts.get(skip..).is_some_and(|parts| fits(rest, parts)))
        }
        Some((Part::One, rest)) => parts.split_first().is_some_and(|(_, parts)| fits(rest, parts)),
        Some((Part::Either(choices), rest)) => choices.iter().any(|choice| {
            let begins = parts.len() >= choice.len() && parts.iter().zip(choice).all(|(part, wanted)| part == wanted);
            begins && parts.get(choice.len()..).is_some_and(|parts| fits(rest, parts))
        }),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn known(request: &str) -> bool {
        let (method, target) = request.split_once(' ').unwrap();
        is_known(method, &Target::parse(target.as_bytes()).unwrap())
    }

    #[test]
    fn every_line_of_the_list_is_read() {
        assert_eq!(INDEX.known.len(), LIST.lines().count());
        assert!(INDEX.others.len() <= 2, "a line names no segment");
    }

    #[test]
    fn what_changes_a_service_is_told_from_what_is_in_it() {
        for request in [
            "DELETE /connectors/x",
            "PUT /api/kafka-connect/connectors/x/pause",
            "DELETE /subjects/orders-value/versions/1",
            "DELETE /api/queues/main/orders",
            "PUT /v1/acl/bootstrap",
            "GET /apps/x/config-vars",
            "POST /bucket?delete",
            "DELETE /repos/a/b/actions/runs/7",
            "GET /config/database.yml",
            "BAN /",
            "DELETE /API/Queues/main/orders",
            "DELETE /api/v4/projects/7/repository/branches/main",
        ] {
            assert!(known(request), "{request}");
        }
        for request in [
            "GET /connectors/x",
            "GET /subjects",
            "DELETE /orders/7",
            "DELETE /users/7",
            "POST /payments/7/capture",
            "PATCH /repos/acme/app/issues/1",
            "POST /services/7/reviews",
            "GET /config/app.js",
            "DELETE /projects/7",
        ] {
            assert!(!known(request), "{request}");
        }
    }
}
