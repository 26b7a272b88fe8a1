//! What a query may not touch: one visible list for each dialect, each entry with its reason.
//!
//! The session is read-only besides; these lists are for what a read-only session still allows: files, other servers,
//! other sessions, functions that run SQL given as text, secrets.

use nlq_catalog::Dialect;

/// A name, or the start of names when it ends in `*`, and why it is refused.
type Denied = (&'static str, &'static str);

const FILES: &str = "it reads or writes files of the server";
const SERVERS: &str = "it reaches other servers";
const SESSIONS: &str = "it acts on other sessions or the whole server";
const STATE: &str = "it changes state that a query must leave alone";
const RUNS_TEXT: &str = "it runs SQL given as text, which nlq cannot check";
const WAITS: &str = "it makes the server wait";
const LOCKS: &str = "it takes locks that other sessions wait for";
const REPLICATION: &str = "it acts on replication, backup or the write-ahead log";
const RAW: &str = "it reads or changes raw storage";
const SECRETS: &str = "it holds passwords, connection secrets or the server's access rules";
const SAMPLES: &str = "it holds sampled values of any column, also of sensitive ones";

/// PostgreSQL and its well-known extensions.
const POSTGRESQL_FUNCTIONS: &[Denied] = &[
    ("pg_read_file*", FILES),
    ("pg_read_binary_file*", FILES),
    ("pg_ls_*", FILES),
    ("pg_stat_file*", FILES),
    ("pg_file_*", FILES),
    ("pg_logdir_ls", FILES),
    ("pg_current_logfile", FILES),
    ("pg_load_*", FILES),
    ("lo_*", FILES),
    ("loread", FILES),
    ("lowrite", FILES),
    ("copy_*", FILES),
    ("query_export_to_s3", SERVERS),
    ("table_import_from_s3", SERVERS),
    ("aws_*", SERVERS),
    ("dblink*", SERVERS),
    ("postgres_fdw_*", SERVERS),
    ("http", SERVERS),
    ("http_*", SERVERS),
    ("urlencode_post", SERVERS),
    ("azure_*", SERVERS),
    ("run_command_on_*", SERVERS),
    ("master_run_on_worker", SERVERS),
    ("utl_file", FILES),
    ("xslt_process", FILES),
    ("pg_background_*", RUNS_TEXT),
    ("query_to_xml*", RUNS_TEXT),
    ("cursor_to_xml*", RUNS_TEXT),
    ("table_to_xml*", RUNS_TEXT),
    ("schema_to_xml*", RUNS_TEXT),
    ("database_to_xml*", RUNS_TEXT),
    ("ts_stat", RUNS_TEXT),
    ("ts_rewrite", RUNS_TEXT),
    ("crosstab*", RUNS_TEXT),
    ("connectby", RUNS_TEXT),
    ("xpath_table", RUNS_TEXT),
    ("cypher", RUNS_TEXT),
    ("pg_sleep*", WAITS),
    ("pg_terminate_backend", SESSIONS),
    ("pg_cancel_backend", SESSIONS),
    ("pg_reload_conf", SESSIONS),
    ("pg_rotate_logfile*", SESSIONS),
    ("pg_log_backend_memory_contexts", SESSIONS),
    ("pg_log_standby_snapshot", SESSIONS),
    ("pg_notify", SESSIONS),
    ("pg_export_snapshot", SESSIONS),
    ("pg_promote", REPLICATION),
    ("pg_logical_*", REPLICATION),
    ("pg_replication_*", REPLICATION),
    ("pg_create_*", REPLICATION),
    ("pg_drop_*", REPLICATION),
    ("pg_copy_*", REPLICATION),
    ("pg_sync_*", REPLICATION),
    ("pg_switch_*", REPLICATION),
    ("pg_start_backup", REPLICATION),
    ("pg_stop_backup", REPLICATION),
    ("pg_backup_*", REPLICATION),
    ("pg_wal_replay_*", REPLICATION),
    ("pg_xlog_replay_*", REPLICATION),
    ("pg_get_wal_*", REPLICATION),
    ("pg_walinspect*", REPLICATION),
    ("pg_advisory_*", LOCKS),
    ("pg_try_advisory_*", LOCKS),
    ("set_config", STATE),
    ("nextval", STATE),
    ("setval", STATE),
    ("setseed", STATE),
    ("txid_current", STATE),
    ("pg_current_xact_id", STATE),
    ("pg_nextoid", STATE),
    ("currtid*", RAW),
    ("pg_stat_reset*", STATE),
    ("pg_stat_statements_reset", STATE),
    ("pg_import_system_collations", STATE),
    ("pg_extension_config_dump", STATE),
    ("pg_restore_*", STATE),
    ("pg_clear_*", STATE),
    ("pg_set_*", STATE),
    ("binary_upgrade_*", STATE),
    ("brin_summarize_*", STATE),
    ("brin_desummarize_*", STATE),
    ("gin_clean_pending_list", STATE),
    ("pg_prewarm", STATE),
    ("autoprewarm_*", STATE),
    ("pg_buffercache_evict*", STATE),
    ("pg_truncate_*", RAW),
    ("heap_force_*", RAW),
    ("get_raw_page", RAW),
    ("bt_page_items", RAW),
    ("pg_stop_making_pinned_objects", STATE),
    ("pg_read_server_files", FILES),
    ("pg_hba_file_rules", SECRETS),
    ("pg_ident_file_mappings", SECRETS),
    ("pg_show_all_file_settings", SECRETS),
    ("pg_show_all_settings", SECRETS),
    ("current_setting", SECRETS),
    ("load_extension", "it loads machine code"),
    ("plpy_execute", RUNS_TEXT),
    ("lookup_explain", RUNS_TEXT),
];

/// SQLite, its shell and its well-known extensions. Table-valued pragmas are judged apart: see [`HARMLESS_PRAGMAS`].
const SQLITE_FUNCTIONS: &[Denied] = &[
    ("load_extension", "it loads machine code"),
    ("readfile", FILES),
    ("writefile", FILES),
    ("edit", FILES),
    ("lsmode", FILES),
    ("lsdir", FILES),
    ("fsdir", FILES),
    ("zipfile", FILES),
    ("zipfile_cds", FILES),
    ("sqlar_*", FILES),
    ("csv_read", FILES),
    ("read_csv", FILES),
    ("fts3_tokenizer", "it takes addresses of machine code"),
    ("sqlite_dbpage", RAW),
    ("sqlite_dbdata", RAW),
    ("sqlite_dbptr", RAW),
    ("sqlite_log", STATE),
    ("sqlite_rename_*", STATE),
    ("sqlite_drop_*", STATE),
    ("sqlite_add_*", STATE),
    ("sqlite_fail", STATE),
    ("eval", RUNS_TEXT),
    ("exec", RUNS_TEXT),
    ("statement_vtab", RUNS_TEXT),
    ("shell", "it runs programs"),
    ("shell_*", "it runs programs"),
    ("http_*", SERVERS),
    ("checkpoint", STATE),
    ("wal_checkpoint", STATE),
    ("sleep", WAITS),
    ("rtreecheck", RAW),
    ("sha3_query", RUNS_TEXT),
    ("sha1_query", RUNS_TEXT),
];

/// The pragmas that only describe the schema; every other `pragma_...` table is refused.
const HARMLESS_PRAGMAS: &[&str] = &[
    "pragma_table_info",
    "pragma_table_xinfo",
    "pragma_table_list",
    "pragma_index_list",
    "pragma_index_info",
    "pragma_index_xinfo",
    "pragma_foreign_key_list",
    "pragma_function_list",
    "pragma_collation_list",
    "pragma_module_list",
    "pragma_compile_options",
];

const POSTGRESQL_TABLES: &[Denied] = &[
    ("pg_authid", SECRETS),
    ("pg_shadow", SECRETS),
    ("pg_user_mapping", SECRETS),
    ("pg_user_mappings", SECRETS),
    ("_pg_user_mappings", SECRETS),
    ("user_mapping_options", SECRETS),
    ("pg_subscription", SECRETS),
    ("pg_stat_wal_receiver", SECRETS),
    ("pg_settings", SECRETS),
    ("pg_db_role_setting", SECRETS),
    ("pg_file_settings", SECRETS),
    ("pg_hba_file_rules", SECRETS),
    ("pg_ident_file_mappings", SECRETS),
    ("decrypted_secrets", SECRETS),
    ("pg_largeobject", "it holds the content of large objects"),
    ("pg_statistic", SAMPLES),
    ("pg_statistic_ext_data", SAMPLES),
    ("pg_stats", SAMPLES),
    ("pg_stats_ext*", SAMPLES),
];

const SQLITE_TABLES: &[Denied] = &[
    ("sqlite_dbpage", RAW),
    ("sqlite_dbdata", RAW),
    ("sqlite_dbptr", RAW),
    ("sqlite_stat3", SAMPLES),
    ("sqlite_stat4", SAMPLES),
    ("fsdir", FILES),
    ("lsdir", FILES),
    ("zipfile", FILES),
    ("statement_vtab", RUNS_TEXT),
];

/// Why a function may not be called, or none when it may. `name` is without quotes, folded as the dialect folds.
pub(super) fn denied_function(name: &str, dialect: Dialect) -> Option<&'static str> {
    match dialect {
        Dialect::Postgresql => reason(POSTGRESQL_FUNCTIONS, name),
        _ => pragma(&name.to_lowercase()).or_else(|| reason(SQLITE_FUNCTIONS, &name.to_lowercase())),
    }
}

/// Why a table may not be read, or none when it may.
pub(super) fn denied_table(name: &str, dialect: Dialect) -> Option<&'static str> {
    match dialect {
        Dialect::Postgresql => reason(POSTGRESQL_TABLES, name),
        _ => pragma(&name.to_lowercase()).or_else(|| reason(SQLITE_TABLES, &name.to_lowercase())),
    }
}

/// SQLite reads a table-valued pragma with and without parentheses.
fn pragma(name: &str) -> Option<&'static str> {
    let refused = name.starts_with("pragma_") && !HARMLESS_PRAGMAS.contains(&name);
    refused.then_some("this pragma does more than describe the schema")
}

fn reason(list: &[Denied], name: &str) -> Option<&'static str> {
    let fits = |pattern: &str| match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    };
    list.iter().find(|(pattern, _)| fits(pattern)).map(|(_, reason)| *reason)
}
