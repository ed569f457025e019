#!/usr/bin/env python3
"""The past over kill -9 and a restart, in the real program: what was written is there, at most a minute of
it is missing, and the charts go on."""
import contextlib
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness.hostile import Http, Reply  # noqa: E402
from harness.pty import Screen  # noqa: E402

MIDWATCH = os.path.abspath(os.environ["MIDWATCH"])
MINUTE_S = 75  # a minute, and what a busy machine adds


class Past(unittest.TestCase):
    def setUp(self):
        self.tmp = tempfile.TemporaryDirectory(prefix="midwatch-past-")
        self.addCleanup(self.tmp.cleanup)
        self.env = {"XDG_STATE_HOME": self.tmp.name, "HOME": self.tmp.name, "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        self.db = pathlib.Path(self.tmp.name, "midwatch/kept/history.db")
        self.http = self.enterContext(Http({"/health": Reply(body='{"status":"ok"}', kind="application/json")}))
        self.config = pathlib.Path(self.tmp.name, "midwatch.yaml")
        self.config.write_text("watch: kept\nenvironment: staging\nservices:\n  api:\n    probes:\n"
                               f"      health: {{ http: '{self.http.url}/health', every: 1s, timeout: 900ms }}\n")
        self.config.chmod(0o600)

    def ask(self, sql):
        with contextlib.suppress(sqlite3.Error):
            with contextlib.closing(sqlite3.connect(f"file:{self.db}?mode=ro", uri=True)) as db:
                return db.execute(sql).fetchone()[0]
        return None

    def wait_for(self, what, seconds):
        until = time.monotonic() + seconds
        while not (got := what()):
            self.assertLess(time.monotonic(), until, "it did not come in time")
            time.sleep(0.05)
        return got

    def test_killed_and_begun_again(self):
        watch = subprocess.Popen([MIDWATCH, "watch", str(self.config)], env=dict(os.environ, **self.env),
                                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            self.wait_for(lambda: self.ask("SELECT count(*) FROM reel"), MINUTE_S)
        finally:
            watch.kill()
            watch.wait()
        killed_ms = time.time() * 1000
        last_ms = self.ask("SELECT max(until_ms) FROM reel")
        self.assertGreater(last_ms, killed_ms - 61000)
        self.assertEqual(self.db.stat().st_mode & 0o777, 0o600)
        chunks = self.ask("SELECT count(*) FROM chunk")
        self.assertGreaterEqual(chunks, 1)

        with Screen([MIDWATCH, str(self.config)], cols=120, rows=36, env=self.env) as s:
            s.wait_for("/ UP /", seconds=20)
            stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(last_ms / 1000))
            s.type(":past " + stamp)
            s.key("Enter")
            s.wait_for("PAST " + stamp.split()[1], seconds=10)
            self.assertIn("1 up", s.text())
            s.type(":past 30d")
            s.key("Enter")
            s.wait_for("nothing is kept of the time before", seconds=10)
            s.key("End")
            s.wait_gone("PAST", seconds=10)
            s.key("q")
            self.assertEqual(s.wait_exit(seconds=10)["status"], 0)
        # at its end it wrote what it had, into the same file
        self.assertGreater(self.ask("SELECT max(until_ms) FROM reel"), killed_ms)
        self.assertEqual(list(self.db.parent.glob("*.bad-*")), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
