#!/usr/bin/env python3
"""Those who are not at the console are told: Slack, PagerDuty, a webhook and a program, with a sink on loopback in
the place of the first three."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from app.test_headless import MIDWATCH, PATIENCE_S, Watch  # noqa: E402
from harness.hostile import Http, Reply  # noqa: E402
from harness.pty import Screen  # noqa: E402

KEY = "canary-R0uting-key"


class Notify(unittest.TestCase):
    def setUp(self):
        self.tmp = tempfile.TemporaryDirectory(prefix="midwatch-notify-")
        self.addCleanup(self.tmp.cleanup)
        self.config = pathlib.Path(self.tmp.name, "midwatch.yaml")
        self.server = self.enterContext(Http({"/": Reply()}))
        self.sink = self.enterContext(Http({"/slack": Reply(200, b"ok"), "/pd": Reply(202, b"{}"),
                                            "/hook": Reply(204, b"")}))
        self.env = {"XDG_STATE_HOME": os.path.join(self.tmp.name, "state"), "PD_KEY": KEY,
                    "SLACK": self.sink.url + "/slack", "TOKEN": "canary-T0ken-of-hook"}
        self.program = pathlib.Path(self.tmp.name, "page")
        self.paged = pathlib.Path(self.tmp.name, "paged")
        self.program.write_text(f"#!/bin/sh\nprintf '%s\\n' \"$1 $MIDWATCH_TEXT\" >>{self.paged}\n")
        self.program.chmod(0o755)
        self.write()

    def write(self, alerts=None, notify="[oncall]"):
        alerts = alerts or f"  web-down: {{ when: web is down, severity: SEV-1, keep_for: 1s, notify: {notify}, " \
                           "runbook: web.md }\n"
        self.config.write_text(
            "watch: shop\nenvironment: staging\nservices:\n  web:\n    title: Web <shop>\n    probes:\n"
            f"      health: {{ http: '{self.server.url}/', every: 500ms, timeout: 400ms, fail_after: 1 }}\n"
            f"alerts:\n{alerts}"
            "notify:\n"
            f"  oncall: {{ pagerduty: env:PD_KEY, url: '{self.sink.url}/pd' }}\n"
            "  ops: { slack: env:SLACK }\n"
            f"  hook: {{ webhook: '{self.sink.url}/hook', bearer: env:TOKEN }}\n"
            f"  pager: {{ command: [{self.program}, --loud] }}\n")

    def watch(self):
        return self.enterContext(Watch(self.config, self.env))

    def got(self, path):
        return [json.loads(r.body) for r in self.sink.hits.get(path, ())]

    def wait(self, path, n):
        until = time.monotonic() + PATIENCE_S
        while len(self.sink.hits.get(path, ())) < n and time.monotonic() < until:
            time.sleep(0.02)
        self.assertEqual(len(self.got(path)), n, self.got(path))
        return self.got(path)

    def down(self, w):
        w.wait_for("info service web: up")
        self.server["/"] = Reply(500)

    def journal(self):
        path = pathlib.Path(self.env["XDG_STATE_HOME"], "midwatch/shop/journal")
        return [json.loads(line) for line in path.read_text().splitlines()]

    def test_pagerduty_gets_trigger_acknowledge_and_resolve_under_one_key(self):
        w = self.watch()
        self.down(w)
        trigger = self.wait("/pd", 1)[0]
        self.assertEqual(set(trigger), {"routing_key", "event_action", "dedup_key", "client", "payload"})
        self.assertEqual((trigger["routing_key"], trigger["event_action"], trigger["dedup_key"]),
                         (KEY, "trigger", "midwatch/shop/web-down"))
        p = trigger["payload"]
        self.assertRegex(p["summary"], r"^\[staging shop\] FIRING SEV-1 web-down: down: .* \(Web <shop>\)$")
        self.assertLessEqual(len(p["summary"]), 1024)
        self.assertEqual((p["source"], p["severity"], p["component"]), ("shop", "critical", "web"))
        self.assertRegex(p["timestamp"], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertEqual(p["custom_details"]["runbook"], "web.md")
        self.server["/"] = Reply()
        resolve = self.wait("/pd", 2)[1]
        self.assertEqual(resolve, {"routing_key": KEY, "event_action": "resolve",
                                   "dedup_key": "midwatch/shop/web-down"})
        w.wait_for("SENT")
        _, log = w.end()
        self.assertEqual([(r["what"]["action"], r["what"]["channel"], r["what"]["result"], list(r["what"]["alerts"]))
                          for r in self.journal() if r["code"] == "SENT"],
                         [("trigger", "oncall", "202", ["web-down"]), ("resolve", "oncall", "202", ["web-down"])])
        self.assertNotIn(KEY, log)
        self.assertNotIn(KEY, json.dumps(self.journal()))

    def test_slack_webhook_and_program(self):
        self.write(notify="[ops, hook, pager]")
        w = self.watch()
        self.down(w)
        text = self.wait("/slack", 1)[0]
        self.assertEqual(list(text), ["text"])
        self.assertRegex(text["text"], r"^\[staging shop\] FIRING SEV-1 web-down: .* \(Web &lt;shop&gt;\)\nrunbook: web.md$")
        hook = self.wait("/hook", 1)[0]
        self.assertEqual((hook["version"], hook["watch"], hook["environment"], hook["test"]),
                         (1, "shop", "staging", False))
        self.assertEqual((hook["alerts"][0]["id"], hook["alerts"][0]["action"], hook["alerts"][0]["severity"]),
                         ("web-down", "trigger", "SEV-1"))
        self.assertRegex(hook["journal_head"], r"^1:[0-9a-f]{64}$")
        self.assertEqual(hook["journal_head"].split(":")[1], self.journal()[0]["h"])
        self.assertEqual(self.sink.hits["/hook"][0].headers["authorization"], "Bearer " + self.env["TOKEN"])
        self.assertEqual(self.sink.hits["/hook"][0].headers["content-type"], "application/json")
        self.server["/"] = Reply()
        self.assertIn("RESOLVED SEV-1 web-down", self.wait("/slack", 2)[1]["text"])
        until = time.monotonic() + PATIENCE_S
        while (not self.paged.exists() or self.paged.read_text().count("\n") < 2) and time.monotonic() < until:
            time.sleep(0.02)
        lines = self.paged.read_text().splitlines()
        self.assertRegex(lines[0], r"^--loud \[staging shop\] FIRING SEV-1 web-down: ")
        self.assertRegex(lines[1], r"^--loud \[staging shop\] RESOLVED SEV-1 web-down")

    def test_what_fails_is_tried_again_and_said(self):
        self.sink["/pd"] = [Reply(500), Reply(429, headers={"Retry-After": "2"}), Reply(202)]
        w = self.watch()
        self.down(w)
        self.wait("/pd", 2)
        at = time.monotonic()
        events = self.wait("/pd", 3)
        self.assertGreater(time.monotonic() - at, 1.5)  # as long as it was asked to wait
        self.assertEqual({e["dedup_key"] for e in events}, {"midwatch/shop/web-down"})
        w.wait_for("SENT")

    def test_what_was_over_before_anybody_could_be_told_is_told(self):
        self.write(notify="[hook, oncall]")
        self.sink["/hook"] = Reply(503)
        self.sink["/pd"] = Reply(503)
        w = self.watch()
        self.down(w)
        self.wait("/hook", 1)
        self.wait("/pd", 1)
        self.server["/"] = Reply()
        w.wait_for("RESOLVED")
        before = len(self.sink.hits["/pd"])
        self.sink["/hook"] = Reply(202)
        self.sink["/pd"] = Reply(202)
        w.wait_for("SENT")
        w.end()
        last = self.got("/hook")[-1]["alerts"]
        self.assertEqual([(a["id"], a["action"]) for a in last], [("web-down", "resolve")])
        self.assertIn("fired_at", last[0])
        sent = [r["what"] for r in self.journal() if r["code"] == "SENT"]
        self.assertEqual([(r["channel"], r["action"]) for r in sent], [("hook", "resolve")])
        self.assertEqual(len(self.sink.hits["/pd"]), before)  # an incident that opens only to be closed is none
        w = self.watch()
        w.wait_for("info service web: up")
        w.end()
        self.assertEqual(len([r for r in self.journal() if r["code"] == "SENT"]), 1)  # and once

    REMIND = "  web-down: { when: web is down, severity: SEV-1, keep_for: 1s, notify: [hook], remind: 2s }\n"

    def reminders(self):
        return [a["reminder"] for m in self.got("/hook") for a in m["alerts"] if a["action"] == "remind"]

    def wait_reminders(self, numbers):
        until = time.monotonic() + PATIENCE_S
        while len(self.reminders()) < len(numbers) and time.monotonic() < until:
            time.sleep(0.02)
        self.assertEqual(self.reminders()[:len(numbers)], numbers)

    def test_who_has_nobody_is_told_again_until_it_ends(self):
        self.write(alerts=self.REMIND)
        w = self.watch()
        self.down(w)
        self.wait("/hook", 1)
        at = time.monotonic()
        self.wait_reminders([1])
        self.assertGreater(time.monotonic() - at, 1.5)
        self.assertRegex(self.got("/hook")[1]["text"], r"STILL FIRING SEV-1 web-down for \ds \(reminder 1\): down")
        self.wait_reminders([1, 2])
        self.server["/"] = Reply()
        w.wait_for("RESOLVED")
        w.wait_for("hook: resolve, 204")
        n = self.reminders()
        time.sleep(2.5)  # the next one would have come
        self.assertEqual(self.reminders(), n)

    def test_a_reminder_is_neither_lost_nor_repeated_by_a_kill(self):
        self.write(alerts=self.REMIND.replace("2s", "4s"))
        w = self.watch()
        self.down(w)
        self.wait_reminders([1])
        at = time.monotonic()
        w.wait_for("hook: remind, 204")
        w.process.kill()
        w.process.wait()
        self.watch()
        self.wait_reminders([1, 2])
        self.assertGreater(time.monotonic() - at, 3.5)

    def test_nobody_is_reminded_of_what_somebody_has(self):
        self.write(alerts=self.REMIND)
        w = self.watch()
        self.down(w)
        self.wait_reminders([1])
        with Screen([MIDWATCH, self.config], cols=100, rows=30, env=self.env) as screen:
            screen.wait_for("web-down", PATIENCE_S)
            screen.key("3")
            screen.wait_for("/told .*hook [0-9:]*Z · reminder (in|now)/", PATIENCE_S)
            screen.type(":ack web-down")
            screen.key("Enter")
            w.wait_for("info ACK web-down")
            n = self.reminders()
            time.sleep(2.5)  # the next one would have come
            self.assertEqual(self.reminders(), n)

    def try_channel(self, *args):
        return subprocess.run([MIDWATCH, "test-alert", *args, self.config], capture_output=True, text=True, timeout=30,
                              env=dict(os.environ, LC_ALL="C.UTF-8", **self.env))

    def test_a_channel_is_tried_and_its_receipt_recorded(self):
        self.write(notify="[hook]")
        self.watch().wait_for("info service web: up")
        with Screen([MIDWATCH, self.config], cols=100, rows=30, env=self.env) as screen:
            screen.wait_for("up", PATIENCE_S)
            screen.key("3")
            screen.wait_for("hook: no test of it has arrived yet", PATIENCE_S)
            r = self.try_channel("hook")
            self.assertEqual((r.returncode, r.stderr), (0, ""))
            self.assertEqual(r.stdout.splitlines()[0], "hook took it: 204")
            sent = self.got("/hook")[0]
            self.assertIs(sent["test"], True)
            self.assertRegex(sent["text"], r"^\[staging shop\] TEST FIRING nothing has happened")
            self.assertEqual(self.try_channel("hook", "--received").returncode, 0)
            screen.wait_gone("no test of it has arrived yet", PATIENCE_S)
        self.assertEqual([r["what"] for r in self.journal() if r["code"] == "TESTED"],
                         [{"channel": "hook", "result": "204"}, {"channel": "hook", "received": True}])
        self.sink["/hook"] = Reply(500)
        r = self.try_channel("hook")
        self.assertEqual((r.returncode, r.stdout, r.stderr), (1, "", "midwatch: hook did not take it: 500\n"))
        r = self.try_channel("hok")
        self.assertEqual((r.returncode, r.stderr), (64, "midwatch: no channel 'hok' under 'notify'\n"))

    def test_after_a_kill_nothing_is_lost_and_nothing_told_twice(self):
        w = self.watch()
        self.down(w)
        self.wait("/pd", 1)
        w.wait_for("SENT")
        w.process.kill()
        w.process.wait()
        w = self.watch()
        w.wait_for("warn service web: down")
        time.sleep(1.5)  # it would have been told by now
        self.assertEqual(len(self.got("/pd")), 1)
        self.server["/"] = Reply()
        self.assertEqual(self.wait("/pd", 2)[1]["event_action"], "resolve")

    def test_what_was_not_sent_before_a_kill_is_sent_after_it(self):
        self.sink["/pd"] = Reply(500)
        w = self.watch()
        self.down(w)
        self.wait("/pd", 1)
        w.process.kill()
        w.process.wait()
        n = len(self.got("/pd"))
        self.sink["/pd"] = Reply(202)
        self.watch()
        self.assertEqual(self.wait("/pd", n + 1)[-1]["event_action"], "trigger")

    def test_a_journal_that_refuses_keeps_nobody_asleep(self):
        w = self.watch()
        w.wait_for("info service web: up")
        journal = pathlib.Path(self.env["XDG_STATE_HOME"], "midwatch/shop/journal")
        journal.touch()
        journal.chmod(0o644)  # others can read it: refused
        self.server["/"] = Reply(500)
        self.assertEqual(self.wait("/pd", 1)[0]["event_action"], "trigger")
        w.wait_for("warn notice: nothing can be recorded: others can read or write it")
        self.server["/"] = Reply()
        self.assertEqual(self.wait("/pd", 2)[1]["event_action"], "resolve")
        self.assertEqual(journal.read_text(), "")

    def test_many_at_once_are_few_messages(self):
        self.write(alerts="".join(f"  a{i}: {{ when: web is down, severity: SEV-2, notify: [ops, hook] }}\n"
                                  for i in range(1000)))
        w = self.watch()
        self.down(w)
        hook = self.wait("/hook", 1)[0]
        until = time.monotonic() + PATIENCE_S
        while sum(len(m["alerts"]) for m in self.got("/hook")) < 1000 and time.monotonic() < until:
            time.sleep(0.05)
        ids = [a["id"] for m in self.got("/hook") for a in m["alerts"]]
        self.assertEqual(sorted(ids), sorted(f"a{i}" for i in range(1000)))
        self.assertLessEqual(len(self.got("/hook")), 10)
        self.assertLessEqual(len(self.got("/slack")), 10)
        # nobody read its log meanwhile: that held up nothing, and what was lost is counted
        w.read()
        self.server["/"] = Reply()
        w.wait_for(r"warn lost: \d+ lines before this one$")
        self.assertIn("[staging shop]", hook["text"])
        self.assertRegex(self.got("/slack")[-1]["text"], r"\d+ firing; FIRING SEV-2 a\d+.*\n(.*\n)*and \d+ more")


if __name__ == "__main__":
    unittest.main()
