//! Keeping the snapshot fresh: at once after a write of this replica, within a second after one of another.

use std::{
    sync::{Arc, PoisonError, Weak},
    time::{Duration, Instant},
};

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, ExprTrait, entity::prelude::*, sea_query::Expr,
};

use super::{Inner, Snapshot, Store, StoreError, browser_session, cli_login, clock, sign_in, ticket};

const EVERY: Duration = Duration::from_secs(1);
/// Every so many rounds: write down when tickets were last used.
const USES_EVERY: u64 = 5;
/// Every so many rounds: remove what expired.
const PRUNE_EVERY: u64 = 600;

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "version")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        pub number: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The version of the store's contents.
pub(super) async fn version(db: &DatabaseConnection) -> Result<i64, StoreError> {
    let row = row::Entity::find_by_id(1).one(db).await?;
    row.map(|row| row.number).ok_or(StoreError::Corrupt("version"))
}

impl Store {
    /// Commits a write that the snapshot must show, and shows it.
    pub(super) async fn commit_changed(&self, transaction: DatabaseTransaction) -> Result<(), StoreError> {
        row::Entity::update_many()
            .col_expr(row::Column::Number, Expr::col(row::Column::Number).add(1))
            .filter(row::Column::Id.eq(1))
            .exec(&transaction)
            .await?;
        transaction.commit().await?;
        self.0.reload().await
    }
}

impl Store {
    /// Takes over what the database holds by now.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn catch_up(&self) -> Result<(), StoreError> {
        self.0.reload().await
    }
}

impl Inner {
    /// Replaces the snapshot. A caller that waited behind another reload still reads anew: its own write may have come
    /// after that reload began.
    async fn reload(&self) -> Result<(), StoreError> {
        let _turn = self.reloading.lock().await;
        let asked = Instant::now();
        if version(&self.read).await? == self.snapshot.load().version() {
            self.known_fresh(asked);
            return Ok(());
        }
        let snapshot = Snapshot::load(&self.read, Some(&self.snapshot.load())).await?;
        let version = snapshot.version();
        self.snapshot.store(Arc::new(snapshot));
        self.known_fresh(asked);
        self.changed.send_replace(version);
        Ok(())
    }

    fn known_fresh(&self, at: Instant) {
        *self.fresh.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }

    async fn prune(&self) -> Result<(), StoreError> {
        let now = clock::now();
        sign_in::prune(&self.write, now).await?;
        cli_login::prune(&self.write, now).await?;
        browser_session::prune(&self.write, now).await?;
        ticket::prune(&self.write, now).await
    }
}

/// Runs until the store is dropped.
pub(super) async fn keep_fresh(store: Weak<Inner>) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut round: u64 = 0;
    loop {
        ticks.tick().await;
        let Some(inner) = store.upgrade() else { return };
        round = round.wrapping_add(1);
        if let Err(error) = one_round(&inner, round).await {
            tracing::warn!(%error, "the store could not be refreshed");
        }
    }
}

async fn one_round(inner: &Inner, round: u64) -> Result<(), StoreError> {
    inner.reload().await?;
    if round.is_multiple_of(USES_EVERY) {
        inner.uses.write_down(&inner.write).await?;
    }
    if round.is_multiple_of(PRUNE_EVERY) {
        inner.prune().await?;
    }
    Ok(())
}

/// Deletes rows of `E` whose `column` lies before `limit`.
pub(super) async fn delete_before<E: EntityTrait, C: ConnectionTrait>(
    db: &C,
    column: E::Column,
    limit: i64,
) -> Result<(), StoreError> {
    E::delete_many().filter(column.lt(limit)).exec(db).await?;
    Ok(())
}
