//! Subjects: the people and workloads the identity provider vouches for. There is no local password store.

use sea_orm::{DatabaseConnection, Set, entity::prelude::*};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Store, StoreError, clock, from_json};

/// A person or workload that has signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Ours.
    pub id: Uuid,
    /// The issuer that vouched.
    pub issuer: String,
    /// The issuer's `sub`.
    pub subject: String,
    /// The configured name claim; unique without regard to case.
    pub name: String,
    /// Groups at the last sign-in.
    pub groups: Vec<String>,
    /// When the identity provider last vouched.
    pub last_login: OffsetDateTime,
    /// When the subject last proved who they are there; a sign-in can rest on an older proof. 1970 if the provider does not say: rules
    /// about the age of a proof then see the oldest there is, never a fresh one.
    pub authenticated: OffsetDateTime,
    /// Whether a second factor was used.
    pub mfa: bool,
}

/// What an identity provider vouched for just now.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The issuer.
    pub issuer: String,
    /// Its `sub`.
    pub subject: String,
    /// The configured name claim.
    pub name: String,
    /// Groups.
    pub groups: Vec<String>,
    /// When the subject proved who they are, if the provider says so.
    pub authenticated: Option<OffsetDateTime>,
    /// Whether a second factor was used.
    pub mfa: bool,
}

impl Store {
    /// Remembers a sign-in and gives the subject. Groups are replaced by what was vouched for now.
    ///
    /// # Errors
    /// A conflict if another subject bears the name: nobody may become somebody else by a claim.
    pub async fn signed_in(&self, who: SignedIn) -> Result<Subject, StoreError> {
        let transaction = self.begin().await?;
        let key = name_key(&who.name);
        let holder = row::Entity::find().filter(row::Column::NameKey.eq(&key)).one(&transaction).await?;
        if holder.is_some_and(|row| row.issuer != who.issuer || row.subject != who.subject) {
            return Err(StoreError::Conflict("another subject already bears this name".into()));
        }
        let known = row::Entity::find()
            .filter(row::Column::Issuer.eq(&who.issuer))
            .filter(row::Column::Subject.eq(&who.subject))
            .one(&transaction)
            .await?;
        let id = known.as_ref().map_or_else(Uuid::now_v7, |row| row.id);
        let row = row::ActiveModel {
            id: Set(id),
            issuer: Set(who.issuer),
            subject: Set(who.subject),
            name: Set(who.name),
            name_key: Set(key),
            groups: Set(serde_json::json!(who.groups)),
            last_login: Set(clock::now()),
            authenticated: Set(who.authenticated.map_or(0, clock::millis)),
            mfa: Set(who.mfa),
        };
        let row = if known.is_some() { row.update(&transaction).await? } else { row.insert(&transaction).await? };
        self.commit_changed(transaction).await?;
        Subject::try_from(row)
    }
}

/// Names are compared without regard to case.
pub(super) fn name_key(name: &str) -> String {
    name.to_lowercase()
}

pub(super) async fn load(db: &DatabaseConnection) -> Result<Vec<Subject>, StoreError> {
    row::Entity::find().all(db).await?.into_iter().map(Subject::try_from).collect()
}

impl TryFrom<row::Model> for Subject {
    type Error = StoreError;

    fn try_from(row: row::Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            issuer: row.issuer,
            subject: row.subject,
            name: row.name,
            groups: from_json(row.groups, "subject")?,
            last_login: clock::instant(row.last_login),
            authenticated: clock::instant(row.authenticated),
            mfa: row.mfa,
        })
    }
}

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "subject")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub issuer: String,
        pub subject: String,
        pub name: String,
        pub name_key: String,
        #[sea_orm(column_type = "JsonBinary")]
        pub groups: Json,
        pub last_login: i64,
        pub authenticated: i64,
        pub mfa: bool,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
