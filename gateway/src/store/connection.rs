//! Connections: the registered targets, who may connect, and which agent serves them.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use functions::http::{ArgumentType, Document, grpc_functions};
use proto::Settings;
use sea_orm::{ConnectionTrait, QueryOrder, Set, entity::prelude::*, sea_query::OnConflict};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{Store, StoreError, clock, from_json};

/// A registered target. Holds references to credentials, never a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// Its name; what callers use.
    pub name: String,
    /// `host:port`, as the agent reaches it.
    pub address: String,
    /// The name of the agent that serves it.
    pub agent: String,
    /// What the protocol needs to know.
    pub settings: Settings,
    /// Credential references by role, such as `env:NAME`.
    pub credentials: BTreeMap<String, String>,
    /// Groups that may connect. Empty: nobody.
    pub groups: Vec<String>,
    /// Labels whose detectors run over what comes back.
    pub detectors: Vec<String>,
    /// Free labels for people to find it by.
    pub labels: BTreeMap<String, String>,
}

impl Connection {
    /// The functions that an HTTP connection describes. Its settings were checked when they were saved; what cannot be read
    /// describes nothing, and then the agent refuses as well.
    fn described(&self) -> Vec<policy::Described> {
        let Settings::Http(settings) = &self.settings else { return Vec::new() };
        let named = |name: &str| policy::Described { name: name.to_owned(), ..policy::Described::default() };
        let mut by_name: BTreeMap<&str, BTreeMap<String, policy::Kind>> = BTreeMap::new();
        for (route, name) in &settings.routes {
            let texts = path_parameters(route).map(|name| (name.to_owned(), policy::Kind::Text));
            by_name.entry(name).or_default().extend(texts);
        }
        let routes = by_name.into_iter().map(|(name, arguments)| policy::Described { arguments, ..named(name) });
        let document = settings.openapi.as_deref().and_then(|text| Document::import(text).ok());
        let declared = document.iter().flat_map(Document::functions).map(|function| policy::Described {
            name: function.name.to_owned(),
            labels: function.labels.clone(),
            arguments: function.arguments.iter().map(|(name, kind)| ((*name).to_owned(), kind_of(*kind))).collect(),
        });
        let descriptors = settings.descriptors.as_ref().and_then(|text| STANDARD.decode(text.trim()).ok());
        let methods = descriptors.and_then(|descriptors| grpc_functions(&descriptors).ok());
        let methods = methods.into_iter().flatten().map(|method| policy::Described {
            arguments: method.arguments.into_iter().map(|(name, kind)| (name, kind_of(kind))).collect(),
            ..named(&method.name)
        });
        declared.chain(routes).chain(methods).collect()
    }

    /// What policy knows about it.
    #[must_use]
    pub fn in_policy(&self) -> policy::Connection {
        policy::Connection {
            protocol: self.settings.protocol().as_str().to_owned(),
            access: self.groups.iter().cloned().collect(),
            labels: self.labels.clone(),
            functions: self.described(),
            described_by: self.described_by(),
        }
    }

    /// Hex SHA-256 of document, descriptors, routes and effects.
    fn described_by(&self) -> String {
        let Settings::Http(settings) = &self.settings else { return String::new() };
        let described =
            (&settings.openapi, &settings.descriptors, &settings.routes, &settings.effects, &settings.persisted);
        if described == (&None, &None, &BTreeMap::new(), &BTreeMap::new(), &BTreeMap::new()) {
            return String::new();
        }
        hex::encode(Sha256::digest(serde_json::to_vec(&described).unwrap_or_default()))
    }
}

impl Store {
    /// The connection of that name, from memory.
    #[must_use]
    pub fn connection(&self, name: &str) -> Option<std::sync::Arc<Connection>> {
        self.0.snapshot.load().connection(name)
    }
}

/// The names in `POST /refunds/{order}` and `GET /files/{path+}`.
fn path_parameters(route: &str) -> impl Iterator<Item = &str> {
    let names = route.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
    names.map(|(name, _)| name.strip_suffix('+').unwrap_or(name))
}

fn kind_of(kind: ArgumentType) -> policy::Kind {
    match kind {
        ArgumentType::Flag => policy::Kind::Flag,
        ArgumentType::Long => policy::Kind::Long,
        ArgumentType::Decimal => policy::Kind::Decimal,
        ArgumentType::Text => policy::Kind::Text,
        ArgumentType::Texts => policy::Kind::Texts,
    }
}

pub(super) async fn upsert<C: ConnectionTrait>(db: &C, connection: Connection) -> Result<(), StoreError> {
    use row::Column::{Address, Agent, Changed, Credentials, Detectors, Groups, Labels, Name, Protocol, Settings};
    let now = clock::now();
    let settings = serde_json::to_value(&connection.settings).map_err(|_| StoreError::Corrupt("connection"))?;
    let row = row::ActiveModel {
        id: Set(Uuid::now_v7()),
        name: Set(connection.name),
        protocol: Set(connection.settings.protocol().as_str().to_owned()),
        address: Set(connection.address),
        agent: Set(connection.agent),
        settings: Set(settings),
        credentials: Set(serde_json::json!(connection.credentials)),
        groups: Set(serde_json::json!(connection.groups)),
        detectors: Set(serde_json::json!(connection.detectors)),
        labels: Set(serde_json::json!(connection.labels)),
        created: Set(now),
        changed: Set(now),
    };
    let replace = OnConflict::column(Name)
        .update_columns([Protocol, Address, Agent, Settings, Credentials, Groups, Detectors, Labels, Changed])
        .to_owned();
    row::Entity::insert(row).on_conflict(replace).exec_without_returning(db).await?;
    Ok(())
}

pub(super) async fn remove<C: ConnectionTrait>(db: &C, names: &[String]) -> Result<(), StoreError> {
    if !names.is_empty() {
        row::Entity::delete_many().filter(row::Column::Name.is_in(names)).exec(db).await?;
    }
    Ok(())
}

pub(super) async fn load<C: ConnectionTrait>(db: &C) -> Result<Vec<Connection>, StoreError> {
    let rows = row::Entity::find().order_by_asc(row::Column::Name).all(db).await?;
    rows.into_iter().map(Connection::try_from).collect()
}

impl TryFrom<row::Model> for Connection {
    type Error = StoreError;

    fn try_from(row: row::Model) -> Result<Self, StoreError> {
        Ok(Self {
            name: row.name,
            address: row.address,
            agent: row.agent,
            settings: from_json(row.settings, "connection")?,
            credentials: from_json(row.credentials, "connection")?,
            groups: from_json(row.groups, "connection")?,
            detectors: from_json(row.detectors, "connection")?,
            labels: from_json(row.labels, "connection")?,
        })
    }
}

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "connection")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub name: String,
        pub protocol: String,
        pub address: String,
        pub agent: String,
        #[sea_orm(column_type = "JsonBinary")]
        pub settings: Json,
        #[sea_orm(column_type = "JsonBinary")]
        pub credentials: Json,
        #[sea_orm(column_type = "JsonBinary")]
        pub groups: Json,
        #[sea_orm(column_type = "JsonBinary")]
        pub detectors: Json,
        #[sea_orm(column_type = "JsonBinary")]
        pub labels: Json,
        pub created: i64,
        pub changed: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
