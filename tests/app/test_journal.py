#!/usr/bin/env python3
"""The journal as people meet it: `:note` in the console, `midwatch journal` beside it."""
import fcntl
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness.hostile import Http, Reply  # noqa: E402
from harness.pty import Screen  # noqa: E402

MIDWATCH = os.path.abspath(os.environ["MIDWATCH"])
# nobody listens there: what a note needs is no service that is well
CONFIG = ("watch: shop\nenvironment: staging\nservices:\n  web:\n    probes:\n"
          "      health: { http: 'http://127.0.0.1:1/', every: 500ms, timeout: 400ms }\n")


class Journal(unittest.TestCase):
    def setUp(self):
        self.tmp = tempfile.TemporaryDirectory(prefix="midwatch-journal-")
        self.addCleanup(self.tmp.cleanup)
        self.state = pathlib.Path(self.tmp.name, "state")
        self.file = self.state / "midwatch/shop/journal"
        self.config = pathlib.Path(self.tmp.name, "midwatch.yaml")
        self.config.write_text(CONFIG)
        self.env = {"XDG_STATE_HOME": str(self.state)}

    def journal(self, *args):
        return subprocess.run([MIDWATCH, "journal", *args, str(self.config)], capture_output=True,
                              text=True, timeout=30, env=dict(os.environ, LC_ALL="C.UTF-8", **self.env))

    def console(self):
        return Screen([MIDWATCH, self.config], cols=100, rows=30, env=self.env)

    def note(self, s, words, n):
        s.type(f":note {words}")
        s.key("Enter")
        s.wait_for(f"noted in the journal: record {n}", seconds=10)

    def notes(self, *words):
        with self.console() as s:
            for n, w in enumerate(words, 1):
                self.note(s, w, n)
            s.key("q")
            s.wait_exit(5)

    def test_a_note_is_shown_kept_and_printed(self):
        with self.console() as s:
            self.note(s, "rolled back the API", 1)
            s.wait_for(r"/note rolled back the API/", seconds=5)  # among the changes
            s.key("q")
            s.wait_exit(5)
        r = self.journal("show")
        self.assertEqual((r.returncode, r.stderr), (0, ""))
        self.assertRegex(r.stdout, r"^ +1  20\d\d-\d\d-\d\dT[\d:]{8}Z  NOTE +\S+@\S+  "
                                   r"rolled back the API\n$")
        r = json.loads(self.journal("show", "--json").stdout)
        self.assertEqual((r["n"], r["prev"], r["code"], r["what"]),
                         (1, "0" * 64, "NOTE", {"text": "rolled back the API"}))
        self.assertEqual(self.file.stat().st_mode & 0o777, 0o600)

    def test_two_consoles_write_one_journal(self):
        with self.console() as a, self.console() as b:
            self.note(a, "one", 1)
            self.note(b, "two", 2)
            self.note(a, "three", 3)
            for s in (a, b):
                s.key("q")
                s.wait_exit(5)
        r = self.journal("verify")
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertRegex(r.stdout, r"^3 records, none changed; head 3:[0-9a-f]{64}\n$")

    def test_what_was_changed_is_found(self):
        self.notes("one", "two", "three")
        head = self.journal("head").stdout.strip()
        self.assertRegex(head, r"^3:[0-9a-f]{64}$")
        r = self.journal("verify", "--head", head)
        self.assertIn("the published one is among them", r.stdout)
        good = self.file.read_bytes()
        lines = good.splitlines(keepends=True)

        self.file.write_bytes(good.replace(b"two", b"too"))
        r = self.journal("verify")
        self.assertEqual(r.returncode, 1)
        self.assertIn("the journal was changed: record 2: its bytes are not those that were written",
                      r.stderr)
        r = self.journal("show")  # what stands before it can be trusted, and it says where that ends
        self.assertEqual((r.returncode, r.stdout.count("\n")), (1, 1))

        self.file.write_bytes(b"".join(lines[:2]))
        self.assertEqual(self.journal("verify").returncode, 0)  # by itself it looks whole ...
        r = self.journal("verify", "--head", head)
        self.assertEqual(r.returncode, 1)  # ... and is not what it was
        self.assertIn("record 3 is missing: record 3 was published", r.stderr)

        self.file.write_bytes(good[:-10])
        r = self.journal("verify")
        self.assertEqual(r.returncode, 1)
        self.assertIn("of an unfinished record stand after record 2", r.stderr)

    def test_a_journal_that_cannot_be_written_is_said_and_comes_back(self):
        folder = self.file.parent
        folder.mkdir(parents=True, mode=0o700)
        folder.chmod(0o755)
        with self.console() as s:
            s.type(":note one")
            s.key("Enter")
            s.wait_for(r"/not noted: others can enter its folder .mode 0755.; chmod 700/", seconds=10)
            self.assertNotIn("note one", s.text())  # and nothing on the board says otherwise
            folder.chmod(0o700)
            self.note(s, "two", 1)
            s.key("q")
            s.wait_exit(5)

    def test_a_note_under_way_is_written_before_the_end(self):
        """The writer is kept waiting for a second, in which the probes' answers still come."""
        self.notes("one")
        with self.file.open() as f, self.console() as s:
            s.wait_for("refused", seconds=10)
            fcntl.flock(f, fcntl.LOCK_EX)
            s.type(":note two")
            s.key("Enter")
            s.key("q")
            time.sleep(1.2)
            self.assertEqual(self.file.read_text().count("\n"), 1)
            fcntl.flock(f, fcntl.LOCK_UN)
            end = s.wait_exit(10)
        self.assertEqual(end.get("status"), 0, end)
        self.assertRegex(self.journal("show").stdout, r"(?s)  one\n.*  two\n$")

    # ---- alerts ----

    def alerts(self):
        self.config.write_text(CONFIG + "alerts:\n  web-down: { when: web is down, severity: SEV-1, keep_for: 1s }\n")

    def codes(self):
        return [(r["code"], r["what"].get("alert")) for r in
                map(json.loads, self.journal("show", "--json").stdout.splitlines())]

    def wait_codes(self, wanted, seconds=10):
        until = time.monotonic() + seconds
        while self.codes() != wanted and time.monotonic() < until:
            time.sleep(0.05)
        self.assertEqual(self.codes(), wanted)

    def test_what_fires_is_recorded_once_and_known_after_a_kill(self):
        self.alerts()
        fired = [("FIRING", "web-down")]
        with self.console() as s:
            self.wait_codes(fired)
            s.type(":ack web-down looking")
            s.key("Enter")
            s.wait_for("acknowledged: record 2", seconds=10)
            fired += [("ACK", "web-down")]
            s.signal("KILL")
            s.wait_exit(5)
        with self.console() as s:  # it is the same alert, and still somebody's
            s.key("3")
            s.wait_for(r"/acked.*web-down/", seconds=10)
            s.wait_for(r"/looking/", seconds=10)
            s.key("q")
            s.wait_exit(5)
        self.assertEqual(self.codes(), fired)
        r = [json.loads(x) for x in self.journal("show", "--json").stdout.splitlines()]
        self.assertEqual(r[0]["what"]["severity"], "SEV-1")
        self.assertEqual(r[0]["what"]["rule"], "web is down")
        self.assertIn("refused", r[0]["what"]["value"])

    def test_what_ends_is_recorded_by_whoever_watches(self):
        self.alerts()
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            text = self.config.read_text().replace("127.0.0.1:1/", f"127.0.0.1:{port}/")
        self.config.write_text(text)  # nobody listens there by now
        with self.console() as a, self.console() as b:
            self.wait_codes([("FIRING", "web-down")])
            for s in (a, b):
                s.wait_for("web-down", seconds=10)
            a.signal("KILL")  # of the two either may be who records
            a.wait_exit(5)
            with Http({"/": Reply()}, port=port):
                self.wait_codes([("FIRING", "web-down"), ("RESOLVED", "web-down")])
            self.wait_codes([("FIRING", "web-down"), ("RESOLVED", "web-down"), ("FIRING", "web-down")])
            b.key("q")
            b.wait_exit(5)

    def test_two_consoles_see_each_other_s_acks(self):
        self.alerts()
        with self.console() as a, self.console() as b:
            self.wait_codes([("FIRING", "web-down")])
            for s in (a, b):
                s.key("3")
                s.wait_for(r"/firing.*web-down/", seconds=10)
            a.type(":ack web-down mine")
            a.key("Enter")
            b.wait_for(r"/mine/", seconds=10)
            b.type(":unack web-down")
            b.key("Enter")
            a.wait_gone("mine", seconds=10)
            for s in (a, b):
                s.key("q")
                s.wait_exit(5)
        self.assertEqual(self.codes(), [("FIRING", "web-down"), ("ACK", "web-down"), ("UNACK", "web-down")])

    def test_the_timeline_tells_and_exports_what_stands_in_the_journal(self):
        self.alerts()
        report = pathlib.Path(self.tmp.name, "night.md")
        with self.console() as s:
            self.wait_codes([("FIRING", "web-down")])
            s.type(":ack web-down looking")
            s.key("Enter")
            s.wait_for("acknowledged: record 2", seconds=10)
        with self.console() as s:  # another one knows it, too
            s.key("9")
            s.wait_for(r"/fired +web-down/", seconds=10)
            s.wait_for(r"/acked +web-down +\S+ +looking/")
            s.type("nrolled *back*")
            s.key("Enter")
            s.wait_for(r"/▴ note +\S+ +rolled \*back\*/", seconds=10)
            for words in (f"the timeline is in {report}", "is there already and stays"):
                s.type(f":export {report}")
                s.key("Enter")
                s.wait_for(words, seconds=10)
            s.key("q")
            s.wait_exit(5)
        self.assertEqual(report.stat().st_mode & 0o777, 0o600)
        text = report.read_text()
        self.assertRegex(text, r"^# Timeline of shop \(staging\)\n\nFrom \S+ to \S+: 3 records, number 1 to 3\.")
        self.assertRegex(text, r"\n- \S+Z \*\*fired\*\* web-down: .*SEV-1.* \(\S+@\S+\)\n"
                               r"- \S+Z \*\*acked\*\* web-down: looking \(\S+\)\n"
                               r"- \S+Z \*\*note\*\* rolled \\\*back\\\* \(\S+\)\n$")

    def test_an_alert_that_stands_in_no_configuration_any_more_ends(self):
        self.alerts()
        with self.console() as s:
            self.wait_codes([("FIRING", "web-down")])
            self.config.write_text(CONFIG)
            s.signal("HUP")
            self.wait_codes([("FIRING", "web-down"), ("RESOLVED", "web-down")])
            s.key("q")
            s.wait_exit(5)
        self.assertIn("no longer configured", self.journal("show", "--json").stdout)

    def test_what_could_not_be_recorded_is_as_soon_as_it_can(self):
        self.alerts()
        folder = self.file.parent
        folder.mkdir(parents=True, mode=0o700)
        self.file.touch(mode=0o644)
        with self.console() as s:
            s.wait_for(r"/nothing can be recorded: others can read or write it/", seconds=10)
            s.wait_for(r"/down/")  # watching goes on
            self.file.chmod(0o600)
            self.wait_codes([("FIRING", "web-down")], seconds=20)
            s.wait_gone("nothing can be recorded", seconds=10)
            s.key("q")
            s.wait_exit(5)

    def test_the_records_that_are_wanted(self):
        self.notes("one", "two")
        self.assertEqual(self.journal("show", "--code", "NOTE").stdout.count("\n"), 2)
        self.assertEqual(self.journal("show", "--code", "ACK").stdout, "")
        self.assertEqual(self.journal("show", "--since", "1h").stdout.count("\n"), 2)
        lines = self.file.read_text().splitlines()
        self.assertEqual(self.journal("show", "--json").stdout.splitlines(), lines)

    def test_hostile_words_reach_no_terminal(self):
        self.notes("one")
        # a record that another program wrote, with a hash that is right
        import hashlib
        last = json.loads(self.file.read_text())
        body = ('{"n":2,"prev":"%s","t":"2026-01-29T02:13:47.120Z","mono":1,"boot":"","code":"NOTE",'
                '"uid":0,"user":"\\u001b]0;x\\u0007","host":"h\\rroot","pid":1,'
                '"what":{"text":"a\\u001b[2Jb\\u202ec\\nd"}' % last["h"])
        with self.file.open("a") as f:
            f.write(f'{body},"h":"{hashlib.sha256(body.encode()).hexdigest()}"}}\n')
        r = self.journal("show")
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertEqual(len(r.stdout.splitlines()), 2)
        self.assertIsNone(re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", r.stdout))

    def test_usage(self):
        r = self.journal("veryfy")
        self.assertEqual(r.returncode, 64)
        self.assertIn("did you mean 'verify'?", r.stderr)
        r = self.journal("verify", "--head", "3")
        self.assertEqual(r.returncode, 64)
        self.assertIn("N:HASH", r.stderr)
        r = self.journal("show")
        self.assertEqual(r.returncode, 2)
        self.assertIn("cannot open", r.stderr)


if __name__ == "__main__":
    unittest.main()
