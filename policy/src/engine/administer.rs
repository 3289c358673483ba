//! Who may administer: change a connection, the policies, or which agents there are. Whoever may by their role may unless a policy
//! forbids it; a policy that names the action can let others.

use super::{Attributes, CompileError, Engine, entity, opinion::Asking, uid};
use crate::{Circumstances, Opinion, Principal};

/// What is administered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// A connection, which need not be there yet.
    Connection(&'a str),
    /// The policy documents.
    Policies,
    /// Which agents there are.
    Agents,
}

const ACTION: &str = "Administer";

impl Engine {
    /// What the policies say about administration. Any doubt forbids.
    #[must_use]
    pub fn administration(&self, person: &Principal, part: Part<'_>, around: &Circumstances) -> Opinion {
        let asking = match part {
            Part::Connection(name) => self.about_connection(name, ACTION),
            Part::Policies => of_gateway("policies"),
            Part::Agents => of_gateway("agents"),
        };
        asking.map_or_else(|_| Opinion::doubtful(), |asking| self.opinion(person, asking, around))
    }

    /// Whether a policy may let somebody administer anything at all.
    #[must_use]
    pub fn may_give_administration(&self, person: &Principal) -> bool {
        self.may_give(person, ACTION)
    }
}

fn of_gateway(part: &str) -> Result<Asking, CompileError> {
    let resource = uid("Gateway", part)?;
    let known = entity(resource.clone(), Attributes::new(), std::collections::HashSet::new())?;
    Ok(Asking { action: ACTION, resource, entity: known })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::{Bundle, Connection, Document};

    fn engine(text: &str) -> Engine {
        let known = Connection {
            protocol: "postgres".into(),
            labels: [("zone".to_owned(), "dev".to_owned())].into(),
            ..Connection::default()
        };
        let bundle = Bundle {
            version: 1,
            documents: vec![Document { name: "default".into(), text: text.into() }],
            connections: [("dev-db".to_owned(), known)].into(),
            help: String::new(),
        };
        Engine::compile(bundle).unwrap()
    }

    fn opinion(text: &str, group: &str, part: Part<'_>) -> Opinion {
        let person = Principal { name: "alice".into(), groups: vec![group.into()], ..Principal::default() };
        engine(text).administration(&person, part, &Circumstances::default())
    }

    const ALL: [Part<'_>; 4] = [Part::Connection("dev-db"), Part::Connection("new"), Part::Policies, Part::Agents];

    #[test]
    fn the_default_bundle_leaves_administration_to_roles() {
        for part in ALL {
            assert_eq!(opinion(crate::DEFAULT, "admin", part), Opinion::Silent);
            let everything = r#"@id("all") permit (principal, action, resource);"#;
            assert_eq!(opinion(everything, "admin", part), Opinion::Silent, "who may use all administers nothing");
        }
    }

    #[test]
    fn a_permit_gives_the_part_that_it_names_and_a_forbid_takes_it() {
        let dev = r#"@id("dev") permit (principal in Group::"leads", action == Action::"Administer", resource in Zone::"dev");"#;
        assert_eq!(opinion(dev, "leads", ALL[0]), Opinion::Permitted);
        for part in &ALL[1..] {
            assert_eq!(opinion(dev, "leads", *part), Opinion::Silent);
        }
        assert_eq!(opinion(dev, "support", ALL[0]), Opinion::Silent);
        let agents = r#"@id("hosts") forbid (principal, action == Action::"Administer", resource == Gateway::"agents")
            unless { principal in Group::"hosts" };"#;
        assert_eq!(opinion(agents, "admin", Part::Agents), Opinion::Forbidden(vec!["hosts".into()]));
        assert_eq!(opinion(agents, "hosts", Part::Agents), Opinion::Silent);
        assert_eq!(opinion(agents, "admin", Part::Policies), Opinion::Silent);
    }

    #[test]
    fn whether_a_policy_may_give_something_is_known_without_asking_what() {
        let dev = r#"@id("dev") permit (principal in Group::"leads", action == Action::"Administer", resource in Zone::"dev");"#;
        let person =
            |group: &str| Principal { name: "alice".into(), groups: vec![group.into()], ..Principal::default() };
        assert!(engine(dev).may_give_administration(&person("leads")));
        assert!(!engine(dev).may_give_administration(&person("support")));
        assert!(!engine(crate::DEFAULT).may_give_administration(&person("leads")));
    }
}
