//! Requests to interfaces of well-known services that change the service itself, who may use it, or what runs on it: brokers, schedulers,
//! stores of secrets, clusters, registries, code hosts, gateways, clouds. They count where a connection names no functions. A line of the
//! list beside this file is methods and a path; `*` stands for one part, `**` for any number, `{a|b}` for either.

use std::sync::LazyLock;

use super::target::Target;

const LIST: &str = include_str!("known.txt");

struct Known {
    methods: Vec<&'static str>,
    parts: Vec<Part>,
    /// A name of the query that must stand there.
    asks: Option<&'static str>,
}

enum Part {
    Any,
    One,
    /// Beginnings, choices and ends: `a.{b|c}`.
    Either(Vec<String>),
}

static KNOWN: LazyLock<Vec<Known>> = LazyLock::new(|| LIST.lines().filter_map(read).collect());

/// Whether it is one of them.
pub(super) fn is_known(method: &str, target: &Target) -> bool {
    let segments: Vec<String> = target.segments.iter().map(|segment| segment.to_ascii_lowercase()).collect();
    let parts: Vec<&str> = segments.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
    let asks = |known: &Known| known.asks.is_none_or(|name| target.query.iter().any(|(given, _)| given == name));
    parts.len() <= 32
        && KNOWN.iter().any(|known| known.methods.contains(&method) && asks(known) && fits(&known.parts, &parts))
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
        _ => vec![Part::Either(choices(&piece))],
    }
}

/// All that `a.{b|c}` stands for.
fn choices(piece: &str) -> Vec<String> {
    let Some((before, rest)) = piece.split_once('{') else { return vec![piece.to_owned()] };
    let Some((inner, behind)) = rest.split_once('}') else { return vec![piece.to_owned()] };
    let ends = choices(behind);
    inner.split('|').flat_map(|one| ends.iter().map(move |end| format!("{before}{one}{end}"))).collect()
}

fn fits(known: &[Part], parts: &[&str]) -> bool {
    match known.split_first() {
        None => parts.is_empty(),
        Some((Part::Any, rest)) => {
            (0..=parts.len()).any(|skip| parts.get(skip..).is_some_and(|parts| fits(rest, parts)))
        }
        Some((Part::One, rest)) => parts.split_first().is_some_and(|(_, parts)| fits(rest, parts)),
        Some((Part::Either(choices), rest)) => choices.iter().any(|choice| {
            let wanted: Vec<&str> = choice.split('/').collect();
            parts.get(..wanted.len()) == Some(wanted.as_slice())
                && parts.get(wanted.len()..).is_some_and(|parts| fits(rest, parts))
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
        assert_eq!(KNOWN.len(), LIST.lines().count());
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
