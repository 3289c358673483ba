//! What policies say where roles decide as well: about recordings, and about the gateway itself. A policy that names the action
//! can give what a role does not, and one that forbids takes away what a role gives.

use cedar_policy::{ActionConstraint, Effect, Entities, Entity, EntityId, EntityUid, Policy, PolicySet, Request};

use super::{Asked, Attributes, CompileError, Engine, entity, kind, principal_names};
use crate::{
    Caller, Circumstances, Principal, context,
    slice::{Placed, can_be},
};

/// What the policies say to somebody who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opinion {
    /// A policy that names the action permits it.
    Permitted,
    /// Policies forbid it: these; none if it could not be found out.
    Forbidden(Vec<String>),
    /// Nothing.
    Silent,
}

impl Opinion {
    /// What is said where nothing could be found out.
    #[must_use]
    pub fn doubtful() -> Self {
        Self::Forbidden(Vec::new())
    }

    /// Whether somebody may who may, or may not, by their role.
    ///
    /// # Errors
    /// The policies that forbid it; none if nothing permits it.
    pub fn with_role(self, role: bool) -> Result<(), Vec<String>> {
        match self {
            Self::Permitted => Ok(()),
            Self::Silent if role => Ok(()),
            Self::Silent => Err(Vec::new()),
            Self::Forbidden(rules) => Err(rules),
        }
    }
}

/// A question: an action on something.
pub(super) struct Asking {
    pub(super) action: &'static str,
    pub(super) resource: EntityUid,
    /// What is known of it.
    pub(super) entity: Entity,
}

impl Engine {
    /// What the policies say. Any doubt forbids.
    pub(super) fn opinion(&self, person: &Principal, asking: Asking, around: &Circumstances) -> Opinion {
        match self.asked(person, asking, around) {
            Ok(Asked::Allowed(_)) => Opinion::Permitted,
            Ok(Asked::Unmentioned) => Opinion::Silent,
            Ok(Asked::Forbidden(rules) | Asked::Failed(rules, _)) => Opinion::Forbidden(rules),
            Err(_) => Opinion::doubtful(),
        }
    }

    fn asked(&self, person: &Principal, asking: Asking, around: &Circumstances) -> Result<Asked, CompileError> {
        let failed = |error: &dyn std::fmt::Display| CompileError::Entity(error.to_string());
        let (principal, groups) = principal_names(person)?;
        let own = [asking.entity, entity(principal.clone(), Attributes::new(), groups)?];
        let entities = Entities::from_entities(own, None).map_err(|error| failed(&error))?;
        let caller = Caller { subject: person.clone(), actor: None };
        let context = context::connect(&self.needs, &caller, around).map_err(|error| failed(&error))?;
        let action = EntityUid::from_type_name_and_id(kind("Action")?, EntityId::new(asking.action));
        let counts = |policy: &&Policy| policy.effect() == Effect::Forbid || names_an_action(policy);
        let policies = self.enforced.about(asking.action).filter(counts).cloned();
        let policies = PolicySet::from_policies(policies).map_err(|error| failed(&error))?;
        let request =
            Request::new(principal, action, asking.resource, context, None).map_err(|error| failed(&error))?;
        Ok(Asked::from(&self.authorizer.is_authorized(&request, &policies, &entities)))
    }

    /// Whether a policy may give somebody an action on something, whatever that is.
    pub(super) fn may_give(&self, person: &Principal, action: &str) -> bool {
        let Ok((uid, above)) = principal_names(person) else { return false };
        let placed = Placed { uid: &uid, above: &above };
        let gives = |policy: &Policy| {
            policy.effect() == Effect::Permit
                && names_an_action(policy)
                && can_be(&placed, &policy.principal_constraint())
        };
        self.enforced.about(action).any(gives)
    }
}

/// A permit of everything is about what people do on connections, not about what others did there, nor about the gateway.
fn names_an_action(policy: &Policy) -> bool {
    !matches!(policy.action_constraint(), ActionConstraint::Any)
}
