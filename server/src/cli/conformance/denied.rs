//! What no guard may pass, by language.

use nlq_catalog::QueryLanguage;

/// Texts that write, or reach outside the system.
pub(super) fn denied(language: QueryLanguage) -> &'static [&'static str] {
    match language {
        QueryLanguage::Sql => &[
            "DELETE FROM t",
            "UPDATE t SET a = 1",
            "INSERT INTO t VALUES (1)",
            "DROP TABLE t",
            "SELECT 1; DELETE FROM t",
            "WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d",
        ],
        QueryLanguage::Spl => &[
            "index=main | delete",
            "index=main | outputlookup users.csv",
            "index=main | collect index=summary",
            "index=main | sendemail to=\"a@b.c\"",
            "index=main [search index=main | delete]",
            "| rest /services/server/info",
            "index=main | map search=\"search index=main | delete\"",
        ],
        QueryLanguage::Mongodb => &[
            "db.t.deleteMany({})",
            "db.t.insertOne({a: 1})",
            "db.t.drop()",
            "db.t.aggregate([{$out: \"u\"}])",
            "db.t.aggregate([{$merge: {into: \"u\"}}])",
            "db.t.aggregate([{$match: {$where: \"sleep(1)\"}}])",
            "db.t.aggregate([{$lookup: {from: \"u\", pipeline: [{$out: \"v\"}], as: \"w\"}}])",
        ],
        QueryLanguage::QueryDsl => &[
            "POST t/_delete_by_query\n{\"query\": {\"match_all\": {}}}",
            "PUT t/_doc/1\n{\"a\": 1}",
            "DELETE t",
            "POST t/_update_by_query\n{}",
            "GET t/_search\n{\"script_fields\": {\"x\": {\"script\": \"1\"}}}",
            "GET ../_cluster/settings",
        ],
        QueryLanguage::Partiql => &[
            "DELETE FROM \"t\" WHERE id = '1'",
            "UPDATE \"t\" SET a = 1 WHERE id = '1'",
            "INSERT INTO \"t\" VALUE {'id': '1'}",
            "SELECT * FROM \"t\"; DELETE FROM \"t\" WHERE id = '1'",
        ],
    }
}
