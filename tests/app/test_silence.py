#!/usr/bin/env python3
"""Silences from one end to the other: typed in a console, kept in the journal, obeyed by whoever tells people."""
import json
import os
import pathlib
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from app.test_headless import MIDWATCH, PATIENCE_S, Watch  # noqa: E402
from harness.hostile import Http, Reply  # noqa: E402
from harness.pty import Screen  # noqa: E402


class Silence(unittest.TestCase):
    def setUp(self):
        self.tmp = tempfile.TemporaryDirectory(prefix="midwatch-silence-")
        self.addCleanup(self.tmp.cleanup)
        self.config = pathlib.Path(self.tmp.name, "midwatch.yaml")
        self.server = self.enterContext(Http({"/": Reply()}))
        self.sink = self.enterContext(Http({"/hook": Reply(204, b"")}))
        self.env = {"XDG_STATE_HOME": os.path.join(self.tmp.name, "state")}
        self.write()

    def write(self, more=""):
        self.config.write_text(
            "watch: shop\nenvironment: staging\nservices:\n  web:\n    probes:\n"
            f"      health: {{ http: '{self.server.url}/', every: 500ms, timeout: 400ms, fail_after: 1 }}\n"
            "alerts:\n"
            "  web-down: { when: web is down, severity: SEV-1, keep_for: 1s, notify: [hook] }\n"
            "  web-errs: { when: status(web) == down, severity: SEV-2, keep_for: 1s, notify: [hook] }\n"
            f"notify:\n  hook: {{ webhook: '{self.sink.url}/hook' }}\n" + more)

    def watch(self):
        return self.enterContext(Watch(self.config, self.env))

    def console(self):
        return Screen([MIDWATCH, self.config], cols=120, rows=36, env=self.env)

    def told(self):
        return [(a["action"], a["id"]) for r in self.sink.hits.get("/hook", ()) for a in json.loads(r.body)["alerts"]]

    def wait_told(self, *wanted):
        until = time.monotonic() + PATIENCE_S
        while sorted(self.told()) != sorted(wanted) and time.monotonic() < until:
            time.sleep(0.02)
        self.assertEqual(sorted(self.told()), sorted(wanted))

    def journal(self, code):
        path = pathlib.Path(self.env["XDG_STATE_HOME"], "midwatch/shop/journal")
        return [r for r in map(json.loads, path.read_text().splitlines()) if r["code"] == code]

    def silence(self, s, words):
        s.type(f":silence {words}")
        s.key("Enter")
        s.wait_for(r"/silenced: record [0-9]+/", seconds=10)

    def end(self, *screens):
        for s in screens:
            s.key("q")
            s.wait_exit(5)

    def test_silenced_alert_is_not_told_until_the_silence_ends(self):
        w = self.watch()
        w.wait_for("info service web: up")
        with self.console() as s:
            self.silence(s, "alert=web-down 6s the router is swapped")
            w.wait_for("SILENCE s[0-9a-f]{5}: the router is swapped, by ")
            self.server["/"] = Reply(500)
            self.wait_told(("trigger", "web-errs"))  # the other one is not hit
            s.key("3")
            s.wait_for(r"/~ silenced +SEV-1 +web-down/", seconds=10)
            self.wait_told(("trigger", "web-errs"), ("trigger", "web-down"))
            s.wait_for(r"/✗ firing +SEV-1 +web-down/", seconds=10)  # it ended by itself
            self.end(s)
        r = self.journal("SILENCE")[0]
        self.assertEqual((r["what"]["match"], r["what"]["reason"]), ({"alert": "web-down"}, "the router is swapped"))
        told = [x for x in self.journal("SENT") if "web-down" in x["what"]["alerts"]][0]
        self.assertGreaterEqual(told["t"], self.stamp(r["what"]["until_ms"]))
        self.assertLess(self.journal("FIRING")[0]["t"], self.stamp(r["what"]["until_ms"]))  # recorded all the same

    @staticmethod
    def stamp(ms):
        return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ms / 1000)) + f".{ms % 1000:03d}Z"

    def test_every_console_sees_it_and_any_ends_it(self):
        w = self.watch()
        w.wait_for("info service web: up")
        with self.console() as a, self.console() as b:
            self.silence(a, "service=web 2h we know")
            self.server["/"] = Reply(500)
            for s in (a, b):
                s.key("3")
                s.wait_for(r"/~ silenced +SEV-1 +web-down/", seconds=10)
                s.wait_for(r"/service=web +2 +in 1h[0-9]+m/", seconds=10)
            w.wait_for("FIRING web-errs")
            self.assertEqual(self.told(), [])
            b.type(":unsilence s")
            b.key("Tab")
            b.key("Enter")
            b.wait_for(r"/the silence ends: record [0-9]+/", seconds=10)
            a.wait_gone("~ silenced", seconds=10)
            self.wait_told(("trigger", "web-down"), ("trigger", "web-errs"))
            self.end(a, b)

    def test_it_is_known_after_a_kill_and_over_a_reload(self):
        w = self.watch()
        w.wait_for("info service web: up")
        with self.console() as s:
            self.silence(s, "severity=SEV-1 2h we know")
            self.end(s)
        w.process.kill()
        w.process.wait()
        self.server["/"] = Reply(500)
        w = self.watch()
        self.wait_told(("trigger", "web-errs"))
        w.wait_for("FIRING web-down")
        self.write("history: { keep: 8d }\n")
        w.process.send_signal(1)
        w.wait_for("reloaded")
        self.server["/"] = Reply()  # of what was not told the end is not told either
        self.wait_told(("trigger", "web-errs"), ("resolve", "web-errs"))
        w.wait_for("RESOLVED web-down")

    def window(self, from_s, until_s):
        at = (time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + s)) for s in (from_s, until_s))
        return "maintenance: { move: { match: { service: web }, reason: the new rack, from: %s, until: %s } }\n" % tuple(at)

    def test_a_window_of_maintenance_silences_until_it_ends(self):
        self.write(self.window(-60, 6))
        w = self.watch()
        w.wait_for("info service web: up")
        self.server["/"] = Reply(500)
        w.wait_for("FIRING web-down")
        with self.console() as s:
            s.key("3")
            s.wait_for(r"/~ silenced +SEV-1 +web-down +web +until [0-9:]+Z by conf/", seconds=10)
            self.assertEqual(self.told(), [])
            self.wait_told(("trigger", "web-errs"), ("trigger", "web-down"))
            self.end(s)
        self.assertEqual(self.journal("SILENCE"), [])

    def test_a_window_taken_out_of_the_configuration_ends(self):
        self.write(self.window(-60, 3600))
        w = self.watch()
        w.wait_for("info service web: up")
        self.server["/"] = Reply(500)
        w.wait_for("FIRING web-errs")
        self.assertEqual(self.told(), [])
        self.write()
        w.process.send_signal(1)
        w.wait_for("reloaded: maintenance changed")
        self.wait_told(("trigger", "web-errs"), ("trigger", "web-down"))


if __name__ == "__main__":
    unittest.main()
