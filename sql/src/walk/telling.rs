//! What the name of a column tells of its values. To leave out one value, or those that are missing, limits a write only where that
//! leaves out many rows: `status <> 'done'` and `deleted_at IS NOT NULL` do, `name <> 'made up'` and `email IS NOT NULL` take all but
//! everything. A name that tells nothing counts as one with many values.

use super::operand::Column;

/// Words of columns that have few values.
const FEW: [&str; 62] = [
    "active",
    "approved",
    "archived",
    "blocked",
    "branch",
    "category",
    "channel",
    "class",
    "color",
    "colour",
    "confirmed",
    "country",
    "currency",
    "deleted",
    "department",
    "disabled",
    "enabled",
    "env",
    "environment",
    "flag",
    "flagged",
    "format",
    "gender",
    "grade",
    "kind",
    "lang",
    "language",
    "level",
    "locale",
    "locked",
    "method",
    "mode",
    "outcome",
    "paid",
    "phase",
    "plan",
    "priority",
    "processed",
    "provider",
    "published",
    "read",
    "region",
    "result",
    "role",
    "sent",
    "severity",
    "size",
    "source",
    "stage",
    "state",
    "status",
    "synced",
    "tier",
    "type",
    "unit",
    "verified",
    "version",
    "visibility",
    "visible",
    "warehouse",
    "done",
    "queue",
];
/// Ends of columns that say when, by whom or why something happened to a row.
const HAPPENED: [&str; 12] =
    ["at", "by", "date", "deadline", "error", "expiry", "failure", "on", "reason", "since", "time", "until"];
/// Words of such columns, wherever they stand.
const RARE: [&str; 24] = [
    "archived",
    "banned",
    "canceled",
    "cancelled",
    "claimed",
    "closed",
    "coupon",
    "deleted",
    "discount",
    "duplicate",
    "error",
    "expired",
    "failed",
    "lock",
    "locked",
    "merged",
    "parent",
    "processed",
    "replaced",
    "resolved",
    "revoked",
    "superseded",
    "suspended",
    "terminated",
];
/// What happens to every row.
const ALWAYS: [&str; 20] = [
    "added",
    "birth",
    "create",
    "created",
    "event",
    "inserted",
    "issued",
    "joined",
    "logged",
    "modified",
    "occurred",
    "order",
    "ordered",
    "posted",
    "received",
    "recorded",
    "registered",
    "signup",
    "start",
    "updated",
];

impl Column {
    /// Whether it has so few values that each is that of many rows.
    pub(super) fn has_few_values(&self) -> bool {
        self.names.iter().any(|name| {
            let name = name.to_lowercase();
            let words: Vec<&str> = name.split('_').collect();
            matches!(words.first(), Some(&("is" | "has" | "was" | "can" | "needs")))
                || words.iter().any(|word| FEW.contains(word))
        })
    }

    /// Whether most rows have nothing there.
    pub(super) fn is_mostly_missing(&self) -> bool {
        self.names.iter().any(|name| {
            let name = name.to_lowercase();
            let words: Vec<&str> = name.split('_').collect();
            !words.iter().any(|word| ALWAYS.contains(word))
                && (words.len() > 1 && words.last().is_some_and(|last| HAPPENED.contains(last))
                    || words.iter().any(|word| RARE.contains(word)))
        })
    }
}
