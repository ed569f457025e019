#!/usr/bin/env python3
"""`midwatch watch`: the watch without a screen, its log and its end."""
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness.hostile import Http, Reply  # noqa: E402
from harness.pty import Screen  # noqa: E402

MIDWATCH = os.path.abspath(os.environ["MIDWATCH"])
PATIENCE_S = 20


class Watch:
    """A running `midwatch watch`; its log is read as it comes."""

    def __init__(self, config, env, *args):
        self.process = subprocess.Popen([MIDWATCH, "watch", *args, str(config)], stderr=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stdin=subprocess.DEVNULL,
                                        env=dict(os.environ, LC_ALL="C.UTF-8", **env))
        os.set_blocking(self.process.stderr.fileno(), False)
        self.log = b""

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.process.kill()
        self.process.communicate()

    def read(self):
        while chunk := self.process.stderr.read():
            self.log += chunk
        return self.log.decode()

    def wait_for(self, pattern):
        until = time.monotonic() + PATIENCE_S
        while not re.search(pattern, self.read(), re.M):
            if time.monotonic() > until or self.process.poll() is not None:
                raise AssertionError(f"not in the log: {pattern}\n{self.read()}")
            time.sleep(0.02)

    def end(self, signo=signal.SIGTERM):
        self.process.send_signal(signo)
        status = self.process.wait(PATIENCE_S)
        return status, self.read()


class Headless(unittest.TestCase):
    def setUp(self):
        self.tmp = tempfile.TemporaryDirectory(prefix="midwatch-headless-")
        self.addCleanup(self.tmp.cleanup)
        self.env = {"XDG_STATE_HOME": os.path.join(self.tmp.name, "state")}
        self.config = pathlib.Path(self.tmp.name, "midwatch.yaml")
        self.server = self.enterContext(Http({"/": Reply()}))
        self.write()

    def write(self, more=""):
        self.config.write_text(
            "watch: shop\nservices:\n  web:\n    probes:\n"
            f"      health: {{ http: '{self.server.url}/', every: 500ms, timeout: 400ms, fail_after: 1 }}\n"
            "alerts:\n  web-down: { when: web is down, severity: SEV-1, keep_for: 1s }\n" + more)

    def watch(self, *args):
        return self.enterContext(Watch(self.config, self.env, *args))

    def test_what_changes_is_a_line_of_its_log(self):
        w = self.watch()
        w.wait_for(r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ info begins: shop, 1 services, 1 probes, 1 alerts$")
        w.wait_for(r"info service web: up: ")
        self.server["/"] = Reply(500)
        w.wait_for(r"warn service web: down: ")
        w.wait_for(r"warn FIRING web-down: down: .*, by \S+@\S+, record 1$")
        self.server["/"] = Reply()
        w.wait_for(r"info service web: up: ")
        w.wait_for(r"info RESOLVED web-down: well again, by \S+@\S+, record 2$")
        status, log = w.end()
        self.assertEqual(status, 0, log)
        self.assertRegex(log, r"Z info ends: asked to\n$")

    def test_lines_of_json(self):
        w = self.watch("--json")
        self.server["/"] = Reply(500)
        w.wait_for(r'"what":"FIRING","of":"web-down"')
        status, log = w.end(signal.SIGINT)
        self.assertEqual(status, 0)
        for line in log.splitlines():
            self.assertEqual(set(json.loads(line)) - {"of"}, {"t", "level", "what", "words"})

    def test_a_reload_is_told_and_a_wrong_one_leaves_the_old(self):
        w = self.watch()
        w.wait_for("info service web: up")
        self.write("  second: { when: web is degraded, severity: SEV-2 }\n")
        w.process.send_signal(signal.SIGHUP)
        w.wait_for("info watch: reloaded: 1 alert new$")
        self.write("  third: { when: web is dwon, severity: SEV-2 }\n")
        w.process.send_signal(signal.SIGHUP)
        w.wait_for("warn watch: reload: not taken, the old configuration stays$")
        w.wait_for(r"warn notice: .*midwatch.yaml:\d+:\d+: alerts.third.when: 'dwon' is no state")
        self.assertEqual(w.end()[0], 0)

    def test_hostile_words_reach_no_log(self):
        self.server["/"] = Reply(500, b'{"status":"DOWN\\u001b]0;x\\u0007","message":"a\\nb\\u202ec"}')
        w = self.watch()
        w.wait_for("warn service web: down")
        _, log = w.end()
        self.assertIsNone(re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", log), log)

    def test_a_console_beside_it_records_nothing_twice_and_takes_over(self):
        w = self.watch()
        w.wait_for("info service web: up")
        with Screen([MIDWATCH, self.config], cols=100, rows=30, env=self.env) as s:
            s.wait_for("/web +up/", seconds=PATIENCE_S)
            self.server["/"] = Reply(500)
            w.wait_for("FIRING web-down")
            s.key("3")
            s.wait_for("/firing.*web-down/", seconds=PATIENCE_S)
            w.process.kill()
            w.process.wait()
            self.server["/"] = Reply()
            s.wait_for("/resolved.*web-down/", seconds=PATIENCE_S)
            journal = pathlib.Path(self.env["XDG_STATE_HOME"], "midwatch/shop/journal")
            until = time.monotonic() + PATIENCE_S
            while '"RESOLVED"' not in journal.read_text() and time.monotonic() < until:
                time.sleep(0.02)
            s.key("q")
            s.wait_exit(5)
        codes = [json.loads(line)["code"] for line in journal.read_text().splitlines()]
        self.assertEqual(codes, ["FIRING", "RESOLVED"])


if __name__ == "__main__":
    unittest.main()
