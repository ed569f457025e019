#!/usr/bin/env python3
"""Those who are not at the console get a mail, from a server that takes it, refuses it, hangs, drops, or does not
offer to encrypt it."""
import json
import os
import pathlib
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from app.test_headless import PATIENCE_S, Watch  # noqa: E402
from harness.hostile import Http, Reply  # noqa: E402
from harness.hostile_smtp import DROP, HANG, Smtp  # noqa: E402
from harness.hostile_tls import Certificates  # noqa: E402

PASSWORD = "canary-Pa55-of-mail"


class Mail(unittest.TestCase):
    def setUp(self):
        self.tmp = tempfile.TemporaryDirectory(prefix="midwatch-mail-")
        self.addCleanup(self.tmp.cleanup)
        self.config = pathlib.Path(self.tmp.name, "midwatch.yaml")
        self.state = pathlib.Path(self.tmp.name, "state")
        self.env = {"XDG_STATE_HOME": str(self.state), "MAIL_PASS": PASSWORD}
        self.server = self.enterContext(Http({"/": Reply()}))

    def sink(self, more="tls: none", to="[oncall@example.org]", timeout="5s", **how):
        sink = self.enterContext(Smtp(**how))
        self.config.write_text(
            "watch: shop\nenvironment: staging\nservices:\n  web:\n    title: Wéb\n    probes:\n"
            f"      health: {{ http: '{self.server.url}/', every: 500ms, timeout: 400ms, fail_after: 1 }}\n"
            "alerts:\n"
            "  web-down: { when: web is down, severity: SEV-1, keep_for: 1s, notify: [team], runbook: web.md }\n"
            "notify:\n"
            f"  team: {{ mail: {to}, smtp: '{sink.url}', from: watch@example.org, timeout: {timeout}, {more} }}\n")
        return sink

    def down(self):
        w = self.enterContext(Watch(self.config, self.env))
        w.wait_for("info service web: up")
        self.server["/"] = Reply(500)
        return w

    def sent(self, n):
        """The SENT records, once there are so many."""
        until = time.monotonic() + PATIENCE_S
        while True:
            path = self.state / "midwatch/shop/journal"
            lines = path.read_text().splitlines() if path.exists() else []
            records = [r["what"] for r in map(json.loads, lines) if r["code"] == "SENT"]
            if len(records) >= n or time.monotonic() > until:
                self.assertEqual(len(records), n, records)
                return records
            time.sleep(0.02)

    def trouble(self, w, words):
        """What the board says of who was told."""
        w.wait_for(f"team not told: {words}")

    def test_an_incident_is_one_thread_of_mails(self):
        sink = self.sink(to="[oncall@example.org, boss@example.org]")
        self.down()
        sink.wait_for("mails", 1, PATIENCE_S)
        first = sink.mails[0]
        self.assertEqual(first.to, ["oncall@example.org", "boss@example.org"])
        self.assertIn("FROM:<watch@example.org>", first.sender)
        self.assertRegex(first.message["Subject"], r"^\[staging shop\] FIRING SEV-1 web-down: down: .* \(Wéb\)$")
        self.assertEqual(str(first.message["To"]), "oncall@example.org, boss@example.org")
        self.assertLess(abs(first.message["Date"].datetime.timestamp() - time.time()), 60)
        self.assertEqual((first.message.get_content_type(), first.message.get_content_charset()), ("text/plain", "utf-8"))
        self.assertRegex(first.text.replace("\r", ""), r"^FIRING SEV-1 web-down: .* \(Wéb\)\n  rule: web is down\n  since: 20.*Z\n"
                                     r"  runbook: web.md\n\n-- \nmidwatch shop \(staging\)\njournal 1:[0-9a-f]{64}\n$")
        for line in first.data.split(b"\r\n"):
            self.assertLessEqual(len(line), 200)
            self.assertNotIn(b"\n", line)
        self.server["/"] = Reply()
        sink.wait_for("mails", 2, PATIENCE_S)
        last = sink.mails[1].message
        self.assertIn("RESOLVED SEV-1 web-down", last["Subject"])
        self.assertEqual(last["References"], first.message["Message-ID"])
        self.assertNotEqual(last["Message-ID"], first.message["Message-ID"])
        self.assertEqual([(r["channel"], r["action"], r["result"]) for r in self.sent(2)],
                         [("team", "trigger", "250"), ("team", "resolve", "250")])

    def test_starttls_and_login(self):
        certs = Certificates.get()
        sink = self.sink(f"ca_file: {certs.ca}, user: watch, password: env:MAIL_PASS", certificate=certs["good"],
                         login=("watch", PASSWORD))
        w = self.down()
        sink.wait_for("mails", 1, PATIENCE_S)
        self.assertTrue(sink.mails[0].tls)
        self.assertEqual(sink.mails[0].login, ("watch", PASSWORD))
        self.sent(1)
        _, log = w.end()
        self.assertNotIn(PASSWORD, log)
        for path in self.state.rglob("*"):
            if path.is_file():
                self.assertNotIn(PASSWORD.encode(), path.read_bytes())

    def test_tls_from_the_first_byte(self):
        certs = Certificates.get()
        sink = self.sink(f"ca_file: {certs.ca}", certificate=certs["good"], at_once=True)
        self.down()
        sink.wait_for("mails", 1, PATIENCE_S)
        self.assertTrue(sink.mails[0].tls)

    def test_without_starttls_nothing_is_said(self):
        sink = self.sink("user: watch, password: env:MAIL_PASS", login=("watch", PASSWORD))
        self.trouble(self.down(), "tls: STARTTLS is not offered")
        self.assertEqual(sink.mails, [])
        self.assertFalse(sink.heard(b"MAIL FROM") or sink.heard(b"AUTH"))

    def test_a_certificate_that_is_not_trusted_gets_nothing(self):
        certs = Certificates.get()
        sink = self.sink(f"ca_file: {certs.ca}", certificate=certs["wrong-host"])
        self.trouble(self.down(), "tls: its certificate is not trusted")
        self.assertEqual(sink.mails, [])
        self.assertFalse(sink.heard(b"MAIL FROM"))

    def test_what_is_put_off_is_sent_later(self):
        sink = self.sink(script={"END": ["451 try later", "250 taken"]})
        w = self.down()
        self.trouble(w, "put off: 451 at DATA")
        sink.wait_for("mails", 1, PATIENCE_S)
        self.sent(1)

    def test_what_is_refused_is_said_and_not_asked_again_at_once(self):
        sink = self.sink(script={"RCPT": "550 no such user"})
        w = self.down()
        self.trouble(w, "refused: 550 at RCPT")
        time.sleep(2.5)  # it would have been tried again by now
        self.assertEqual(sink.stats["connections"], 1)

    def test_one_address_that_is_gone_keeps_nobody_asleep(self):
        sink = self.sink(to="[gone@example.org, oncall@example.org]", script={"RCPT": ["550 gone", "250 ok"]})
        self.down()
        sink.wait_for("mails", 1, PATIENCE_S)
        self.assertEqual(sink.mails[0].to, ["oncall@example.org"])
        self.assertEqual(self.sent(1)[0]["result"], "250, but 1 of 2 addresses refused: 550")

    def test_who_hangs_or_drops_is_tried_again(self):
        for verb in ("CONNECT", "EHLO", "MAIL", "DATA", "END"):
            with self.subTest(verb):
                self.server["/"] = Reply()
                self.state = pathlib.Path(self.tmp.name, "state-" + verb)
                self.env["XDG_STATE_HOME"] = str(self.state)
                sink = self.sink(script={verb: [HANG, DROP, {"CONNECT": "220 x", "EHLO": "250 x", "DATA": "354 x"}.get(verb, "250 x")]},
                                 timeout="1s")
                w = self.down()
                self.trouble(w, "timeout")
                self.trouble(w, "reset")
                sink.wait_for("mails", 1, PATIENCE_S)
                w.end()

    def test_a_hung_server_holds_up_neither_watch_nor_end(self):
        self.sink(script={"CONNECT": HANG}, timeout="60s")
        w = self.down()
        w.wait_for("warn service web: down")
        self.server["/"] = Reply()
        w.wait_for("info service web: up")
        at = time.monotonic()
        w.end()
        self.assertLess(time.monotonic() - at, 5)


if __name__ == "__main__":
    unittest.main()
