//! Who may look at what was recorded on a connection. Whoever may by their role, or because it is their own, may unless a policy
//! forbids it; a policy that names the action can let others.

use cedar_policy::{ActionConstraint, Effect, Entities, EntityId, EntityUid, Policy, PolicySet, Request};

use super::{Asked, Attributes, CompileError, Engine, connection_entity, entity, kind, principal_names, uid};
use crate::{Caller, Circumstances, Connection, Principal, context};

/// What is done with a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recall {
    /// It is read.
    Replay,
    /// It is taken along in a form for programs.
    Export,
}

/// What the policies say to somebody who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opinion {
    /// A policy that names the action permits it.
    Permitted,
    /// A policy forbids it, or cannot be evaluated.
    Forbidden,
    /// Nothing.
    Silent,
}

impl Recall {
    fn action(self) -> &'static str {
        match self {
            Self::Replay => "Replay",
            Self::Export => "Export",
        }
    }
}

impl Engine {
    /// What the policies say about recordings of a connection, which need not be there any more. Any doubt forbids.
    #[must_use]
    pub fn recall(&self, person: &Principal, connection: &str, what: Recall, around: &Circumstances) -> Opinion {
        match self.asked(person, connection, what.action(), around) {
            Ok(Asked::Allowed(_)) => Opinion::Permitted,
            Ok(Asked::Unmentioned) => Opinion::Silent,
            Ok(Asked::Forbidden(_) | Asked::Failed(..)) | Err(_) => Opinion::Forbidden,
        }
    }

    fn asked(
        &self,
        person: &Principal,
        connection: &str,
        action: &str,
        around: &Circumstances,
    ) -> Result<Asked, CompileError> {
        let failed = |error: &dyn std::fmt::Display| CompileError::Entity(error.to_string());
        let (principal, groups) = principal_names(person)?;
        let resource = uid("Connection", connection)?;
        let gone = Connection::default();
        let known = self.bundle.connections.get(connection).unwrap_or(&gone);
        let own = [connection_entity(&resource, known)?, entity(principal.clone(), Attributes::new(), groups)?];
        let entities = Entities::from_entities(own, None).map_err(|error| failed(&error))?;
        let caller = Caller { subject: person.clone(), actor: None };
        let context = context::connect(&self.needs, &caller, around).map_err(|error| failed(&error))?;
        let action = EntityUid::from_type_name_and_id(kind("Action")?, EntityId::new(action));
        let counts = |policy: &&Policy| policy.effect() == Effect::Forbid || names_an_action(policy);
        let policies = self.enforced.about(action.id().unescaped()).filter(counts).cloned();
        let policies = PolicySet::from_policies(policies).map_err(|error| failed(&error))?;
        let request = Request::new(principal, action, resource, context, None).map_err(|error| failed(&error))?;
        Ok(Asked::from(&self.authorizer.is_authorized(&request, &policies, &entities)))
    }
}

/// A permit of everything is about what people do on connections, not about what others did there.
fn names_an_action(policy: &Policy) -> bool {
    !matches!(policy.action_constraint(), ActionConstraint::Any)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::{ActorKind, Bundle, Document};

    fn opinion(text: &str, group: &str, connection: &str, what: Recall) -> Opinion {
        let known = Connection {
            protocol: "postgres".into(),
            labels: [("zone".to_owned(), "prod".to_owned())].into(),
            ..Connection::default()
        };
        let bundle = Bundle {
            version: 1,
            documents: vec![Document { name: "default".into(), text: text.into() }],
            connections: [("shop-db".to_owned(), known)].into(),
            help: String::new(),
        };
        let person = Principal { kind: ActorKind::Person, name: "alice".into(), groups: vec![group.into()] };
        Engine::compile(bundle).unwrap().recall(&person, connection, what, &Circumstances::default())
    }

    #[test]
    fn the_default_bundle_leaves_recordings_to_roles() {
        for what in [Recall::Replay, Recall::Export] {
            assert_eq!(opinion(crate::DEFAULT, "support", "shop-db", what), Opinion::Silent);
            assert_eq!(opinion("", "support", "gone", what), Opinion::Silent);
        }
    }

    #[test]
    fn a_permit_counts_if_it_names_the_action_and_any_forbid_does() {
        let team = r#"@id("team") permit (principal in Group::"leads", action == Action::"Replay", resource == Connection::"shop-db");"#;
        assert_eq!(opinion(team, "leads", "shop-db", Recall::Replay), Opinion::Permitted);
        assert_eq!(opinion(team, "support", "shop-db", Recall::Replay), Opinion::Silent);
        assert_eq!(opinion(team, "leads", "other", Recall::Replay), Opinion::Silent);
        assert_eq!(opinion(team, "leads", "shop-db", Recall::Export), Opinion::Silent);
        let all = r#"@id("all") permit (principal, action, resource);"#;
        assert_eq!(opinion(all, "leads", "shop-db", Recall::Replay), Opinion::Silent);
        let none = format!("{team} @id(\"no\") forbid (principal, action, resource in Zone::\"prod\");");
        assert_eq!(opinion(&none, "leads", "shop-db", Recall::Replay), Opinion::Forbidden);
        assert_eq!(opinion(&none, "leads", "other", Recall::Export), Opinion::Silent);
    }

    #[test]
    fn a_condition_about_the_one_who_asks_counts_and_one_that_fails_forbids() {
        let fresh = r#"@id("fresh") forbid (principal, action in [Action::"Replay", Action::"Export"], resource)
            unless { context.mfa };"#;
        assert_eq!(opinion(fresh, "leads", "shop-db", Recall::Export), Opinion::Forbidden);
        let reason = r#"@id("r") permit (principal, action == Action::"Export", resource)
            when { context has reason && context.reason like "INC-*" };"#;
        assert_eq!(opinion(reason, "leads", "shop-db", Recall::Export), Opinion::Silent);
    }
}
