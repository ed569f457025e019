#!/usr/bin/env python3
"""The rows are complete and can be run, and each invariant objects to what it is there for."""
import copy
import os
import pathlib
import sys
import tempfile
import unittest
from unittest import mock

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from fault import console, driver, hostile_text, invariants, rows  # noqa: E402


class RowsTest(unittest.TestCase):
    def test_every_promised_fault_has_a_row(self):
        for issue, promised in rows.PROMISED.items():
            have = {r.base for r in rows.load() if r.issue <= issue}
            self.assertEqual(promised - have, set(), f"issue {issue} promised these")

    def test_what_the_promise_holds(self):
        self.assertEqual(rows.ids("H1-H3 H7 C10"), {"H1", "H2", "H3", "H7", "C10"})
        self.assertEqual(len(rows.PROMISED[2]), 57)

    def test_every_row_names_a_fixture_and_an_injection_that_exist(self):
        for row in rows.load():
            words = row.injection.split()
            where = f"rows.tsv:{row.line}"
            if row.fixture in driver.SOURCES:
                cls = driver.SOURCES[row.fixture]
                if cls.inject is driver.sources.HttpSource.inject or hasattr(cls, "do_" + words[0]):
                    self.assertTrue(hasattr(cls, "do_" + words[0]), where)
                self.assertNotEqual(row.state, "", where)
            else:
                self.assertIn(row.fixture, driver.DOINGS, where)
                self.assertNotEqual(row.figure, "-", f"{where}: nothing would be judged")

    def test_every_source_row_judges_a_state_or_a_figure(self):
        for row in rows.load():
            self.assertTrue(row.states or row.figures, f"rows.tsv:{row.line}")

    def test_a_wrong_line_is_refused_with_its_place(self):
        good = "H1\thttp\trefused\tdown\t^refused\ta<=1\t-\t2"
        for bad, why in (("H1\thttp", "2 cells"), (good.replace("down", "dead"), "state"),
                         (good.replace("a<=1", "a is 1"), "figure"), (good.replace("H1", "h1"), "id"),
                         (good.replace("\t-\t2", "\tsoon\t2"), "recover")):
            with tempfile.TemporaryDirectory() as d:
                path = pathlib.Path(d, "rows.tsv")
                path.write_text("# comment\n" + bad + "\n")
                with self.assertRaisesRegex(ValueError, f"rows.tsv:2: .*{why}"):
                    rows.load(path)
                path.write_text(good + "\n" + good + "\n")
                with self.assertRaisesRegex(ValueError, "twice"):
                    rows.load(path)

    def test_figures_are_judged(self):
        row = rows.Row("H1", "f", "i", "-", "-", "a<=1 b==2 c>=3", "-", 2, 1)
        self.assertEqual(rows.judge(row, {"a": 1, "b": 2, "c": 3}), [])
        self.assertEqual(len(rows.judge(row, {"a": 2, "b": 2})), 2)

    def test_what_comes_too_late_is_told_from_what_is_wrong(self):
        late = {"I1": ["loop lag max 300 ms", "key to paint: 140 ms"], "I2": ["ok.p: 1 missed", "ok.p: 400 ms late"],
                "I8": ["bad.p: right again after 3000 ms, the limit is 2000"], "figures": ["loop_ms is 90, not <= 50"]}
        result = driver.Result(rows.load()[0])
        self.assertFalse(driver.is_late(result))
        result.broken.update(late)
        self.assertTrue(driver.is_late(result))
        for wrong in ("bad.p: green on an answer 9000 ms old", "bad.p: still green 4000 ms into the fault",
                      "bad.p: left green after 5000 ms, the limit is 2000", "key to paint: no answer",
                      "memory grew by 40000 KB", "fds: 30, 20 before the fault", "ended by SIGSEGV",
                      "a secret stands in the screen", "ok.p: down: timeout", "ok.p: 11 slots, 9 results, 0 missed",
                      "ok.p: 9 slots in 11.0 intervals", "bad.p: still down (refused) after the fault was gone",
                      "sanitizer: 300 ms late", "it did not end", "torn is 1, not <= 0"):
            result.broken["more"] = [wrong]
            self.assertFalse(driver.is_late(result), wrong)

    def test_rows_side_by_side_are_all_told(self):
        def word(tools, row):
            if row == 7:
                os._exit(3)  # as if it were killed
            return "FAILED" if row == 3 else "passed"
        with mock.patch.object(driver, "run_and_show", word):
            words = driver.side_by_side(None, list(range(20)), 3)
        self.assertEqual(sorted(words), ["FAILED"] + ["passed"] * 18)  # the killed one's is missing

    def test_hostile_texts_are_many_and_fill_every_field(self):
        texts = hostile_text.corpus()
        self.assertGreaterEqual(len(texts), 400)
        whole = hostile_text.body(b"MARK\x1b[31m", 10)
        self.assertEqual(whole.count(b"MARK"), 8)
        self.assertEqual(hostile_text.body(b"MARK", 3).count(b"MARK"), 1)
        for text in texts:
            self.assertNotIn(b"\n", hostile_text.header(text))

    def test_configurations_are_written_as_yaml(self):
        text = console.config({"a": {"p": {"http": "http://x/?a=1", "every": "1s", "fresh": True,
                                           "ratio": ["a{b=\"c\"}", "d"]}},
                               "b": {"title": "t: u", "probes": {"q": {"sql": "SELECT 1, 2"}}}})
        self.assertIn('      p: { http: "http://x/?a=1", every: 1s, fresh: true, '
                      'ratio: ["a{b=\\"c\\"}", d] }\n', text)
        self.assertIn('  b:\n    title: "t: u"\n    probes:\n      q: { sql: "SELECT 1, 2" }', text)

    def test_a_skeleton_forgets_figures_and_keeps_words(self):
        a, b = "api  up  12.5 ms  3h10m \u2581\u2583", "api  up  7 ms  59s \u2585\u2581"
        self.assertEqual(console.skeleton([a]), console.skeleton([b]))
        self.assertNotEqual(console.skeleton([a]), console.skeleton([a.replace("up", "down")]))


def sample(at, **more):
    """A look at second `at` with a healthy board; `more` changes the faulty probe."""
    ms = 1_000_000 + at * 1000
    faulty = {"name": "p", "state": "up", "reason": "200", "since_ms": 1_000_000, "good_ms": ms, **more}
    ok = {"name": "p", "state": "up", "reason": "200", "since_ms": 1_000_000, "good_ms": ms}
    return invariants.Sample(ms, {
        "at_ms": ms, "rss_kb": 20000, "fds": 20, "children": 0,
        "lag": {"n": 10, "p99_ms": 1, "max_ms": 2},
        "slots": [{"probe": p, "due": at, "done": at, "missed": 0, "late_max_ms": 3}
                  for p in ("bad.p", "ok.p")],
        "board": {"services": [{"id": "bad", "readings": [faulty]}, {"id": "ok", "readings": [ok]}]}})


def innocent():
    """Up until second 10, down from 11 to 20, up again."""
    r = invariants.Record(
        faulty=["bad.p"], healthy=["ok.p"], every_ms={"bad.p": 1000, "ok.p": 1000},
        timeout_ms={"bad.p": 800, "ok.p": 800}, states={"down"}, started_ms=1_000_000,
        injected_ms=1_010_000, healed_ms=1_020_000, ended_ms=1_030_000, recover_ms=2000,
        key_ms=[1.0, 2.0], exit={"status": 0, "signal": None},
        stty={"alternate": False, "as_at_start": True}, canaries=["a secret of some length"],
        evidence={"the screen": b"nothing to see"})
    for t in range(1, 31):
        down = {"state": "down", "reason": "refused", "since_ms": 1_011_000, "good_ms": 1_010_000}
        back = {"since_ms": 1_021_000}
        r.samples.append(sample(t, **(down if 11 <= t <= 20 else back if t > 20 else {})))
    r.baseline = r.samples[8].data
    return r


class InvariantsTest(unittest.TestCase):
    def only(self, invariant, change):
        r = innocent()
        r.samples = copy.deepcopy(r.samples)
        change(r)
        self.assertEqual(set(invariants.check(r)), {n for n in invariants.ALL if n.startswith(invariant)})

    def faulty(self, r, t):
        return r.samples[t - 1].data["board"]["services"][0]["readings"][0]

    def test_an_innocent_record_passes(self):
        self.assertEqual(invariants.check(innocent()), {})

    def test_alive(self):
        self.only("I1", lambda r: r.samples[14].data["lag"].update(max_ms=251))
        self.only("I1", lambda r: [s.data["lag"].update(max_ms=51) for s in r.samples[13:15]])
        self.only("I1", lambda r: r.key_ms.append(101.0))
        self.only("I1", lambda r: r.key_ms.append(None))
        self.only("I1", lambda r: setattr(r.samples[14], "at_ms", r.samples[14].at_ms + 4000))

    def test_isolated(self):
        def slot(r, **more):
            r.samples[-1].data["slots"][1].update(more)
        self.only("I2", lambda r: slot(r, late_max_ms=251))
        self.only("I2", lambda r: slot(r, done=29, missed=1))
        self.only("I2", lambda r: r.samples[14].data["board"]["services"][1]["readings"][0].update(
            state="down", reason="timeout"))

    def test_truthful(self):
        def green(r, *seconds):
            for t in seconds:
                self.faulty(r, t).update(state="up")
        self.only("I3", lambda r: green(r, 13, 14, 15))
        self.only("I3", lambda r: self.faulty(r, 5).update(good_ms=1_002_000))
        self.only("I3", lambda r: self.faulty(r, 14).update(reason=""))
        self.only("I3", lambda r: setattr(r.samples[15], "screen_green", True))

        def late(r):
            for t in range(11, 21):
                self.faulty(r, t).update(since_ms=1_012_100)
        self.only("I3", late)

    def test_bounded(self):
        self.only("I4", lambda r: r.samples[14].data.update(rss_kb=20000 + 33 * 1024))
        self.only("I4", lambda r: [s.data.update(fds=21) for s in r.samples[20:]])
        self.only("I4", lambda r: [s.data.update(children=1) for s in r.samples[20:]])

    def test_lossless(self):
        self.only("I5", lambda r: r.samples[-1].data["slots"][0].update(done=28))
        self.only("I5", lambda r: r.samples[-1].data["slots"][0].update(due=20, done=20))

    def test_clean(self):
        self.only("I6", lambda r: setattr(r, "exit", {"status": None, "signal": "SEGV"}))
        self.only("I6", lambda r: setattr(r, "exit", {"status": 1, "signal": None}))
        self.only("I6", lambda r: setattr(r, "exit", None))
        self.only("I6", lambda r: r.stty.update(alternate=True))
        self.only("I6", lambda r: r.stty.update(as_at_start=False))
        self.only("I6", lambda r: r.reports.append("ERROR: AddressSanitizer"))

    def test_secretless(self):
        import base64
        import urllib.parse
        secret = "a secret of some length"
        for form in (secret.encode(), base64.b64encode(secret.encode()),
                     base64.b64encode(b"user:" + secret.encode()),
                     base64.b64encode(b"ab" + secret.encode() + b"z"),
                     urllib.parse.quote(secret).encode()):
            self.only("I7", lambda r: r.evidence.update({"a log": b"see " + form + b" there"}))

    def test_recovers(self):
        def late(r):
            for t in range(21, 31):
                self.faulty(r, t).update(since_ms=1_022_300)
        self.only("I8", late)

        def never(r):
            for t in range(21, 31):
                self.faulty(r, t).update(state="down", reason="refused", since_ms=1_011_000)
        self.only("I8", never)


if __name__ == "__main__":
    unittest.main()
