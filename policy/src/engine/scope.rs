//! A caller on a connection, as Cedar knows them. Of the connection's functions only those that were called are here: a
//! document may describe hundreds, and each session has a scope of its own.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use cedar_policy::{Entities, Entity, EntityId, EntityTypeName, EntityUid, RestrictedExpression};

use super::{CompileError, INVOKE, RUN_UNAPPROVED};
use crate::{
    Caller, Principal,
    bundle::{Connection, Described},
    slice::Slices,
};

/// Functions that a scope remembers; others are looked up again when they are called.
const MOST_FUNCTIONS: usize = 64;

/// A caller on a connection, ready to be decided about.
pub struct Scope {
    /// Of which engine; its slices are of no use to another.
    pub(super) engine: Arc<str>,
    pub(super) caller: Caller,
    pub(super) connection: String,
    pub(super) connection_uid: EntityUid,
    pub(super) principals: Vec<Party>,
    /// The connection, the principals, and functions that were called.
    pub(super) entities: Mutex<Arc<Entities>>,
    pub(super) labels: Vec<String>,
}

/// One of those who must be allowed, with the policies that can matter.
pub(super) struct Party {
    pub(super) uid: EntityUid,
    pub(super) enforced: Slices,
    pub(super) tried: Option<Slices>,
}

impl Party {
    /// Whether a policy about calls of a function looks at arguments.
    pub(super) fn looks_at_arguments(&self, function: &EntityUid) -> bool {
        [INVOKE, RUN_UNAPPROVED].iter().any(|action| self.enforced.of(*action, function).arguments)
    }
}

impl Scope {
    /// Who.
    #[must_use]
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    pub(super) fn entities(&self) -> Arc<Entities> {
        Arc::clone(&self.entities.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// With this function among them, labelled as it is described.
    pub(super) fn with_function(
        &self,
        resource: &EntityUid,
        described: &[Described],
    ) -> Result<Arc<Entities>, CompileError> {
        let mut kept = self.entities.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.get(resource).is_some() {
            return Ok(Arc::clone(&kept));
        }
        let name = resource.id().unescaped();
        let name = name.split_once('/').map_or(name, |(_, name)| name);
        let described = described.iter().find(|function| function.name == name);
        let entity = function_entity(resource, &self.connection_uid, name, described)?;
        let added = Entities::clone(&kept).add_entities([entity], None);
        let added = Arc::new(added.map_err(|error| CompileError::Entity(error.to_string()))?);
        if kept.len() < MOST_FUNCTIONS {
            *kept = Arc::clone(&added);
        }
        Ok(added)
    }
}

impl std::fmt::Debug for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scope").field("connection", &self.connection).finish_non_exhaustive()
    }
}

pub(super) fn kind(name: &str) -> Result<EntityTypeName, CompileError> {
    name.parse().map_err(|_| CompileError::Entity(name.to_owned()))
}

pub(super) fn uid(entity: &str, id: &str) -> Result<EntityUid, CompileError> {
    uid_of(&kind(entity)?, id)
}

pub(super) fn uid_of(entity: &EntityTypeName, id: &str) -> Result<EntityUid, CompileError> {
    Ok(EntityUid::from_type_name_and_id(entity.clone(), EntityId::new(id)))
}

pub(super) type Attributes = HashMap<String, RestrictedExpression>;

pub(super) fn entity(
    uid: EntityUid,
    attributes: Attributes,
    parents: HashSet<EntityUid>,
) -> Result<Entity, CompileError> {
    Entity::new(uid, attributes, parents).map_err(|error| CompileError::Entity(error.to_string()))
}

fn texts<'a>(values: impl IntoIterator<Item = &'a String>) -> RestrictedExpression {
    RestrictedExpression::new_set(values.into_iter().cloned().map(RestrictedExpression::new_string))
}

pub(super) fn connection_entity(own: &EntityUid, known: &Connection) -> Result<Entity, CompileError> {
    let labels: Vec<String> = known.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let access = known.access.iter().map(|group| uid("Group", group)).collect::<Result<Vec<_>, _>>()?;
    let attributes = Attributes::from([
        ("protocol".into(), RestrictedExpression::new_string(known.protocol.clone())),
        ("labels".into(), texts(&labels)),
        ("access".into(), RestrictedExpression::new_set(access.into_iter().map(RestrictedExpression::new_entity_uid))),
    ]);
    entity(own.clone(), attributes, zone_of(known)?.into_iter().collect())
}

pub(super) fn zone_of(known: &Connection) -> Result<Option<EntityUid>, CompileError> {
    known.labels.get("zone").map(|zone| uid("Zone", zone)).transpose()
}

fn function_entity(
    own: &EntityUid,
    connection: &EntityUid,
    name: &str,
    described: Option<&Described>,
) -> Result<Entity, CompileError> {
    let attributes = Attributes::from([
        ("name".into(), RestrictedExpression::new_string(name.to_owned())),
        ("labels".into(), texts(described.iter().flat_map(|function| &function.labels))),
        ("connection".into(), RestrictedExpression::new_entity_uid(connection.clone())),
    ]);
    entity(own.clone(), attributes, HashSet::from([connection.clone()]))
}

pub(super) fn principal_names(principal: &Principal) -> Result<(EntityUid, HashSet<EntityUid>), CompileError> {
    let own = uid(principal.kind.entity(), &principal.name)?;
    let groups = principal.groups.iter().map(|group| uid("Group", group)).collect::<Result<HashSet<_>, _>>()?;
    Ok((own, groups))
}
