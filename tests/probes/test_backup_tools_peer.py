#!/usr/bin/env python3
"""The kinds that ask a backup tool against repositories that the real tools made: pgBackRest, Barman and
restic of Debian, of a real PostgreSQL. WAL-G is in no Debian: a script stands in its place and prints what
its source says (tests/probes/test_backup_tools.c has more of it)."""
import datetime
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from harness import peers  # noqa: E402
from harness.peers import Postgres, become, binary, servant  # noqa: E402
from probes.probing import Prober  # noqa: E402

COMMON = ("every", "5m", "timeout", "60s")
AGE, SIZE, CHANGE, KEPT, OLDEST, WAL = range(6)


class Folder:
    """A temporary directory, of the user that servers run as."""

    def __init__(self):
        self.path = tempfile.mkdtemp(prefix="midwatch-backup-")
        self.user = servant()
        os.chmod(self.path, 0o755)
        self.own(self.path)

    def own(self, path):
        if self.user:
            os.chown(path, self.user.pw_uid, self.user.pw_gid)

    def write(self, name, text, mode=0o644):
        path = os.path.join(self.path, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        pathlib.Path(path).write_text(text)
        os.chmod(path, mode)
        self.own(path)
        return path

    def run(self, *argv, check=True, **env):
        """As that user, from this folder; what it printed."""
        done = subprocess.run(argv, capture_output=True, text=True, cwd=self.path, timeout=120,
                              preexec_fn=become(self.user), check=False,
                              env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": self.path,
                                   "LANG": "C.UTF-8", **env})
        if check and done.returncode:
            raise AssertionError(f"{argv}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def close(self):
        shutil.rmtree(self.path, ignore_errors=True)


def finding(report, name):
    return next((c for c in report["components"] if c["name"] == name), None)


class PgbackrestTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.program = binary("pgbackrest", package="pgbackrest")
        cls.folder = Folder()
        cls.addClassCleanup(cls.folder.close)
        config = os.path.join(cls.folder.path, "pgbackrest.conf")
        cls.pg = Postgres({"archive_mode": "on", "wal_level": "replica", "max_wal_senders": 3,
                           "archive_command": f"{cls.program} --config={config} --stanza=shop "
                                              "archive-push %p"}).__enter__()
        cls.addClassCleanup(cls.pg.close)
        cls.folder.write("pgbackrest.conf", f"""[global]
repo1-path={cls.folder.path}/repo1
repo1-retention-full=5
repo2-path={cls.folder.path}/repo2
repo2-retention-full=5
lock-path={cls.folder.path}/lock
log-path={cls.folder.path}/log
spool-path={cls.folder.path}/spool
log-level-console=info
start-fast=y
[shop]
pg1-path={cls.pg.data}
pg1-port={cls.pg.port}
pg1-socket-path={cls.pg.dir}
pg1-user=postgres
""")
        cls.config = config

    def tool(self, *words):
        return self.folder.run(self.program, f"--config={self.config}", "--stanza=shop", *words)

    def prober(self, *words, stanza="shop"):
        return Prober("pgbackrest", "pgbackrest", stanza, "config", self.config, *COMMON, *words)

    def test_1_without_a_stanza_its_exit_is_0_and_it_is_down(self):
        with self.prober("rpo", "26h", stanza="nobody") as p:
            r = p.poll()
        self.assertEqual((r["state"], r["values"][AGE]["known"]), ("down", False), r)
        self.assertIn("missing stanza path", r["reason"])

    def test_2_a_stanza_without_a_backup_is_down(self):
        self.tool("stanza-create")
        with self.prober("rpo", "26h", "repo", "1") as p:
            r = p.poll()
        self.assertEqual(r["state"], "down", r)
        self.assertIn("no valid backups", r["reason"])

    def test_3_backups_are_told_with_age_size_and_type(self):
        self.tool("--repo=1", "--type=full", "backup")
        self.pg.sql("CREATE TABLE t AS SELECT generate_series(1, 1000) AS x")
        self.tool("--repo=1", "--type=diff", "backup")
        info = json.loads(self.tool("--output=json", "--log-level-console=off", "info"))[0]
        newest = info["backup"][-1]
        with self.prober("rpo", "26h", "repo", "1") as p:
            r = p.poll()
        self.assertEqual(r["state"], "up", r)
        self.assertEqual(r["values"][SIZE]["value"], newest["info"]["size"])
        self.assertEqual(r["values"][KEPT]["value"], 2)
        self.assertAlmostEqual(r["values"][AGE]["value"], time.time() - newest["timestamp"]["stop"],
                               delta=5)
        self.assertEqual([row[1] for row in r["table"][1:]], ["diff", "full"])
        self.assertEqual(r["table"][1][0], newest["label"])
        self.assertIn(info["archive"][0]["max"], finding(r, "WAL")["note"])

    def test_4_a_second_repository_without_backups_is_a_contradiction(self):
        with self.prober("rpo", "26h") as p:
            r = p.poll()
        self.assertEqual(r["state"], "degraded", r)
        self.assertIn("repo2: no valid backups", finding(r, "sources")["note"])

    def test_5_nothing_is_written(self):
        before = {path: path.stat().st_mtime_ns for path in pathlib.Path(self.folder.path).rglob("*")}
        with self.prober("rpo", "26h") as p:
            p.poll()
        after = {path: path.stat().st_mtime_ns for path in pathlib.Path(self.folder.path).rglob("*")}
        self.assertEqual(before, after)

    def test_6_wal_that_was_lost_makes_its_backup_no_good(self):
        shutil.rmtree(next(pathlib.Path(self.folder.path).glob("repo1/archive/shop/*-1")))
        with self.prober("rpo", "26h", "repo", "1") as p:
            r = p.poll()
        self.assertEqual(r["state"], "down", r)
        self.assertIn("its WAL is not there: the archive is empty", finding(r, "newest")["note"])
        self.assertEqual(r["values"][KEPT]["value"], 0)

    def test_7_a_configuration_that_is_not_there_is_unknown_with_its_words(self):
        with Prober("pgbackrest", "pgbackrest", "shop", "config", "/nonexistent.conf", *COMMON) as p:
            r = p.poll()
        self.assertEqual((r["state"], r["values"][AGE]["known"]), ("unknown", False), r)
        self.assertRegex(r["reason"], r"pgbackrest: exit \d+: .*nonexistent.conf")


class ResticTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.program = binary("restic", package="restic")
        cls.folder = Folder()
        cls.addClassCleanup(cls.folder.close)
        cls.repo = os.path.join(cls.folder.path, "repo")
        cls.now = datetime.datetime.now().replace(microsecond=0)
        cls.tool("init")
        for day in range(8, 0, -1):
            cls.folder.write("shop/dump", "x" * 100000)
            cls.backup(day, "web")

    @classmethod
    def tool(cls, *words):
        return cls.folder.run(cls.program, "-r", cls.repo, "--no-cache", "-q", *words,
                              RESTIC_PASSWORD="correct horse")

    @classmethod
    def backup(cls, day, host, *words):
        at = cls.now - datetime.timedelta(days=day)
        cls.tool("backup", "--host", host, "--time", at.strftime("%Y-%m-%d %H:%M:%S"), *words,
                 os.path.join(cls.folder.path, "shop"))

    def prober(self, *words, repo=None, password="correct horse"):
        os.environ["RESTIC_SECRET"] = password
        return Prober("restic", "restic", repo or self.repo, "password", "env:RESTIC_SECRET",
                      "env:RESTIC_CACHE_DIR", os.path.join(self.folder.path, "cache"), *COMMON, *words)

    def test_1_snapshots_are_told_with_age_and_size(self):
        with self.prober("rpo", "26h", "keep", "7") as p:
            r = p.poll()
        self.assertEqual(r["state"], "up", r)
        self.assertEqual(r["values"][SIZE]["value"], 100000)
        self.assertEqual(r["values"][CHANGE]["value"], 0)
        self.assertEqual(r["values"][KEPT]["value"], 8)
        self.assertAlmostEqual(r["values"][AGE]["value"], 86400, delta=120)
        ids = [s["short_id"] for s in json.loads(self.tool("snapshots", "--json"))]
        self.assertEqual({row[0].split()[0] for row in r["table"][1:]}, set(ids))

    def test_2_one_that_shrank_is_no_good(self):
        self.folder.write("shop/dump", "x" * 100)
        self.backup(0, "web")
        with self.prober("rpo", "26h") as p:
            r = p.poll()
        self.assertEqual(r["state"], "down", r)
        self.assertRegex(r["reason"], r"its size is \d+% of the (median|one before it)")

    def test_3_several_sources_are_not_judged_as_one(self):
        self.folder.write("shop/dump", "x" * 100000)
        self.backup(40, "db", "--tag", "nightly")
        with self.prober("rpo", "26h") as p:
            r = p.poll()
        self.assertEqual(r["state"], "unknown", r)
        self.assertIn("snapshots of several sources: name one with host, path or tag", r["reason"])
        with self.prober("rpo", "26h", "host", "db") as p:
            r = p.poll()
        self.assertEqual(r["state"], "down", r)
        self.assertIn("RPO missed: last good 40d ago", r["reason"])
        with self.prober("rpo", "60d", "tag", "nightly") as p:
            self.assertEqual(p.poll()["state"], "up")

    def test_4_a_wrong_password_is_ours_and_no_repository_is_theirs(self):
        with self.prober(password="wrong") as p:
            r = p.poll()
        self.assertEqual((r["state"], r["fault"]), ("unknown", "credentials"), r)
        self.assertIn("wrong password", r["reason"])
        self.assertNotIn("correct horse", json.dumps(r))
        with self.prober(repo=os.path.join(self.folder.path, "nowhere")) as p:
            r = p.poll()
        self.assertEqual((r["state"], r["reason"]), ("down", "there is no repository"), r)

    def test_5_the_password_is_in_the_environment_alone_and_nothing_is_locked(self):
        spy = self.folder.write("spy", '#!/bin/sh\necho "$@" >>"$0.args"\nexec restic "$@"\n', 0o755)
        pathlib.Path(spy + ".args").touch(0o666)
        os.chmod(spy + ".args", 0o666)
        with self.prober("program", spy, "host", "db", "rpo", "60d") as p:
            self.assertEqual(p.poll()["state"], "up")
            p.poll()
        asked = pathlib.Path(spy + ".args").read_text().splitlines()
        self.assertNotIn("correct horse", "\n".join(asked))
        self.assertTrue(all("--no-lock" in line for line in asked), asked)
        self.assertEqual(len([line for line in asked if "stats" in line]), 1, asked)  # asked once
        self.assertEqual(os.listdir(os.path.join(self.repo, "locks")), [])


    def test_6_a_size_that_takes_too_long_is_not_told_and_the_list_is(self):
        slow = self.folder.write("slow", '#!/bin/sh\ncase "$*" in *stats*) exec sleep 600 ;; esac\n'
                                         'exec restic "$@"\n', 0o755)
        with self.prober("program", slow, "host", "db", "rpo", "60d", "timeout", "8s") as p:
            for _ in range(2):  # the second time it is not asked again; the first has to be gone
                r = peers.wait_until(lambda: self.unless_busy(p.poll()), 20, "restic has ended")
                self.assertEqual((r["state"], r["values"][SIZE]["known"]), ("up", False), r)
                self.assertEqual(r["values"][KEPT]["value"], 1)
                self.assertIn("its size could not be asked in time", r["table"][1][5])

    @staticmethod
    def unless_busy(report):
        return None if "has not gone" in report["reason"] else report


class BarmanTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.program = binary("barman", package="barman")
        cls.folder = Folder()
        cls.addClassCleanup(cls.folder.close)
        home = cls.folder.path
        incoming = os.path.join(home, "shop", "incoming")
        cls.pg = Postgres({"archive_mode": "on", "wal_level": "replica", "max_wal_senders": 3,
                           "archive_command": f"cp %p {incoming}/%f"}).__enter__()
        cls.addClassCleanup(cls.pg.close)
        user = cls.folder.user.pw_name if cls.folder.user else os.environ.get("USER", "root")
        bindir = os.path.dirname(binary("pg_basebackup", package="postgresql-client-15"))
        cls.config = cls.folder.write("barman.conf", f"""[barman]
barman_user = {user}
barman_home = {home}
barman_lock_directory = {home}
configuration_files_directory = {home}/none
log_file = {home}/barman.log
[shop]
description = the shop
conninfo = host={cls.pg.dir} port={cls.pg.port} user=postgres dbname=postgres
streaming_conninfo = host={cls.pg.dir} port={cls.pg.port} user=postgres
backup_method = postgres
archiver = on
path_prefix = {bindir}
""")
        cls.tool("check", "shop", check=False)  # makes its folders
        cls.incoming = incoming

    @classmethod
    def tool(cls, *words, check=True):
        return cls.folder.run(cls.program, "-c", cls.config, *words, check=check)

    def archived(self):
        """The backup as Barman tells of it, once it says DONE."""
        self.tool("archive-wal", "shop")
        listed = json.loads(self.tool("-f", "json", "list-backups", "shop"))["shop"][0]
        return listed if listed["status"] == "DONE" else None

    def prober(self, *words, server="shop"):
        return Prober("barman", "barman", server, "config", self.config, *COMMON, *words)

    def test_1_without_a_backup_it_is_down(self):
        with self.prober("rpo", "26h", "check", "false") as p:
            r = p.poll()
        self.assertEqual(r["state"], "down", r)
        self.assertIn("no backup was found", r["reason"])

    def test_2_backups_are_told_and_the_checks_heard(self):
        self.pg.sql("CREATE TABLE t (x int); SELECT pg_switch_wal()")
        peers.wait_until(lambda: os.listdir(self.incoming), 30, "a segment is shipped")
        self.tool("archive-wal", "shop")
        self.tool("backup", "shop")
        self.pg.sql("SELECT pg_switch_wal()")
        listed = peers.wait_until(self.archived, 60, "the backup has its WAL", every=0.5)
        with self.prober("rpo", "26h") as p:
            r = p.poll()
        self.assertIn(r["state"], ("up", "degraded"), r)
        self.assertEqual(r["values"][KEPT]["value"], 1)
        self.assertEqual(r["values"][SIZE]["value"], listed["size_bytes"])
        self.assertAlmostEqual(r["values"][AGE]["value"],
                               time.time() - int(listed["end_time_timestamp"]), delta=5)
        self.assertEqual(r["table"][1][0], listed["backup_id"])
        self.assertEqual(finding(r, "WAL")["state"], "up", r)

    def test_3_a_server_that_is_down_fails_its_checks_and_keeps_its_backups(self):
        self.pg.stop()
        try:
            with self.prober("rpo", "26h") as p:
                r = p.poll()
        finally:
            self.pg.start()
        self.assertIn("barman check failed: ", finding(r, "sources")["note"])
        self.assertIn("postgresql", finding(r, "sources")["note"])
        self.assertEqual(r["values"][KEPT]["value"], 1)

    def test_4_an_unknown_server_is_told_in_barmans_words(self):
        with self.prober(server="nobody") as p:
            r = p.poll()
        self.assertEqual(r["state"], "unknown", r)
        self.assertIn("Unknown server 'nobody'", r["reason"])


WALG = """#!/bin/sh
# prints what WAL-G's source says; which one decides the file `answer`
case "$*" in
*backup-list*) cat "$0.list" ;;
*wal-verify*) cat "$0.verify"; exit $(cat "$0.exit") ;;
esac
"""


class WalgTest(unittest.TestCase):
    """The program is a fixture, typed after WAL-G's source; how it is run is real."""

    def setUp(self):
        self.folder = Folder()
        self.addCleanup(self.folder.close)
        self.program = self.folder.write("wal-g", WALG, 0o755)
        self.folder.write("wal-g.exit", "0")
        now = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=2)
        self.folder.write("wal-g.list", json.dumps([
            {"backup_name": "base_000000010000000000000004", "time": now.isoformat(),
             "wal_file_name": "000000010000000000000004", "finish_time": now.isoformat(),
             "uncompressed_size": 26843545, "compressed_size": 3145728, "is_permanent": False}]))

    def prober(self, *words):
        return Prober("walg", "walg", "/etc/wal-g.json", "program", self.program, "rpo", "26h", *COMMON, *words)

    def poll(self, verify, *words):
        self.folder.write("wal-g.verify", json.dumps(verify))
        with self.prober(*words) as p:
            return p.poll()

    def test_whole_wal_reaches_to_where_it_was_seen_to_come(self):
        found = {"timeline_id": 1, "start_segment": "000000010000000000000001",
                 "end_segment": "000000010000000000000005", "segments_count": 5, "status": "FOUND"}
        verify = {"integrity": {"status": "OK", "details": [found]},
                  "timeline": {"status": "OK", "details": {"current_timeline_id": 1,
                                                           "highest_storage_timeline_id": 1}}}
        with self.prober() as p:
            self.folder.write("wal-g.verify", json.dumps(verify))
            r = p.poll()  # of the segment that is being written nothing is known
            self.assertEqual(r["state"], "up", r)
            self.assertGreater(r["values"][AGE]["value"], 7000)
            found["end_segment"] = "000000010000000000000006"
            self.folder.write("wal-g.verify", json.dumps(verify))
            r = p.poll()
        self.assertEqual(r["state"], "up", r)
        self.assertLess(r["values"][AGE]["value"], 60)
        self.assertEqual(r["values"][SIZE]["value"], 26843545)

    def test_lost_wal_is_down(self):
        r = self.poll({"integrity": {"status": "FAILURE", "details": [
            {"timeline_id": 1, "start_segment": "000000010000000000000002",
             "end_segment": "000000010000000000000003", "segments_count": 2,
             "status": "MISSING_LOST"}]}, "timeline": {"status": "OK", "details": {}}})
        self.assertEqual(r["state"], "down", r)
        self.assertIn("2 WAL segments lost, first 000000010000000000000002", r["reason"])

    def test_lost_wal_is_down_also_where_the_exit_says_so(self):
        self.folder.write("wal-g.exit", "1")
        lost = {"timeline_id": 1, "start_segment": "000000010000000000000002", "segments_count": 1,
                "end_segment": "000000010000000000000002", "status": "MISSING_LOST"}
        r = self.poll({"integrity": {"status": "FAILURE", "details": [lost]}})
        self.assertEqual(r["state"], "down", r)
        self.assertIn("1 WAL segment lost", r["reason"])
        lost["status"] = "FOUND"
        r = self.poll({"integrity": {"status": "OK", "details": [lost]}})
        self.assertEqual((r["state"], r["reason"]), ("unknown", "wal-g: exit 1"), r)

    def test_a_check_that_does_not_run_is_unknown_never_up(self):
        self.folder.write("wal-g.exit", "1")
        r = self.poll({})
        self.assertEqual(r["state"], "unknown", r)
        r = self.poll({}, "wal_verify", "false")
        self.assertEqual(r["state"], "up", r)


def run():
    for program in ("pgbackrest", "restic", "barman", "postgres"):
        binary(program, package=program)
    unittest.main()


if __name__ == "__main__":
    peers.main(run)
