#!/usr/bin/env python3
"""The postgres and redis probes against real servers: what the ready-made queries see, and what they
must not make of what they cannot see."""
import pathlib
import subprocess
import sys
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from harness import peers  # noqa: E402
from probes.probing import Prober  # noqa: E402
from harness.peers import Postgres, Redis, Replica, wait_until  # noqa: E402


class PostgresTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.pg = Postgres({"max_connections": 20}).__enter__()
        cls.pg.sql("CREATE ROLE app LOGIN; CREATE ROLE plain LOGIN; CREATE ROLE watch LOGIN; "
                   "GRANT pg_read_all_stats TO watch; CREATE TABLE t (x int); GRANT ALL ON t TO app")

    @classmethod
    def tearDownClass(cls):
        cls.pg.close()

    def prober(self, *words, user="watch"):
        return Prober("postgres", "postgres", self.pg.conninfo.replace("user=postgres",
                                                                       f"user={user}"), *words)

    def test_ping(self):
        with self.prober() as p:
            r = p.poll()
            self.assertEqual(r["state"], "up")
            self.assertRegex(r["reason"], r"^1 in [\d.]+ ms$")
            self.assertTrue(r["values"][0]["known"])

    def test_clients_counts_clients_and_not_the_servers_own_processes(self):
        with self.prober("show", "clients") as p:
            self.assertEqual(p.poll()["reason"], "1 clients")
            with self.pg.session("SELECT 1", user="app"), self.pg.session("SELECT 1"):
                r = p.poll()
                self.assertEqual((r["reason"], r["values"][0]["value"]), ("3 clients", 3))

    def test_a_role_that_sees_only_itself_knows_no_count(self):
        for show in ("clients", "pool", "long_transactions"):
            with self.prober("show", show, user="plain") as p, self.pg.session(
                    "BEGIN; SELECT 1", user="app"):
                r = p.poll()
                self.assertEqual(r["state"], "unknown", r)
                self.assertIn("hidden from this role; GRANT pg_read_all_stats to it", r["reason"])
                self.assertFalse(r["values"][0]["known"])

    def test_pool_shows_who_holds_it(self):
        with self.prober("show", "pool") as p, self.pg.session("BEGIN; SELECT 1", user="app"), \
                self.pg.session("BEGIN; SELECT 1", user="app"), self.pg.session("SELECT 1",
                                                                              user="app"):
            r = p.poll()
            self.assertEqual((r["reason"], r["values"][1]["value"]), ("4 clients", 2))
            self.assertEqual(r["table"][0], ["state", "clients", "longest_s"])
            self.assertEqual({row[0]: row[1] for row in r["table"][1:]},
                             {"idle in transaction": "2", "idle": "1", "active": "1"})

    def test_long_transactions(self):
        with self.prober("show", "long_transactions", "older", "300ms") as p:
            r = p.poll()
            self.assertEqual((r["reason"], r["state"]), ("0 long transactions", "up"))
            self.assertEqual(r["table"], [["pid", "user", "state", "age_s", "query"]])
            with self.pg.session("BEGIN; SELECT 'mine'", user="app"):
                def seen():
                    got = p.poll()
                    return got if got["values"][0]["value"] == 1 else None
                r = wait_until(seen, what="the long transaction")
                self.assertEqual((r["table"][1][1:3]), ["app", "idle in transaction"])
                self.assertIn("SELECT 'mine'", r["table"][1][4])
                self.assertGreaterEqual(r["values"][1]["value"], 0.3)

    def test_locks_name_the_one_in_the_way(self):
        for user in ("watch", "plain"):  # pg_locks is for everybody
            with self.prober("show", "locks", user=user) as p:
                self.assertEqual(p.poll()["reason"], "0 waiting for locks")
                with self.pg.session("BEGIN; LOCK TABLE t") as holder:
                    blocker = self.pg.sql("SELECT pid FROM pg_locks WHERE relation = "
                                          "'t'::regclass AND granted")
                    waiter = subprocess.Popen(self.pg.psql_argv("-c", "SELECT * FROM t", user="app"),
                                              env=self.pg.environment(),
                                              stdout=subprocess.DEVNULL)
                    try:
                        def waits():
                            got = p.poll()
                            return got if got["values"][0]["value"] == 1 else None
                        r = wait_until(waits, what="the waiting session")
                    finally:
                        holder.kill()
                        waiter.wait(10)
                    head, row = r["table"]
                    self.assertEqual(head, ["pid", "user", "waits_s", "blocked_by", "blocker",
                                            "query"])
                    self.assertEqual((row[1], row[3]), ("app", blocker))
                    if user == "watch":
                        self.assertIn("LOCK TABLE t", row[4])
                        self.assertEqual(row[5], "SELECT * FROM t")

    def test_full_server_and_recovery(self):
        with self.prober("show", "clients") as standing, self.prober(user="plain") as late:
            standing.poll()
            held = []
            try:
                for _ in range(16):
                    held.append(self.pg.session("SELECT 1"))
                    held[-1].__enter__()
                r = late.poll()
                self.assertEqual((r["state"], r["fault"]), ("down", "too many clients"))
                self.assertTrue(r["reason"].startswith("too many clients: "), r)
                self.assertEqual(standing.poll()["values"][0]["value"], 17)
            finally:
                for h in held:
                    h.__exit__(None, None, None)
            wait_until(lambda: late.poll()["state"] == "up", what="recovered")


class QueueTableTest(unittest.TestCase):
    """A queue that is a table: the statement that the probe makes, on a real server."""

    @classmethod
    def setUpClass(cls):
        cls.pg = Postgres({"timezone": "Asia/Kolkata"}).__enter__()  # a naive time is UTC all the same
        cls.pg.sql("CREATE ROLE watch LOGIN; CREATE ROLE blind LOGIN; CREATE SCHEMA app; "
                   "CREATE TYPE state AS ENUM ('queued', 'running', 'failed', 'done'); "
                   "CREATE TABLE auto_apply_jobs (id serial, status text, created_at timestamptz); "
                   'CREATE TABLE app."Jobs" (id serial, "State" state, "at" timestamp, run_at timestamp, '
                   "kind text); GRANT USAGE ON SCHEMA app TO watch, blind; "
                   'GRANT SELECT ON auto_apply_jobs, app."Jobs" TO watch')

    @classmethod
    def tearDownClass(cls):
        cls.pg.close()

    def setUp(self):
        self.pg.sql('TRUNCATE auto_apply_jobs, app."Jobs"')

    def poll(self, queue, *words, user="watch"):
        with Prober("queue", "queue", queue, "layout", "table", "postgres",
                    self.pg.conninfo.replace("user=postgres", f"user={user}"), *words) as p:
            return p.poll()

    def test_depth_and_age_are_those_of_the_table(self):
        self.pg.sql("INSERT INTO auto_apply_jobs (status, created_at) SELECT 'queued', now() - i * "
                    "interval '1 minute' FROM generate_series(1, 20) i; INSERT INTO auto_apply_jobs "
                    "(status, created_at) VALUES ('done', now() - interval '1 day'), ('running', now())")
        r = self.poll("auto_apply_jobs", "waiting", "queued", "running", "running", "failed", "failed")
        depth, age = self.pg.sql("SELECT count(*), extract(epoch FROM now() - min(created_at)) FROM "
                                 "auto_apply_jobs WHERE status = 'queued'").split("|")
        v = r["values"]
        self.assertEqual((r["state"], v[0]["value"], v[2]["value"], v[4]["value"]),
                         ("up", float(depth), 1, 0), r)
        self.assertAlmostEqual(v[1]["value"], float(age), delta=3)
        own = self.poll("auto_apply_jobs", "sql", "SELECT count(*), extract(epoch FROM now() - "
                        "min(created_at)) FROM auto_apply_jobs WHERE status='queued'")
        self.assertEqual(own["values"][0]["value"], float(depth))
        self.assertAlmostEqual(own["values"][1]["value"], float(age), delta=3)

    def test_a_naive_time_an_enum_and_a_job_that_is_due_later(self):
        self.pg.sql("""INSERT INTO app."Jobs" ("State", "at", run_at, kind)
            SELECT s::state, timezone('UTC', now()) - a, timezone('UTC', now()) + d, k FROM (VALUES
            ('queued', interval '10 minutes', NULL, 'second'),
            ('queued', interval '90 minutes', interval '-20 minutes', 'first'),
            ('queued', interval '2 hours', interval '1 hour', 'later'),
            ('failed', interval '3 hours', NULL, 'bad')) AS v(s, a, d, k)""")
        r = self.poll("app.Jobs", "waiting", "queued", "failed", "failed", "status", "State", "created", "at",
                      "due", "run_at", "job", "kind")
        v = r["values"]
        self.assertEqual((r["state"], v[0]["value"], v[3]["value"], v[4]["value"]), ("up", 2, 1, 1), r)
        self.assertAlmostEqual(v[1]["value"], 20 * 60, delta=3)  # since it was due
        self.assertEqual(r["table"][1][0], "first")

    def test_an_empty_table_a_missing_one_and_one_that_may_not_be_read(self):
        r = self.poll("auto_apply_jobs", "waiting", "queued")
        self.assertEqual((r["state"], r["reason"], r["values"][0]["value"]), ("up", "empty", 0))
        for why, queue, words in (
                ('table missing: relation "jobs" does not exist', "jobs", ["waiting", "queued"]),
                ('table missing: relation "nope.jobs" does not exist', "nope.jobs", ["waiting", "queued"]),
                ('column missing: column "state" does not exist', "auto_apply_jobs",
                 ["waiting", "queued", "status", "state"]),
                ("the query is wrong: invalid input value for enum state: \"waiting\"", "app.Jobs",
                 ["waiting", "waiting", "status", "State", "created", "at"])):
            r = self.poll(queue, *words)
            self.assertEqual((r["state"], r["reason"]), ("unknown", why))
            self.assertFalse(r["values"][0]["known"])
        r = self.poll("auto_apply_jobs", "waiting", "queued", user="blind")
        self.assertEqual((r["state"], r["reason"]),
                         ("unknown", "no permission: permission denied for table auto_apply_jobs"))

    def test_a_table_that_is_locked_ends_at_the_deadline(self):
        with self.pg.session("BEGIN; LOCK TABLE auto_apply_jobs"):
            began = time.monotonic()
            r = self.poll("auto_apply_jobs", "waiting", "queued", "timeout", "1s")
            self.assertEqual((r["state"], r["fault"]), ("down", "timeout"), r)
            self.assertLess(time.monotonic() - began, 10)
            wait_until(lambda: self.pg.sql("SELECT count(*) FROM pg_stat_activity WHERE usename = "
                                           "'watch' AND state = 'active'") == "0", what="the end")


class ReplicationTest(unittest.TestCase):
    """How far a replica is behind, told by a real primary and its real replica; never 0 when nobody knows."""

    def setUp(self):
        self.primary = Postgres(Replica.PRIMARY).__enter__()
        self.addCleanup(self.primary.close)
        self.primary.sql("CREATE ROLE watch LOGIN; GRANT pg_monitor TO watch; CREATE ROLE plain LOGIN; "
                         "CREATE TABLE t (x text)")

    def replica(self, slot=None):
        replica = Replica(self.primary, slot).__enter__()
        self.addCleanup(replica.close)
        return replica

    def prober(self, of, user="watch"):
        return Prober("postgres", "postgres", of.conninfo.replace("user=postgres", f"user={user}"),
                      "show", "replication")

    def until(self, p, what, condition):
        seen = []

        def look():
            seen[:] = [p.poll()]
            return seen[0] if condition(seen[0]) else None
        try:
            return wait_until(look, 20, what)
        except TimeoutError:
            raise AssertionError(f"{what}: {seen}") from None

    def unknown(self, r, why):
        self.assertEqual((r["state"], r["reason"]), ("unknown", why), r)
        self.assertFalse(r["values"][0]["known"] or r["values"][1]["known"], r)

    def write(self):
        self.primary.sql("INSERT INTO t SELECT repeat('x', 1000) FROM generate_series(1, 500)")

    def test_both_sides_tell_it_and_a_pause_is_seen(self):
        replica = self.replica()
        with self.prober(self.primary) as above, self.prober(replica) as below:
            self.write()
            for p in (above, below):
                r = self.until(p, "in step", lambda r: r["values"][0]["known"] and
                               r["values"][0]["value"] == 0)
                self.assertEqual((r["state"], r["reason"]), ("up", "0 B behind"))
            self.assertEqual(r["values"][1]["value"], 0)
            r = above.poll()
            self.assertEqual(r["table"][0], ["replica", "address", "state", "behind_bytes"])
            self.assertEqual((r["table"][1][0], r["table"][1][2]), ("replica", "streaming"))
            self.assertFalse(r["values"][1]["known"])
            replica.sql("SELECT pg_wal_replay_pause()")
            self.write()
            for p in (above, below):
                r = self.until(p, "behind", lambda r: r["values"][0]["value"] > 400000)
            self.assertEqual(r["state"], "degraded")
            self.assertRegex(r["reason"], r"^replay is paused · .*B behind$")
            self.assertTrue(r["values"][1]["known"] and r["values"][1]["value"] > 0, r)
            replica.sql("SELECT pg_wal_replay_resume()")
            self.until(below, "in step again", lambda r: r["reason"] == "0 B behind")

    def test_nobody_is_not_in_step(self):
        with self.prober(self.primary) as p:
            self.unknown(p.poll(), "no replica is connected")
            replica = self.replica("standby1")
            self.until(p, "connected", lambda r: r["state"] == "up")
            with self.prober(self.primary, user="plain") as plain:
                self.unknown(plain.poll(), "replication is hidden from this role; GRANT pg_read_all_stats to it")
            replica.stop()
            self.until(p, "gone", lambda r: r["state"] == "unknown")
            self.unknown(p.poll(), "no replica is connected")
            other = self.replica()
            self.until(p, "another", lambda r: "slot" in r["reason"])
            self.unknown(p.poll(), "no replica is connected to the slot standby1")
            other.stop()

    def test_a_replica_without_its_primary_and_another_timeline(self):
        replica, second = self.replica(), self.replica()
        with self.prober(second) as p:
            self.until(p, "in step", lambda r: r["reason"] == "0 B behind")
            self.primary.stop()
            self.until(p, "lost", lambda r: r["state"] == "unknown")
            self.unknown(p.poll(), "this replica is not connected to its primary")
        replica.sql("SELECT pg_promote()")
        with self.prober(replica) as p:  # a primary now, and alone
            self.unknown(p.poll(), "no replica is connected")
            replica.sql("INSERT INTO t SELECT repeat('y', 1000) FROM generate_series(1, 500)")
        self.primary.start()
        self.write()  # both went on from the same place
        second.sql(f"ALTER SYSTEM SET primary_conninfo = 'host={replica.dir} port={replica.port} "
                   "user=postgres application_name=replica'")
        second.sql("SELECT pg_reload_conf()")
        with self.prober(second) as p:  # it follows the new timeline from where it was
            self.until(p, "on the new timeline", lambda r: r["reason"] == "0 B behind")
        with self.prober(self.primary) as p:
            self.unknown(p.poll(), "no replica is connected")


class RedisTest(unittest.TestCase):
    def test_info_of_a_real_server(self):
        with Redis(extra=["--maxmemory", "64mb"]) as redis:
            redis.ask("SET", "k", "v")

            def one(*words):
                with Prober("redis", "redis", redis.url, *words) as p:
                    return p.poll()
            self.assertRegex(one()["reason"], r"^PONG in [\d.]+ ms$")
            r = one("info", "used_memory")
            self.assertEqual(r["state"], "up")
            self.assertGreater(r["values"][0]["value"], 500000)
            self.assertRegex(r["version"], r"^\d+\.\d+")
            r = one("info", "used_memory", "of", "maxmemory")
            self.assertRegex(r["reason"], "^[\\d.]+% of maxmemory$")
            self.assertEqual(one("info", "db0.keys", "unit_word", "keys")["reason"], "1 keys")
            self.assertEqual(one("info", "cmdstat_set.calls")["values"][0]["value"], 1)
            self.assertEqual(one("expect:aof_last_bgrewrite_status", "ok",
                                 "expect:rdb_last_bgsave_status", "ok")["state"], "up")
            r = one("expect:maxmemory_policy", "allkeys-lru")
            self.assertEqual((r["state"], r["reason"]),
                             ("degraded", "maxmemory_policy is noeviction, not allkeys-lru"))
            self.assertEqual(one("info", "nope")["reason"], "nope is not in INFO")

    def test_a_rate_and_a_restart(self):
        with Redis() as redis, Prober("redis", "redis", redis.url, "delta",
                                      "total_commands_processed") as p:
            self.assertFalse(p.poll()["values"][0]["known"])
            time.sleep(0.05)
            r = p.poll()
            self.assertTrue(r["values"][0]["known"] and r["values"][0]["value"] > 0)
            redis.restart()
            r = wait_until(lambda: next((x for x in [p.poll()] if x["state"] == "up"), None),
                           what="back")
            self.assertRegex(r["restart"], "^restarted, up [0-9]+s$")
            self.assertEqual(r["values"][0]["note"], "not enough data: one answer of two")

    def test_loading(self):
        with Redis(extra=["--key-load-delay", "2000", "--loading-process-events-interval-bytes",
                          "1024"]) as redis:
            redis.ask("DEBUG", "POPULATE", "20000", "k", "100")
            redis.ask("SAVE")
            redis.stop(peers.signal.SIGKILL)
            redis.start()
            with Prober("redis", "redis", redis.url, "info", "used_memory") as p:
                r = p.poll()
                self.assertEqual(r["state"], "degraded", r)
                self.assertRegex(r["reason"], r"^loading its data set, [\d.]+ %$")

    def test_a_password_by_reference(self):
        with Redis(password="c4nary") as redis:
            for value, state in (("c4nary", "up"), ("wr0ng", "unknown")):
                with Prober("redis", "redis", redis.url, "password", "env:REDIS_PASSWORD",
                            env={"REDIS_PASSWORD": value}) as p:
                    self.assertEqual(p.poll()["state"], state)


if __name__ == "__main__":
    try:
        peers.binary("postgres", package="postgresql-15")
        peers.binary("redis-server", package="redis-server")
    except peers.Missing as why:
        missing = why
        peers.main(lambda: (_ for _ in ()).throw(missing))
    unittest.main(verbosity=1)
