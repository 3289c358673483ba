//! Which policies can matter to one caller on one connection. A policy whose scope (`principal ...`, `resource ...`) cannot match
//! is false before its conditions are looked at, so leaving it out changes neither the decision nor what determined it; Cedar
//! decides with what is left. Sessions with the same groups share their slices.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use cedar_policy::{
    ActionConstraint, EntityTypeName, EntityUid, Policy, PolicySet, PrincipalConstraint, ResourceConstraint,
};

use crate::{depends::Needs, engine::CompileError};

/// What is decided here.
pub(crate) const ACTIONS: [&str; 5] = ["Connect", "Invoke", "RunUnapproved", "Reveal", "SendRaw"];

/// All policies that count together, and the parts of them that were needed so far.
pub(crate) struct Library {
    policies: Vec<Policy>,
    /// Of each, whether it looks at arguments.
    arguments: Vec<bool>,
    /// All of them.
    pub(crate) all: PolicySet,
    /// By the places of their policies.
    slices: Mutex<HashMap<Vec<usize>, Arc<Part>>>,
}

/// Some of the policies.
pub(crate) struct Part {
    pub(crate) policies: PolicySet,
    /// Whether one of them looks at arguments.
    pub(crate) arguments: bool,
}

/// An entity with everything it lies in.
pub(crate) struct Placed<'a> {
    pub(crate) uid: &'a EntityUid,
    pub(crate) above: &'a HashSet<EntityUid>,
}

/// The policies that can matter to one principal on one connection, by action.
pub(crate) struct Slices {
    by_action: [Slice; ACTIONS.len()],
    /// Where nothing can match.
    none: Arc<Part>,
}

#[derive(Default)]
struct Slice {
    /// For every resource that no policy names.
    general: Option<Arc<Part>>,
    /// For resources that a policy names.
    named: HashMap<EntityUid, Arc<Part>>,
}

/// How a policy's `resource` is about the resources of a connection.
enum About {
    /// It may match any of them.
    Any,
    /// It may match this one.
    One(EntityUid),
    /// It matches none.
    None,
}

impl Library {
    pub(crate) fn of(policies: Vec<Policy>) -> Result<Self, CompileError> {
        let arguments = policies.iter().map(|policy| Needs::of(std::iter::once(policy)).has("arguments")).collect();
        Ok(Self { all: set(policies.iter())?, arguments, policies, slices: Mutex::default() })
    }

    /// All policies that can be about an action.
    pub(crate) fn about<'a>(&'a self, action: &'a str) -> impl Iterator<Item = &'a Policy> {
        self.policies.iter().filter(move |policy| is_about(policy, action))
    }

    /// What can matter to a principal on a connection.
    pub(crate) fn slices(&self, principal: &Placed<'_>, connection: &Placed<'_>) -> Result<Slices, CompileError> {
        let mut by_action: [Slice; ACTIONS.len()] = Default::default();
        for (slice, action) in by_action.iter_mut().zip(ACTIONS) {
            *slice = self.slice(principal, connection, action)?;
        }
        Ok(Slices { by_action, none: self.shared(Vec::new())? })
    }

    fn slice(&self, principal: &Placed<'_>, connection: &Placed<'_>, action: &str) -> Result<Slice, CompileError> {
        let (mut general, mut named) = (Vec::new(), HashMap::<EntityUid, Vec<usize>>::new());
        for (place, policy) in self.policies.iter().enumerate() {
            if !is_about(policy, action) || !can_be(principal, &policy.principal_constraint()) {
                continue;
            }
            match about(&policy.resource_constraint(), connection) {
                About::Any => general.push(place),
                About::One(uid) => named.entry(uid).or_default().push(place),
                About::None => {}
            }
        }
        let mut slice = Slice::default();
        for (uid, mut places) in named {
            places.extend(&general);
            places.sort_unstable();
            slice.named.insert(uid, self.shared(places)?);
        }
        slice.general = Some(self.shared(general)?);
        Ok(slice)
    }

    fn shared(&self, places: Vec<usize>) -> Result<Arc<Part>, CompileError> {
        let mut slices = self.slices.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = slices.get(&places) {
            return Ok(Arc::clone(known));
        }
        let policies = set(places.iter().filter_map(|place| self.policies.get(*place)))?;
        let arguments = places.iter().any(|place| self.arguments.get(*place) == Some(&true));
        let made = Arc::new(Part { policies, arguments });
        slices.insert(places, Arc::clone(&made));
        Ok(made)
    }
}

impl Slices {
    /// The policies that can matter when `action` is asked for on `resource`.
    pub(crate) fn of(&self, action: usize, resource: &EntityUid) -> &Part {
        let Some(slice) = self.by_action.get(action) else { return &self.none };
        slice.named.get(resource).or(slice.general.as_ref()).unwrap_or(&self.none)
    }
}

/// Whether a policy can be about an action.
pub(crate) fn is_about(policy: &Policy, action: &str) -> bool {
    let named = |uid: &EntityUid| uid.id().unescaped() == action;
    match policy.action_constraint() {
        ActionConstraint::Any => true,
        ActionConstraint::Eq(uid) => named(&uid),
        ActionConstraint::In(uids) => uids.iter().any(named),
    }
}

/// Whether a policy can be about somebody.
pub(crate) fn can_be(principal: &Placed<'_>, constraint: &PrincipalConstraint) -> bool {
    let is = |kind: &EntityTypeName| principal.uid.type_name() == kind;
    let lies_in = |uid: &EntityUid| principal.uid == uid || principal.above.contains(uid);
    match constraint {
        PrincipalConstraint::Any => true,
        PrincipalConstraint::In(uid) => lies_in(uid),
        PrincipalConstraint::Eq(uid) => principal.uid == uid,
        PrincipalConstraint::Is(kind) => is(kind),
        PrincipalConstraint::IsIn(kind, uid) => is(kind) && lies_in(uid),
    }
}

/// A resource is the connection, a function in it, or a label that lies nowhere.
fn about(constraint: &ResourceConstraint, connection: &Placed<'_>) -> About {
    match constraint {
        ResourceConstraint::Any | ResourceConstraint::Is(_) => About::Any,
        ResourceConstraint::Eq(uid) | ResourceConstraint::In(uid) | ResourceConstraint::IsIn(_, uid) => {
            let kind = uid.type_name().to_string();
            if uid == connection.uid || connection.above.contains(uid) {
                return About::Any;
            }
            let inside = uid.id().unescaped().strip_prefix(connection.uid.id().unescaped());
            match kind.as_str() {
                "Label" => About::One(uid.clone()),
                "Function" if inside.is_some_and(|rest| rest.starts_with('/')) => About::One(uid.clone()),
                _ => About::None,
            }
        }
    }
}

fn set<'a>(policies: impl Iterator<Item = &'a Policy>) -> Result<PolicySet, CompileError> {
    PolicySet::from_policies(policies.cloned()).map_err(|error| CompileError::Entity(error.to_string()))
}
