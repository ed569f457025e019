#!/usr/bin/env python3
"""Dumps that pg_dump, gzip and sha256sum made, read back by gzip and pg_restore; and a PostgreSQL that
archives its WAL, fails to, and goes on."""
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
from harness.peers import Postgres, binary, wait_until  # noqa: E402
from probes.probing import Prober  # noqa: E402

AGE, SIZE, CHANGE, KEPT, OLDEST, WAL = range(6)
HOUR = 3600


def finding(r, name):
    return next((c for c in r["components"] if c["name"] == name), None)


class DumpsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.pg = Postgres().__enter__()
        cls.pg.sql("CREATE TABLE orders (id int, note text); "
                   "INSERT INTO orders SELECT i, md5(i::text) FROM generate_series(1, 5000) i")
        cls.pg_dump = binary("pg_dump", package="postgresql-client-15")
        cls.pg_restore = binary("pg_restore", package="postgresql-client-15")

    @classmethod
    def tearDownClass(cls):
        cls.pg.close()

    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="midwatch-dumps-"))
        self.addCleanup(shutil.rmtree, self.dir)

    def dump(self, name, *options):
        out = subprocess.run([self.pg_dump, "-d", self.pg.conninfo, *options], check=True,
                             capture_output=True).stdout
        return self.put(name, out)

    def put(self, name, data, age_s=HOUR):
        path = self.dir / name
        path.write_bytes(data)
        self.age(path, age_s)
        return path

    def age(self, path, age_s):
        at = time.time() - age_s
        os.utime(path, (at, at))

    def poll(self, pattern, *words):
        with Prober("files", "files", f"{self.dir}/{pattern}", "rpo", "26h", "timeout", "60s",
                    *words) as p:
            return p.poll()

    def test_a_plain_dump_has_its_last_line(self):
        path = self.dump("shop.sql")
        r = self.poll("shop*.sql")
        self.assertEqual(r["state"], "up", r)
        self.assertIn("plain dump, its last line is there", r["table"][1][5])
        data = path.read_bytes()
        for cut in (len(data) // 2, len(data) - 200):
            self.put("shop.sql", data[:cut])
            r = self.poll("shop*.sql")
            self.assertEqual(r["state"], "down", r)
            self.assertIn("the dump broke off: its last line is missing", r["reason"])

    def test_a_packed_dump_is_read_back(self):
        plain = self.dump("shop.sql").read_bytes()
        packed = subprocess.run(["gzip", "-9"], input=plain, capture_output=True, check=True).stdout
        words = ("verify", "gzip", "verify", "-dc")
        self.put("shop.sql.gz", packed)
        r = self.poll("shop*.gz", *words)
        self.assertEqual(r["state"], "up", r)
        self.assertEqual(r["values"][SIZE]["value"], len(packed))
        self.assertIn("gzip -dc and the last line good", r["table"][1][5])
        self.put("shop.sql.gz", packed[:-40])
        r = self.poll("shop*.gz", *words)
        self.assertEqual(r["state"], "down", r)
        self.assertIn("unexpected end of file", r["reason"])
        broken = subprocess.run(["gzip", "-9"], input=plain[:-300], capture_output=True,
                                check=True).stdout
        self.put("shop.sql.gz", broken)  # gzip -t takes it
        self.assertEqual(subprocess.run(["gzip", "-t"], input=broken, check=False).returncode, 0)
        r = self.poll("shop*.gz", *words)
        self.assertEqual(r["state"], "down", r)
        self.assertIn("the dump in it broke off", r["reason"])
        spoiled = bytearray(packed)
        spoiled[len(packed) // 2] ^= 0x10
        self.put("shop.sql.gz", bytes(spoiled))
        self.assertEqual(self.poll("shop*.gz", *words)["state"], "down")

    def test_a_custom_dump_is_listed_by_pg_restore(self):
        path = self.dump("shop.dump", "-Fc")
        words = ("verify", self.pg_restore, "verify", "-l")
        r = self.poll("shop*.dump", *words)
        self.assertEqual(r["state"], "up", r)
        self.assertIn("pg_dump's own format, pg_restore -l good", r["table"][1][5])
        self.put("shop.dump", path.read_bytes()[:300])
        r = self.poll("shop*.dump", *words)
        self.assertEqual(r["state"], "down", r)
        self.assertIn("pg_restore -l says no", r["reason"])

    def test_a_checksum_is_counted_over(self):
        path = self.dump("shop.sql")
        out = subprocess.run(["sha256sum", path.name], cwd=self.dir, capture_output=True, check=True)
        (self.dir / "shop.sql.sha256").write_bytes(out.stdout)
        r = self.poll("shop*.sql", "checksum", "true")
        self.assertEqual(r["state"], "up", r)
        self.assertIn("sha256sum good", r["table"][1][5])
        data = bytearray(path.read_bytes())
        data[100] ^= 1
        self.put("shop.sql", bytes(data))
        r = self.poll("shop*.sql", "checksum", "true")
        self.assertEqual(r["state"], "down", r)
        self.assertIn("its checksum is another one than beside it", r["reason"])


class ArchiverTest(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="midwatch-archive-")
        self.addCleanup(shutil.rmtree, self.dir)
        os.chmod(self.dir, 0o777)
        self.archive = os.path.join(self.dir, "wal")
        os.mkdir(self.archive)
        os.chmod(self.archive, 0o777)

    def server(self, **settings):
        return Postgres({"wal_level": "replica", "archive_mode": "on",
                         "archive_command": f"cp %p {self.archive}/%f", **settings})

    def test_the_archive_is_held_against_what_was_written(self):
        with self.server() as pg, Prober("pg_stat_archiver", "pg_stat_archiver", pg.conninfo, "rpo",
                                         "1h") as p:
            r = p.poll()
            self.assertEqual(r["state"], "down", r)
            self.assertIn("nothing is known to be in the archive", r["reason"])
            pg.sql("CREATE TABLE t (x int); INSERT INTO t VALUES (1)")
            pg.sql("SELECT pg_switch_wal()")
            r = wait_until(lambda: (lambda a: a if a["state"] == "up" else None)(p.poll()),
                           what="the first segment in the archive")
            self.assertRegex(r["reason"], r"^recoverable up to \d+s ago, RPO 1h$")
            self.assertTrue(r["values"][AGE]["known"])
            self.assertLess(r["values"][AGE]["value"], 60)
            self.assertFalse(r["values"][KEPT]["known"])
            self.assertIn("no segment waits", finding(r, "WAL")["note"])
            # the archive goes: what fails after the last success is broken, at once
            os.rename(self.archive, self.archive + ".gone")
            pg.sql("INSERT INTO t SELECT generate_series(1, 1000)")
            pg.sql("SELECT pg_switch_wal()")
            r = wait_until(lambda: (lambda a: a if a["state"] == "down" else None)(p.poll()),
                           seconds=30, what="a failure that is told")
            self.assertRegex(r["reason"], r"archiving fails: 0000000100000000000000\w\w, \d+ failure")
            os.rename(self.archive + ".gone", self.archive)
            r = wait_until(lambda: (lambda a: a if a["state"] == "up" else None)(p.poll()),
                           seconds=90, what="archiving that goes on")
            # a base backup leaves a name of another form
            with pg.session("SELECT pg_backup_start('x', true); SELECT pg_backup_stop(false)"):
                pass
            wait_until(lambda: any(".backup" in n for n in os.listdir(self.archive)),
                       seconds=30, what="a backup's history file")
            last = pg.sql("SELECT last_archived_wal FROM pg_stat_archiver")
            r = p.poll()
            self.assertEqual(r["state"], "up", (last, r))

    def test_archiving_that_is_off_is_no_archive(self):
        with Postgres() as pg, Prober("pg_stat_archiver", "pg_stat_archiver", pg.conninfo, "rpo",
                                      "1h") as p:
            r = p.poll()
            self.assertEqual(r["state"], "down")
            self.assertIn("archive_mode is off", r["reason"])
            self.assertFalse(r["values"][AGE]["known"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
