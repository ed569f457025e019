#!/usr/bin/env python3
"""The jsonlog probe against logs that the real loggers write (pino and winston from npm, scripts/lib.sh says
where they lie; Python's logging) and the real logrotate turns over: its numbers are the writers' own."""
import json
import logging.handlers
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent))
from harness import peers  # noqa: E402
from probes.probing import Prober  # noqa: E402

MODULES = os.environ.get("MIDWATCH_NODE_MODULES", str(ROOT / "build-npm" / "node_modules"))
LOGROTATE = shutil.which("logrotate", path="/usr/sbin:/usr/bin:/sbin")

PINO = """
const pino = require('pino');
const log = pino({ base: { pid: 1 } }, pino.destination({ dest: process.argv[1], sync: true }));
let bad = 0, all = 0;
for (let i = 0; i < 200; i++) {
  const child = log.child({ requestId: 'r' + i, level: 'x' });  // a name that is there already
  const statusCode = i % 10 == 3 ? 503 : 200;
  child[statusCode > 499 ? 'error' : 'info']({ req: { method: 'GET', url: '/api/units?search=\\u001b[31m"' },
    res: { statusCode }, responseTime: i }, 'request completed');
  all++; bad += statusCode > 499;
}
log.error(new Error('with a stack'));
console.log(JSON.stringify({ all, bad }));
"""

WINSTON = """
const { createLogger, format, transports } = require('winston');
const log = createLogger({ format: format.combine(format.timestamp(), format.json()),
                           transports: [new transports.File({ filename: process.argv[1] })] });
let errors = 0;
for (let i = 0; i < 200; i++) {
  const level = i % 4 ? 'info' : 'error';
  log.log(level, 'caf\\u00e9 ' + i, { requestId: 'r' + i, userId: i, path: '/api/orders/' + i % 3,
                                     method: 'GET', error: { name: i % 8 ? 'Timeout' : 'Refused' } });
  errors += level == 'error';
}
log.on('finish', () => setTimeout(() => console.log(JSON.stringify({ errors })), 300));
log.end();
"""


class LogTest(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory(prefix="midwatch-test-")
        self.path = pathlib.Path(self.dir.name, "api.log")

    def tearDown(self):
        self.dir.cleanup()

    def node(self, module, script):
        node = shutil.which("node")
        if not node or not os.path.isdir(os.path.join(MODULES, module)):
            if os.environ.get("MIDWATCH_NO_SKIP") == "1":
                self.fail(f"nothing may be skipped: no {module} in {MODULES}")
            self.skipTest(f"no {module} in {MODULES}")
        out = subprocess.run([node, "-e", script, "--", str(self.path)], capture_output=True, text=True,
                             env={"PATH": os.environ["PATH"], "NODE_PATH": MODULES}, timeout=60)
        self.assertEqual(out.returncode, 0, out.stderr)
        return json.loads(out.stdout)

    def asked(self, *words):
        with Prober("jsonlog", "jsonlog", str(self.path), *words) as p:
            return p.poll()

    def test_pino(self):
        wrote = self.node("pino", PINO)
        r = self.asked("where:res.statusCode", "500-599", "of:res.statusCode", "*", "measure", "ratio")
        self.assertEqual(r["state"], "up")
        self.assertIn(f"{wrote['bad']} of {wrote['all']} lines", r["reason"])
        self.assertNotIn("JSON", r["reason"])
        r = self.asked("where:res.statusCode", "*", "measure", "p95", "field", "responseTime")
        self.assertAlmostEqual(r["values"][0]["value"], 190, delta=4)
        r = self.asked("where:err.type", "Error", "where:level", ">=50")
        self.assertEqual(r["values"][0]["value"], 1, r["reason"])

    def test_winston(self):
        wrote = self.node("winston", WINSTON)
        r = self.asked("where:level", "error", "where:message", "caf\u00e9*", "group_by", "error.name",
                       "group_by", "path")
        self.assertEqual(r["values"][0]["value"], wrote["errors"], r["reason"])
        self.assertNotIn("JSON", r["reason"])
        self.assertEqual(r["table"][0], ["error.name", "path", "lines"])
        self.assertEqual(sum(int(row[2]) for row in r["table"][1:]), wrote["errors"])

    # -- logrotate --

    def rotate(self, *words):
        if not LOGROTATE:
            if os.environ.get("MIDWATCH_NO_SKIP") == "1":
                self.fail("nothing may be skipped: no logrotate")
            self.skipTest("no logrotate")
        conf = pathlib.Path(self.dir.name, "conf")
        words = "\n".join(words)
        conf.write_text(f"{self.path} {{\nrotate 3\nsize 1\nmissingok\n{words}\n}}\n")
        conf.chmod(0o644)
        os.chmod(self.dir.name, 0o755)
        subprocess.run([LOGROTATE, "-f", "-s", str(conf) + ".state", str(conf)], check=True,
                       capture_output=True, timeout=30)

    def write(self, handler, n, first):
        logger = logging.Logger("api")
        logger.addHandler(handler)
        for i in range(first, first + n):
            logger.error(json.dumps({"level": "error", "n": i}))

    def turned_over(self, make_handler, *words):
        """Five turns, each with lines before and behind; the probe looks now and then."""
        handler, written = make_handler(self.path), 0
        self.addCleanup(handler.close)
        with Prober("jsonlog", "jsonlog", str(self.path), "where:level", "error") as p:
            p.poll()
            for turn in range(5):
                self.write(handler, 100, written)
                written += 100
                r = p.poll()
                self.assertEqual(r["values"][0]["value"], written, r["reason"])
                if turn % 2:  # ... also when it did not look between
                    self.write(handler, 50, written)
                    written += 50 * (words[0] != "copytruncate")
                self.rotate(*words)
                self.write(handler, 10, written)
                written += 10
            r = p.poll()
            self.assertEqual(r["values"][0]["value"], written, r["reason"])
            self.assertNotIn("JSON", r["reason"])
        return r["reason"]

    def test_a_file_that_is_renamed_and_created_anew_loses_no_line(self):
        self.turned_over(logging.handlers.WatchedFileHandler, "create 0644", "nocompress")

    def test_a_file_that_is_renamed_twice_between_two_looks_loses_no_line(self):
        handler = logging.handlers.WatchedFileHandler(self.path)
        self.addCleanup(handler.close)
        with Prober("jsonlog", "jsonlog", str(self.path), "where:level", "error") as p:
            p.poll()  # from here on lines count as they come
            self.write(handler, 10, 0)
            p.poll()
            for first in range(10, 40, 10):
                self.write(handler, 10, first)
                time.sleep(0.02)  # so that the files' times differ: the kernel's are of its tick
                self.rotate("create 0644", "nocompress")
            self.write(handler, 10, 40)
            r = p.poll()
            self.assertEqual(r["values"][0]["value"], 50, r["reason"])

    def test_a_writer_that_does_not_notice_loses_no_line(self):
        self.turned_over(logging.FileHandler, "nocreate")

    def test_a_file_that_is_emptied_in_place_loses_what_was_not_seen_and_says_so(self):
        reason = self.turned_over(logging.FileHandler, "copytruncate")
        self.assertIn("emptied in place: the last lines before may be missing", reason)

    # -- a command --

    def test_tail_follows_through_a_rotation(self):
        tail = shutil.which("tail")
        handler = logging.handlers.WatchedFileHandler(self.path)
        self.addCleanup(handler.close)
        self.write(handler, 10, 0)
        with Prober("jsonlog", "jsonlog", tail, "jsonlog", "-n", "jsonlog", "+1", "jsonlog", "-F", "jsonlog",
                    str(self.path), "where:level", "error") as p:
            peers.wait_until(lambda: p.poll()["values"][0]["value"] == 10, 20, "ten lines")
            self.rotate("create 0644")
            self.write(handler, 10, 10)
            peers.wait_until(lambda: p.poll()["values"][0]["value"] == 20, 20, "twenty lines")


if __name__ == "__main__":
    unittest.main()
