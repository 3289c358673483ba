//! PostgreSQL's own functions and catalogs by name: which only compute, and what the others do.
//!
//! `pure.txt` lists every function of `pg_catalog` in PostgreSQL 15 and 18 that only reads or computes. A name in
//! neither list is not PostgreSQL's and may do anything.

use std::{collections::HashSet, sync::LazyLock};

use crate::facts::{External, Verb};

static PURE: LazyLock<HashSet<&'static str>> = LazyLock::new(|| include_str!("pure.txt").lines().collect());

/// A function's doing besides computing its result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Doing {
    pub(crate) verbs: &'static [Verb],
    pub(crate) external: &'static [External],
    pub(crate) object: Object,
    /// An argument is a text that is run.
    pub(crate) dynamic: bool,
}

/// What it does that to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Object {
    #[default]
    Nothing,
    /// Its first argument names a sequence.
    Sequence,
    /// It writes large objects.
    LargeObjects,
    /// It reads large objects.
    LargeObjectsRead,
    /// Its first argument names a setting.
    Setting,
}

/// Is this a function of `pg_catalog`?
pub(crate) fn is_function(name: &str) -> bool {
    PURE.contains(name) || is_internal(name) || doing(name).is_some()
}

/// Is this a function of `pg_catalog` that does nothing but compute and read?
pub(crate) fn is_pure(name: &str) -> bool {
    PURE.contains(name)
}

/// Is this a table or view of `pg_catalog`? All of them start so, and users' tables hardly do.
pub(crate) fn is_relation(name: &str) -> bool {
    name.starts_with("pg_")
}

/// Does this relation of a system schema hold the contents of users' tables or secrets?
pub(crate) fn holds_data(name: &str) -> bool {
    matches!(
        name,
        "pg_largeobject"
            | "pg_statistic"
            | "pg_statistic_ext_data"
            | "pg_stats"
            | "pg_stats_ext"
            | "pg_stats_ext_exprs"
            | "pg_authid"
            | "pg_shadow"
            | "pg_user_mapping"
            | "pg_user_mappings"
            | "pg_subscription"
    )
}

/// Functions that only the server itself and `pg_upgrade` call.
fn is_internal(name: &str) -> bool {
    name.starts_with("binary_upgrade_") || name.starts_with("RI_FKey_")
}

const NOTHING: Doing = Doing { verbs: &[], external: &[], object: Object::Nothing, dynamic: false };
const FILE: Doing = Doing { external: &[External::File], ..NOTHING };
const FILE_WRITE: Doing = Doing { verbs: &[Verb::Admin], external: &[External::File], ..NOTHING };
const NETWORK: Doing = Doing { verbs: &[Verb::Admin], external: &[External::Network], ..NOTHING };
const ADMIN: Doing = Doing { verbs: &[Verb::Admin], ..NOTHING };
const LOCK: Doing = Doing { verbs: &[Verb::Lock], ..NOTHING };
const DYNAMIC: Doing = Doing { dynamic: true, ..NOTHING };
const SEQUENCE: Doing = Doing { verbs: &[Verb::Sequence], object: Object::Sequence, ..NOTHING };

const fn large(verbs: &'static [Verb]) -> Doing {
    Doing { verbs, object: Object::LargeObjects, ..NOTHING }
}

/// What a function of `pg_catalog` does, if it does more than compute.
pub(crate) fn doing(name: &str) -> Option<Doing> {
    if is_internal(name) {
        return Some(ADMIN);
    }
    Some(match name {
        "nextval" | "setval" => SEQUENCE,
        "pg_notify" => Doing { verbs: &[Verb::Notify], ..NOTHING },
        "set_config" => Doing { verbs: &[Verb::Set], object: Object::Setting, ..NOTHING },
        "setseed" | "currtid2" | "pg_export_snapshot" | "pg_event_trigger_table_rewrite_oid" => NOTHING,
        "lo_creat" | "lo_create" | "lo_from_bytea" => large(&[Verb::Insert]),
        "lo_put" | "lo_truncate" | "lo_truncate64" | "lowrite" => large(&[Verb::Update]),
        "lo_unlink" => large(&[Verb::Delete]),
        "lo_open" | "lo_get" | "loread" => Doing { object: Object::LargeObjectsRead, ..NOTHING },
        "lo_import" => Doing { external: &[External::File], ..large(&[Verb::Insert]) },
        "lo_export" => Doing { external: &[External::File], object: Object::LargeObjectsRead, ..ADMIN },
        "ts_stat" | "ts_rewrite" => DYNAMIC,
        name if name.contains("_to_xml") && is_xml_of_data(name) => DYNAMIC,
        name if name.starts_with("pg_advisory_") || name.starts_with("pg_try_advisory_") => LOCK,
        "pg_read_file"
        | "pg_read_file_old"
        | "pg_read_binary_file"
        | "pg_stat_file"
        | "pg_current_logfile"
        | "pg_hba_file_rules"
        | "pg_ident_file_mappings"
        | "pg_show_all_file_settings" => FILE,
        name if name.starts_with("pg_ls_") => FILE,
        "pg_terminate_backend"
        | "pg_cancel_backend"
        | "pg_reload_conf"
        | "pg_rotate_logfile"
        | "pg_rotate_logfile_old"
        | "pg_switch_wal"
        | "pg_promote"
        | "pg_wal_replay_pause"
        | "pg_wal_replay_resume"
        | "pg_create_restore_point"
        | "pg_backup_start"
        | "pg_backup_stop"
        | "pg_start_backup"
        | "pg_stop_backup"
        | "pg_log_backend_memory_contexts"
        | "pg_log_standby_snapshot"
        | "pg_logical_emit_message"
        | "pg_nextoid"
        | "pg_import_system_collations"
        | "pg_extension_config_dump"
        | "pg_stop_making_pinned_objects"
        | "pg_sync_replication_slots"
        | "pg_clear_attribute_stats"
        | "pg_clear_relation_stats"
        | "pg_restore_attribute_stats"
        | "pg_restore_relation_stats"
        | "pg_create_logical_replication_slot"
        | "pg_create_physical_replication_slot"
        | "pg_copy_logical_replication_slot"
        | "pg_copy_physical_replication_slot"
        | "pg_drop_replication_slot"
        | "pg_replication_slot_advance"
        | "pg_logical_slot_get_binary_changes"
        | "pg_logical_slot_get_changes"
        | "pg_logical_slot_peek_binary_changes"
        | "pg_logical_slot_peek_changes"
        | "plpgsql_call_handler"
        | "plpgsql_inline_handler"
        | "plpgsql_validator"
        | "fmgr_c_validator"
        | "fmgr_internal_validator"
        | "fmgr_sql_validator"
        | "dsnowball_init" => ADMIN,
        name if name.starts_with("pg_replication_origin_") && !is_pure(name) => ADMIN,
        name if name.starts_with("pg_stat_reset") => ADMIN,
        "brin_desummarize_range" | "brin_summarize_new_values" | "brin_summarize_range" | "gin_clean_pending_list" => {
            Doing { verbs: &[Verb::Maintain], ..NOTHING }
        }
        _ => return None,
    })
}

fn is_xml_of_data(name: &str) -> bool {
    ["query_", "cursor_", "table_", "schema_", "database_"].iter().any(|start| name.starts_with(start))
}

/// What well-known functions of extensions do, whatever schema they are installed in.
pub(crate) fn of_extension(name: &str) -> Option<Doing> {
    Some(match name {
        "dblink" | "dblink_exec" | "dblink_open" | "dblink_send_query" => Doing { dynamic: true, ..NETWORK },
        name if name.starts_with("dblink_") || name.starts_with("postgres_fdw_") => NETWORK,
        "pg_file_write" | "pg_file_rename" | "pg_file_unlink" | "pg_file_sync" => FILE_WRITE,
        "pg_logdir_ls" | "pg_file_read" | "pg_file_length" => FILE,
        "http" | "http_get" | "http_post" | "http_put" | "http_delete" | "http_patch" | "http_head" => NETWORK,
        "table_import_from_s3" | "query_export_to_s3" => Doing { dynamic: true, ..NETWORK },
        "crosstab" | "crosstab2" | "crosstab3" | "crosstab4" | "crosstab_hash" | "connectby" | "xpath_table" => DYNAMIC,
        "get_raw_page" | "heap_page_items" | "heap_page_item_attrs" | "tuple_data_split" | "bt_page_items" => ADMIN,
        "pg_stat_statements_reset" | "pg_stat_kcache_reset" | "pg_qualstats_reset" => ADMIN,
        "pg_background_launch" => Doing { dynamic: true, ..ADMIN },
        // Statements that run later, for ever.
        "schedule" | "schedule_in_database" | "alter_job" | "add_job" | "run_job" | "submit_job" => {
            Doing { dynamic: true, ..ADMIN }
        }
        "run_command_on_workers"
        | "run_command_on_all_nodes"
        | "run_command_on_coordinator"
        | "run_command_on_shards"
        | "run_command_on_colocated_placements"
        | "run_command_on_placements" => Doing { dynamic: true, ..ADMIN },
        name if of_cluster(name) => ADMIN,
        // Known from break-ins: programs of the server's system, under these names.
        "system" | "sys_exec" | "sys_eval" | "sys_bineval" => Doing { external: &[External::Program], ..ADMIN },
        "drop_chunks" | "add_retention_policy" | "drop_partition_time" | "drop_partition_id" | "undo_partition" => {
            ADMIN
        }
        _ => return None,
    })
}

/// Citus: nodes, and where tables lie.
fn of_cluster(name: &str) -> bool {
    ["master_", "citus_"].iter().any(|prefix| {
        name.strip_prefix(prefix).is_some_and(|rest| {
            ["add_", "remove_", "disable_", "drop_", "set_", "update_", "move_", "drain_", "rebalance_", "truncate_"]
                .iter()
                .any(|does| rest.starts_with(does))
        })
    }) || matches!(
        name,
        "create_distributed_table"
            | "create_reference_table"
            | "undistribute_table"
            | "alter_distributed_table"
            | "truncate_local_data_after_distributing_table"
    )
}

/// What functions of well-known extensions do that live in a schema of their own, whatever they are called.
pub(crate) fn of_schema(schema: &str, name: &str) -> Option<Doing> {
    const MODELS: [&str; 7] = ["openai_", "ollama_", "anthropic_", "cohere_", "voyageai_", "litellm_", "gemini_"];
    let network = match schema {
        "aws_lambda" | "aws_s3" | "aws_ml" | "aws_comprehend" | "aws_sagemaker" | "aws_bedrock" | "google_ml"
        | "net" => true,
        "ai" => MODELS.iter().any(|model| name.starts_with(model)),
        schema => schema.starts_with("azure_"),
    };
    Some(match schema {
        _ if network => NETWORK,
        "cron" | "pgagent" | "dbms_scheduler" | "dbms_job" => ADMIN,
        "pglogical" if !name.starts_with("show_") && !name.starts_with("pglogical_") => ADMIN,
        "utl_file" => FILE,
        "utl_http" | "utl_tcp" | "utl_smtp" => NETWORK,
        "dbms_sql" => DYNAMIC,
        "pgml" if matches!(name, "transform" | "transform_stream" | "load_dataset" | "train" | "deploy" | "tune") => {
            ADMIN
        }
        _ => return None,
    })
}

/// Volatile functions of well-known extensions that only compute or show statistics.
pub(crate) fn is_harmless(name: &str) -> bool {
    matches!(
        name,
        "uuid_generate_v1"
            | "uuid_generate_v1mc"
            | "uuid_generate_v4"
            | "gen_random_bytes"
            | "gen_random_uuid"
            | "gen_salt"
            | "pg_stat_statements"
            | "pg_stat_statements_info"
            | "pg_buffercache_pages"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_function_is_both_pure_and_doing_something() {
        let both: Vec<_> = PURE.iter().filter(|name| doing(name).is_some()).collect();
        assert!(both.is_empty(), "{both:?}");
        for name in ["count", "lower", "now", "pg_get_viewdef", "gen_random_uuid", "uuidv7"] {
            assert!(is_pure(name), "{name}");
        }
    }
}
