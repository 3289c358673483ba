//! Policy documents, and the bundles made of them and the connections: every change of either is a new bundle in the same
//! transaction, so that all replicas and agents agree which one is the newest.

use std::collections::BTreeMap;

use policy::{Bundle, Document};
use sea_orm::{ConnectionTrait, QueryOrder, Set, entity::prelude::*};

use super::{Connection, Store, StoreError, clock, connection, from_json};

impl Store {
    /// The bundle of that version.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn bundle(&self, version: u64) -> Result<Option<Bundle>, StoreError> {
        let version = i64::try_from(version).unwrap_or(i64::MAX);
        row::Entity::find_by_id(version).one(&self.0.read).await?.map(Bundle::try_from).transpose()
    }
}

/// The newest bundle.
pub(super) async fn newest<C: ConnectionTrait>(db: &C) -> Result<Option<Bundle>, StoreError> {
    let row = row::Entity::find().order_by_desc(row::Column::Version).one(db).await?;
    row.map(Bundle::try_from).transpose()
}

/// Goes on if the newest bundle still is this one; 0 is none.
pub(super) async fn must_be<C: ConnectionTrait>(db: &C, expected: u64) -> Result<(), StoreError> {
    let present = newest(db).await?.map_or(0, |present| present.version);
    if present == expected { Ok(()) } else { Err(StoreError::Moved) }
}

/// Makes the next bundle if connections or documents have changed.
pub(super) async fn renew<C: ConnectionTrait>(db: &C) -> Result<(), StoreError> {
    let present = newest(db).await?;
    let connections = connection::load(db).await?;
    let next = compose(documents(db).await?, connections.iter());
    if present.as_ref().is_some_and(|present| present.hash() == next.hash()) {
        return Ok(());
    }
    let version = present.map_or(0, |present| present.version) + 1;
    let next = Bundle { version, ..next };
    let row = row::ActiveModel {
        version: Set(i64::try_from(version).unwrap_or(i64::MAX)),
        hash: Set(next.hash()),
        body: Set(serde_json::to_value(&next).map_err(|_| StoreError::Corrupt("bundle"))?),
        created: Set(clock::now()),
    };
    row::Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// The bundle that these make, without a version.
#[must_use]
pub fn compose<'a>(documents: Vec<Document>, connections: impl Iterator<Item = &'a Connection>) -> Bundle {
    let connections: BTreeMap<_, _> =
        connections.map(|connection| (connection.name.clone(), connection.in_policy())).collect();
    Bundle { version: 0, documents, connections, help: String::new() }
}

/// A fresh store gets the default document; afterwards it is the administrator's.
pub(super) async fn found<C: ConnectionTrait>(db: &C) -> Result<(), StoreError> {
    if newest(db).await?.is_none() {
        put(db, Document { name: "default".into(), text: policy::DEFAULT.into() }).await?;
        renew(db).await?;
    }
    Ok(())
}

pub(super) async fn put<C: ConnectionTrait>(db: &C, written: Document) -> Result<(), StoreError> {
    remove(db, &written.name).await?;
    let row = document::ActiveModel { name: Set(written.name), text: Set(written.text), changed: Set(clock::now()) };
    document::Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

pub(super) async fn remove<C: ConnectionTrait>(db: &C, name: &str) -> Result<(), StoreError> {
    document::Entity::delete_by_id(name).exec(db).await?;
    Ok(())
}

async fn documents<C: ConnectionTrait>(db: &C) -> Result<Vec<Document>, StoreError> {
    let rows = document::Entity::find().order_by_asc(document::Column::Name).all(db).await?;
    Ok(rows.into_iter().map(|row| Document { name: row.name, text: row.text }).collect())
}

impl TryFrom<row::Model> for Bundle {
    type Error = StoreError;

    fn try_from(row: row::Model) -> Result<Self, StoreError> {
        from_json(row.body, "bundle")
    }
}

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "bundle")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub version: i64,
        pub hash: String,
        #[sea_orm(column_type = "JsonBinary")]
        pub body: Json,
        pub created: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod document {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "policy_document")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        #[sea_orm(column_type = "Text")]
        pub text: String,
        pub changed: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
