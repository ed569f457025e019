#!/usr/bin/env python3
"""The collector, killed at any call that writes, again and again over the same store while an alert comes and
goes: the chain stays whole, what somebody was told of stands in the journal, nothing that stands there stays
untold, and nothing is told twice but around a kill.

MIDWATCH_FULL=1 kills a thousand times, else fifty.
"""
import concurrent.futures
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import peers  # noqa: E402
from harness.hostile import Http, Reply  # noqa: E402

MIDWATCH = os.path.abspath(os.environ["MIDWATCH"])
SHIM = os.environ["MIDWATCH_KILLSHIM"]
KILLS = 1000 if os.environ.get("MIDWATCH_FULL") == "1" else 50
STORES, SEED = 4, int(os.environ.get("SEED", "0")) or random.randrange(1 << 20)
PATIENCE_S = 20
TORN = "nobody was told that it is done"  # of a line that its writer did not finish: the next one sets it aside


class Store:
    """One watch with its store, its target and its sink, over many lives of its collector."""

    def __init__(self, case, n, kills):
        self.rng, self.kills, self.case = random.Random(SEED + n), kills, case
        tmp = tempfile.TemporaryDirectory(prefix="midwatch-kills-")
        case.addCleanup(tmp.cleanup)
        self.dir = tmp.name
        self.env = dict(os.environ, XDG_STATE_HOME=self.dir, HOME=self.dir, LC_ALL="C.UTF-8",
                        ASAN_OPTIONS="verify_asan_link_order=0")
        self.target = case.enterContext(Http({"/": Reply()}))
        self.sink = case.enterContext(Http({"/hook": Reply(202)}))
        self.config = pathlib.Path(self.dir, "midwatch.yaml")
        self.config.write_text(
            "watch: kills\nenvironment: staging\nservices:\n  web:\n    probes:\n"
            f"      p: {{ http: '{self.target.url}/', every: 100ms, timeout: 90ms, fail_after: 1 }}\n"
            "alerts:\n  down: { when: web is down, severity: SEV-1, keep_for: 0s, notify: hook }\n"
            f"notify:\n  hook: {{ webhook: '{self.sink.url}/hook' }}\n")
        self.config.chmod(0o600)
        self.journal = pathlib.Path(self.dir, "midwatch/kills/journal")
        self.killed = self.lives = 0
        self.log = open(os.path.join(self.dir, "log"), "w", encoding="utf-8")  # noqa: SIM115
        case.addCleanup(self.log.close)

    def live(self, env):
        self.lives += 1
        return subprocess.Popen([MIDWATCH, "watch", str(self.config)], env=dict(self.env, **env),
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.log)

    def records(self):
        if not self.journal.exists():
            return []
        lines = self.journal.read_text().splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n")]  # the last one may be torn

    def verify(self):
        done = subprocess.run([MIDWATCH, "journal", "verify", str(self.config)], env=self.env, capture_output=True,
                              text=True)
        return done.returncode, done.stdout + done.stderr

    def turn(self, up):
        self.target["/"] = Reply() if up else Reply(500)

    def one_life(self, up):
        """It sees the other state, and is killed at some call of what follows."""
        self.turn(up)
        p = self.live({"LD_PRELOAD": SHIM, "KILL_DIR": self.dir + "/midwatch", "KILL_HOW": str(self.rng.randrange(3)),
                       "KILL_AT": str(self.rng.randrange(1, 12))})
        try:
            p.wait(self.rng.uniform(0.5, 1.2))
        except subprocess.TimeoutExpired:
            p.kill()  # it came to no such call: killed where it stood
        p.wait()
        self.killed += p.returncode == -signal.SIGKILL
        code, said = self.verify()
        # a line that nobody was told of may be torn; the chain before it is whole
        self.case.assertTrue(code == 0 or TORN in said or not self.journal.exists(),
                             f"seed {SEED}, life {self.lives}: {said}")

    def run(self):
        for i in range(self.kills):
            self.one_life(up=i % 2 == 1)
        return self

    def last_life(self):
        """It is left alone until all that stands in the journal was told."""
        self.turn(True)
        self.log.truncate(0)
        p = self.live({})
        try:
            until = time.monotonic() + PATIENCE_S
            while not (self.all_told() and self.seen("service web: up")) and time.monotonic() < until:
                time.sleep(0.1)
        finally:
            p.send_signal(signal.SIGTERM)
            p.wait(PATIENCE_S)
        return p.returncode

    def seen(self, words):
        return words in pathlib.Path(self.log.name).read_text(encoding="utf-8")

    def told(self):
        """(action, alert, when it began to fire) of each message that the sink took."""
        out = []
        for hit in self.sink.hits.get("/hook", []):
            out += [(a["action"], a["id"], a["fired_at"]) for a in json.loads(hit.body)["alerts"]]
        return out

    def all_told(self):
        records = self.records()
        fires = [r for r in records if r["code"] in ("FIRING", "RESOLVED")]
        return bool(fires) and fires[-1]["code"] == "RESOLVED" and any(
            r["code"] == "SENT" and r["n"] > fires[-1]["n"] for r in records)


class Kills(unittest.TestCase):
    def test_killed_at_every_write(self):
        stores = [Store(self, n, KILLS // STORES) for n in range(STORES)]
        with concurrent.futures.ThreadPoolExecutor(STORES) as pool:
            list(pool.map(Store.run, stores))
        killed = sum(s.killed for s in stores)
        print(f"seed {SEED}: {killed} kills, {sum(len(s.records()) for s in stores)} records", flush=True)
        self.assertEqual(killed, sum(s.lives for s in stores))
        for s in stores:
            self.assertEqual(s.last_life(), 0)
            code, said = s.verify()
            self.assertTrue(code == 0 or TORN in said, said)  # where there was nothing more to write
            self.assertTrue(s.all_told(), f"seed {SEED}: the last end was never told")
            self.judge(s)

    def judge(self, s):
        records = s.records()
        self.assertEqual([r["n"] for r in records], list(range(1, len(records) + 1)))
        began = sum(r["code"] == "FIRING" for r in records)
        told = [t for t in s.told() if t[0] == "trigger"]
        self.assertGreaterEqual(began, 2)
        # who was told was told of what stands in the journal
        fired = {r["t"] for r in records if r["code"] == "FIRING"}
        self.assertLessEqual(len(set(told)), len(fired))
        last = [r["what"]["fired_ms"] for r in records if r["code"] == "FIRING"][-1]
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(last // 1000))
        self.assertIn(stamp, {t[2] for t in s.told()})  # also when it was over before anybody could be told
        # at least once, and twice only where it was killed between the message and its record
        sent = sum(r["code"] == "SENT" and r["what"]["action"] == "trigger" for r in records)
        self.assertLessEqual(sent, len(told))
        self.assertLessEqual(len(told) - len(set(told)), s.killed)
        # an alert that was recorded to fire twice in a row would be one that somebody forgot
        states = [r["code"] for r in records if r["code"] in ("FIRING", "RESOLVED")]
        self.assertFalse(any(a == b for a, b in zip(states, states[1:])), states)


if __name__ == "__main__":
    peers.main(lambda: not unittest.main(verbosity=2, exit=False).result.wasSuccessful())
