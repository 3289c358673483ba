//! Which function a method and a path name. A template's segments are literals, `{name}` (also `{name}.json`), and at its end
//! `{name+}` for everything below.
//!
//! Servers differ in whether case, a slash at the end, or dots and blanks at the end of a segment count. So a path is also
//! compared loosely: every function that some server could take it for is given, and the caller must be allowed all of them.

use std::collections::BTreeMap;

use super::target::Target;

/// Routes, each leading to a number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Router {
    routes: Vec<Route>,
}

#[derive(Clone, Debug)]
struct Route {
    method: String,
    segments: Vec<Segment>,
    leads_to: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    // In this order: what is more particular is tried first.
    Literal(String),
    Mixed(Vec<Part>),
    Named(String),
    Rest(String),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Literal(String),
    Named(String),
}

/// A function that a path could mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) leads_to: usize,
    pub(crate) parameters: BTreeMap<String, String>,
}

/// The template cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write a path such as /customers/{{id}}")]
pub(crate) struct TemplateError;

impl Router {
    pub(crate) fn is_empty(&self) -> bool {
        self.routes.is_empty()
    }

    /// Adds a route. `method` in upper case, or `*` for any.
    pub(crate) fn add(&mut self, method: &str, template: &str, leads_to: usize) -> Result<(), TemplateError> {
        let rest = template.strip_prefix('/').ok_or(TemplateError)?;
        let mut segments: Vec<Segment> = rest.split('/').map(Segment::parse).collect::<Result<_, _>>()?;
        if segments.len() > 1 && segments.last() == Some(&Segment::Literal(String::new())) {
            // A trailing slash is compared loosely anyway.
            segments.pop();
        }
        let inner = segments.split_last().map_or(&[][..], |(_, inner)| inner);
        if inner.iter().any(|one| matches!(one, Segment::Rest(_)) || *one == Segment::Literal(String::new())) {
            return Err(TemplateError);
        }
        let route = Route { method: method.to_owned(), segments, leads_to };
        let at = self.routes.partition_point(|other| other.segments <= route.segments);
        self.routes.insert(at, route);
        Ok(())
    }

    /// Whether these two templates cannot be told apart.
    pub(crate) fn has(&self, method: &str, template: &str) -> bool {
        let shape = |segment: &Segment| match segment {
            Segment::Literal(text) => format!("={text}"),
            Segment::Mixed(parts) => parts.iter().fold(String::from("~"), |all, part| match part {
                Part::Literal(text) => all + text,
                Part::Named(_) => all + "{}",
            }),
            Segment::Named(_) => "{}".into(),
            Segment::Rest(_) => "{+}".into(),
        };
        let mut own = Self::default();
        if own.add(method, template, 0).is_err() {
            return false;
        }
        let shapes = |route: &Route| route.segments.iter().map(shape).collect::<Vec<_>>();
        let wanted = own.routes.first().map(shapes);
        self.routes.iter().any(|route| route.method == method && Some(shapes(route)) == wanted)
    }

    /// What the path means: what it says exactly first, then what else a server could take it for.
    pub(crate) fn find(&self, method: &str, target: &Target) -> Vec<Found> {
        let exact = self.best(method, &target.segments, str::to_owned);
        let mut found: Vec<Found> = exact.into_iter().collect();
        let loosely = self.best(method, trimmed(&target.segments), loose);
        if let Some(other) = loosely.filter(|other| found.iter().all(|one| one.leads_to != other.leads_to)) {
            found.push(other);
        }
        found
    }

    /// The parameters that stand in a path, whatever the method: the number of the segment, the name, the value.
    pub(crate) fn parameters(&self, target: &Target) -> Vec<(usize, &str, String)> {
        let mut found: Vec<(usize, &str, String)> = Vec::new();
        let segments = trimmed(&target.segments);
        for read in [str::to_owned, loose as fn(&str) -> String] {
            for route in &self.routes {
                let Some(values) = route.take(segments, read) else { continue };
                for (at, name) in route.named() {
                    let rest = segments.get(at..).unwrap_or_default();
                    match route.segments.get(at) {
                        Some(Segment::Rest(_)) => {
                            found.extend(rest.iter().enumerate().map(|(more, value)| (at + more, name, value.clone())));
                        }
                        _ => found.extend(values.get(name).map(|value| (at, name, value.clone()))),
                    }
                }
            }
        }
        found.sort();
        found.dedup();
        found
    }

    /// Whether any template has a parameter of this name.
    pub(crate) fn has_parameter(&self, name: &str) -> bool {
        self.routes.iter().flat_map(Route::named).any(|(_, known)| known == name)
    }

    fn best(&self, method: &str, segments: &[String], read: fn(&str) -> String) -> Option<Found> {
        let by_method = |wanted: &str| {
            let mut routes = self.routes.iter().filter(|route| route.method == wanted);
            routes.find_map(|route| {
                route.take(segments, read).map(|parameters| Found { leads_to: route.leads_to, parameters })
            })
        };
        by_method(method).or_else(|| if method == "HEAD" { by_method("GET") } else { None }).or_else(|| by_method("*"))
    }
}

/// Without a slash at the end.
fn trimmed(segments: &[String]) -> &[String] {
    match segments {
        [front @ .., last] if last.is_empty() && !front.is_empty() => front,
        all => all,
    }
}

/// A segment as the most forgiving server reads it.
fn loose(segment: &str) -> String {
    segment.trim_end_matches(['.', ' ']).to_lowercase()
}

impl Route {
    /// Its parameters, each with the number of its segment.
    fn named(&self) -> impl Iterator<Item = (usize, &str)> {
        self.segments
            .iter()
            .enumerate()
            .flat_map(|(at, segment)| segment.names().into_iter().map(move |name| (at, name)))
    }

    fn take(&self, segments: &[String], read: fn(&str) -> String) -> Option<BTreeMap<String, String>> {
        let mut parameters = BTreeMap::new();
        let mut left = segments;
        for segment in &self.segments {
            if let Segment::Rest(name) = segment {
                parameters.insert(name.clone(), left.join("/"));
                return Some(parameters);
            }
            let (first, rest) = left.split_first()?;
            segment.take(first, read, &mut parameters)?;
            left = rest;
        }
        left.is_empty().then_some(parameters)
    }
}

impl Part {
    fn name(&self) -> Option<&str> {
        match self {
            Self::Literal(_) => None,
            Self::Named(name) => Some(name),
        }
    }
}

impl Segment {
    /// The parameters in it.
    fn names(&self) -> Vec<&str> {
        match self {
            Self::Literal(_) => Vec::new(),
            Self::Named(name) | Self::Rest(name) => vec![name],
            Self::Mixed(parts) => parts.iter().filter_map(Part::name).collect(),
        }
    }

    fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').ok_or(TemplateError)?;
            if name.is_empty() || name.contains('{') || before.contains('}') {
                return Err(TemplateError);
            }
            if !before.is_empty() {
                parts.push(Part::Literal(before.to_owned()));
            }
            parts.push(Part::Named(name.to_owned()));
            rest = after;
        }
        if rest.contains('}') || text.contains(['?', '#', '\\', '%']) || matches!(text, "." | "..") {
            return Err(TemplateError);
        }
        if !rest.is_empty() {
            parts.push(Part::Literal(rest.to_owned()));
        }
        Ok(match parts.as_slice() {
            [] => Self::Literal(String::new()),
            [Part::Literal(text)] => Self::Literal(text.clone()),
            [Part::Named(name)] => match name.strip_suffix('+') {
                Some(name) => Self::Rest(name.to_owned()),
                None => Self::Named(name.clone()),
            },
            _ => Self::Mixed(parts),
        })
    }

    fn take(&self, segment: &str, read: fn(&str) -> String, parameters: &mut BTreeMap<String, String>) -> Option<()> {
        match self {
            Self::Literal(text) => (read(text) == read(segment)).then_some(()),
            Self::Named(_) if segment.is_empty() => None,
            Self::Named(name) | Self::Rest(name) => {
                parameters.insert(name.clone(), segment.to_owned());
                Some(())
            }
            Self::Mixed(parts) => mixed(parts, &read(segment), read, parameters),
        }
    }
}

fn mixed(
    parts: &[Part],
    text: &str,
    read: fn(&str) -> String,
    parameters: &mut BTreeMap<String, String>,
) -> Option<()> {
    let (first, rest) = match parts.split_first() {
        Some(split) => split,
        None => return text.is_empty().then_some(()),
    };
    match first {
        Part::Literal(literal) => mixed(
            rest,
            text.strip_prefix(literal.as_str()).or_else(|| text.strip_prefix(&read(literal)))?,
            read,
            parameters,
        ),
        Part::Named(name) => {
            let end = match rest.first() {
                Some(Part::Literal(literal)) => text.rfind(literal.as_str()).or_else(|| text.rfind(&read(literal)))?,
                _ => text.len(),
            };
            let (value, after) = text.split_at_checked(end).filter(|(value, _)| !value.is_empty())?;
            parameters.insert(name.clone(), value.to_owned());
            mixed(rest, after, read, parameters)
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    fn router() -> Router {
        let mut router = Router::default();
        let routes = [
            ("GET", "/customers/{id}"),
            ("GET", "/customers/search"),
            ("GET", "/customers"),
            ("POST", "/refunds"),
            ("GET", "/files/{name}.json"),
            ("*", "/static/{path+}"),
            ("GET", "/"),
        ];
        for (index, (method, template)) in routes.into_iter().enumerate() {
            router.add(method, template, index).unwrap();
        }
        router
    }

    fn find(method: &str, path: &str) -> Vec<usize> {
        router().find(method, &Target::parse(path.as_bytes()).unwrap()).iter().map(|found| found.leads_to).collect()
    }

    #[test]
    fn what_is_more_particular_wins() {
        assert_eq!(find("GET", "/customers/7"), [0]);
        assert_eq!(find("GET", "/customers/search"), [1]);
        assert_eq!(find("HEAD", "/customers"), [2]);
        assert_eq!(find("GET", "/files/a.b.json"), [4]);
        assert_eq!(find("DELETE", "/static/css/x"), [5]);
        assert_eq!(find("GET", "/"), [6]);
        assert_eq!(find("GET", "/nothing"), [] as [usize; 0]);
        assert_eq!(find("DELETE", "/customers/7"), [] as [usize; 0]);
    }

    #[test]
    fn what_some_server_could_take_for_a_function_counts_as_that_function() {
        for path in ["/Refunds", "/refunds/", "/refunds.", "/refunds%20", "/%52EFUNDS"] {
            assert_eq!(find("POST", path), [3], "{path}");
        }
        assert_eq!(find("GET", "/customers/SEARCH"), [0, 1]);
        assert_eq!(find("GET", "/CUSTOMERS/7/"), [0]);
    }

    #[test]
    fn parameters_are_given_decoded() {
        let found = router().find("GET", &Target::parse(b"/customers/a%20b").unwrap());
        assert_eq!(found[0].parameters["id"], "a b");
    }

    #[test]
    fn parameters_of_a_path_are_told_with_their_places_whatever_the_method() {
        let at = |path: &str| {
            let (router, target) = (router(), Target::parse(path.as_bytes()).unwrap());
            let found = router.parameters(&target);
            found.into_iter().map(|(at, name, value)| format!("{at} {name}={value}")).collect::<Vec<_>>()
        };
        assert_eq!(at("/customers/a%20b"), ["1 id=a b"]);
        assert_eq!(at("/CUSTOMERS/7/"), ["1 id=7"]);
        assert_eq!(at("/Customers/7"), ["1 id=7"]);
        assert_eq!(at("/files/a.b.json"), ["1 name=a.b"]);
        assert_eq!(at("/static/x/y"), ["1 path=x", "2 path=y"]);
        assert!(router().has_parameter("id") && !router().has_parameter("ID"));
    }

    #[test]
    fn templates_that_cannot_be_met_are_refused() {
        for template in ["customers", "/a//b", "/{rest+}/x", "/{}", "/{a", "/a}", "/..", "/a?b"] {
            assert!(Router::default().add("GET", template, 0).is_err(), "{template}");
        }
        assert!(router().has("GET", "/customers/{other}"));
        assert!(!router().has("PUT", "/customers/{other}"));
    }
}
