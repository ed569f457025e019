/* probes/postgres_replica.c: how far replicas are behind.
 *
 * What the usual queries call no lag is often none that is known: pg_stat_replication's replay_lag
 * stays what it was when a replica pauses, a replica without its primary has replayed all that it
 * ever received, and without any replica there is no row and no lag. So bytes are what counts: of
 * the primary's own position on a primary, of what the primary last said of it on a replica. A
 * primary is not asked for seconds, and whatever is missing makes the answer unknown. */
#include <math.h>
#include <string.h>

#include "probes/number.h"
#include "probes/postgres_impl.h"

enum { /* the columns that are ours; the rest is the table of replicas */
       REPLICA_BEHIND,
       REPLICA_HIDDEN,
       REPLICA_LAG,
       REPLICA_WHY,
       REPLICA_PAUSED,
       REPLICA_COLUMNS
};

/* Functions of the other role are errors: CASE keeps them from being called. A walsender that has
 * no replay position serves a backup or an archive, no replica. Of an idle primary a replica hears
 * at least every 30 s (half of wal_sender_timeout). */
const char postgres_sql_replication[] =
    "WITH me AS (SELECT pg_is_in_recovery() AS standby), "
    "a AS (SELECT * FROM pg_catalog.pg_stat_replication), "
    "w AS (SELECT * FROM pg_catalog.pg_stat_wal_receiver), "
    "r AS (SELECT a.*, CASE WHEN NOT me.standby "
    "THEN pg_wal_lsn_diff(pg_current_wal_lsn(), a.replay_lsn) END AS behind "
    "FROM a, me WHERE a.replay_lsn IS NOT NULL), "
    "lost AS (SELECT min(slot_name) AS slot FROM pg_catalog.pg_replication_slots "
    "WHERE slot_type = 'physical' AND NOT active AND restart_lsn IS NOT NULL), "
    "d AS (SELECT CASE WHEN me.standby THEN (SELECT greatest(0, pg_wal_lsn_diff(greatest("
    "w.latest_end_lsn, pg_last_wal_receive_lsn()), pg_last_wal_replay_lsn())) FROM w) "
    "ELSE (SELECT max(behind) FROM r) END AS behind FROM me) "
    "SELECT d.behind, "
    "CASE WHEN me.standby THEN (SELECT count(*) FROM w WHERE status IS NULL) "
    "ELSE (SELECT count(*) FROM a WHERE state IS NULL) END, "
    "CASE WHEN me.standby AND d.behind = 0 THEN 0 "
    "WHEN me.standby THEN extract(epoch FROM now() - pg_last_xact_replay_timestamp()) END, "
    "CASE WHEN me.standby AND NOT EXISTS (SELECT FROM w WHERE status = 'streaming') "
    "THEN 'this replica is not connected to its primary' "
    "WHEN me.standby AND EXISTS (SELECT FROM w WHERE last_msg_receipt_time < now() - "
    "interval '45 seconds') THEN 'this replica has not heard of its primary for 45s' "
    "WHEN NOT me.standby AND NOT EXISTS (SELECT FROM r) THEN CASE WHEN EXISTS (SELECT FROM a "
    "WHERE state IN ('streaming', 'catchup')) "
    "THEN 'a replica is connected, but has not told what it replayed' "
    "ELSE 'no replica is connected' END "
    "WHEN NOT me.standby AND lost.slot IS NOT NULL "
    "THEN 'no replica is connected to the slot ' || lost.slot "
    "WHEN NOT me.standby AND EXISTS (SELECT FROM r WHERE behind < 0) "
    "THEN 'a replica is ahead of its primary: it follows another timeline' END, "
    "CASE WHEN me.standby THEN pg_is_wal_replay_paused() ELSE false END, "
    "r.application_name AS replica, host(r.client_addr) AS address, r.state, "
    "r.behind AS behind_bytes "
    "FROM me CROSS JOIN lost CROSS JOIN d LEFT JOIN r ON NOT me.standby "
    "ORDER BY r.behind DESC NULLS LAST LIMIT 50";

void postgres_read_replication(struct postgres_state *s, const struct pg_reply *r)
{
    const char *cell[REPLICA_COLUMNS], *why;
    struct report *report = &s->report;
    double behind = 0, hidden, lag_s;
    char bytes[32];

    for (size_t i = 0; i < REPLICA_COLUMNS; i++)
        cell[i] = pg_reply_cell(r, 0, i);
    why = cell[REPLICA_WHY];
    postgres_table(s, r, REPLICA_COLUMNS);
    text_sets(&report->values[1].note, "a primary does not know; ask the replica");
    if (!cell[REPLICA_HIDDEN] || !number_parse(cell[REPLICA_HIDDEN], &hidden)) {
        postgres_unknown(s, "the server's statistics have another form");
    } else if (hidden > 0) {
        postgres_unknown(s, "replication is hidden from this role; GRANT pg_read_all_stats to it");
    } else if (why) {
        postgres_unknown(s, why);
    } else if (!cell[REPLICA_BEHIND] || !number_parse(cell[REPLICA_BEHIND], &behind) ||
               behind < 0) {
        postgres_unknown(s, "how far it is behind is not told");
    } else {
        postgres_known(&report->values[0], behind);
        if (cell[REPLICA_LAG] && number_parse(cell[REPLICA_LAG], &lag_s) && lag_s >= 0)
            postgres_known(&report->values[1], lag_s);
    }
    if (cell[REPLICA_PAUSED] && strcmp(cell[REPLICA_PAUSED], "t") == 0 &&
        report->state == STATE_UP) {
        report->state = STATE_DEGRADED;
        text_setf(&report->reason, "replay is paused · %s behind",
                  quantity_format(behind, UNIT_BYTES, bytes));
    }
    if (report->state == STATE_UNKNOWN)
        text_copy(&report->values[1].note, &report->reason);
}
