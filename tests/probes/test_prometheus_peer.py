#!/usr/bin/env python3
"""The prometheus probe against a real Prometheus that reads a page of ours."""
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from harness import peers  # noqa: E402
from harness.hostile import Http, Reply  # noqa: E402
from harness.peers import Prometheus, free_port, wait_until  # noqa: E402
from probes.probing import Prober  # noqa: E402

PAGE = ("# TYPE jobs gauge\n" + "".join(f'jobs{{queue="{q}",dc="x"}} {n}\n' for q, n in (
    ("mail", 4), ("push", 9), ("digest", 2))) + "# TYPE odd gauge\nodd NaN\n")
RULES = """
groups:
  - name: ours
    rules:
      - { alert: Always, expr: 'jobs{queue="push"} > 5', labels: { severity: critical },
          annotations: { summary: 'push has {{ $value }} jobs' } }
      - { alert: Soon, expr: vector(1), for: 1h, labels: { severity: warning } }
      - { alert: Watchdog, expr: vector(1), labels: { severity: none } }
"""
BROKEN = """
groups:
  - name: ours
    rules:
      - { alert: Twice, expr: 'jobs * on(dc) jobs > 0' }
"""
TEST = "$2b$12$hNf2lSsxfm0.i4a.1kVpSOVyBCfIB51VRjgBUyv6kdnyTlgWj81Ay"  # of "test"


class PrometheusTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.page = Http({"/metrics": Reply(body=PAGE, kind="text/plain; version=0.0.4")}).__enter__()
        cls.gone = Http({"/metrics": Reply(body="old 1\n", kind="text/plain; version=0.0.4")}).__enter__()
        cls.server = Prometheus([f"127.0.0.1:{cls.page.port}", f"127.0.0.1:{cls.gone.port}"], RULES,
                                extra=["--query.max-samples=5000"]).__enter__()
        with cls.prober("query", "jobs + on() group_left() old * 0") as p:
            wait_until(lambda: p.poll()["state"] == "up", 30, "both pages are read")

    @classmethod
    def tearDownClass(cls):
        cls.server.close()
        cls.gone.__exit__(None, None, None)
        cls.page.__exit__(None, None, None)

    @classmethod
    def prober(cls, *words, env=None):
        return Prober("prometheus", "prometheus", cls.server.url, *words, env=env)

    def ask(self, *words):
        with self.prober(*words) as p:
            return p.poll()

    def is_unknown(self, r, why):
        self.assertEqual(r["state"], "unknown", r)
        self.assertRegex(r["reason"], why)
        self.assertFalse(r["values"][0]["known"])

    def test_a_number(self):
        r = self.ask("query", "sum(jobs)", "unit_word", "jobs")
        self.assertEqual((r["state"], r["reason"], r["values"][0]["value"]), ("up", "15 jobs", 15))
        self.assertEqual(r["components"], [])
        self.assertEqual(self.ask("query", "scalar(sum(jobs))")["values"][0]["value"], 15)

    def test_a_vector_by_its_label(self):
        r = self.ask("query", "jobs", "by", "queue", "unit", "count", "warn", "4", "crit", "9")
        self.assertEqual(r["reason"], "9 · worst of 3: push")
        self.assertEqual({c["name"]: (c["value"], c["state"]) for c in r["components"]},
                         {"mail": (4, "degraded"), "push": (9, "degraded"), "digest": (2, "up")})

    def test_nothing_found_is_no_zero(self):
        self.is_unknown(self.ask("query", "no_such_thing"), "^no data")
        self.assertEqual(self.ask("query", "no_such_thing or vector(0)")["values"][0]["value"], 0)

    def test_what_is_no_number(self):
        self.is_unknown(self.ask("query", "sum(odd)"), "^it is NaN$")
        self.is_unknown(self.ask("query", "vector(1)/0"), r"^it is \+Inf$")
        self.is_unknown(self.ask("query", '"a text"'), "^a string is no number$")

    def test_a_query_that_cannot_be_asked(self):
        self.is_unknown(self.ask("query", "sum("), "^local: 400: bad_data: .*parse error")
        self.is_unknown(self.ask("query", "sum_over_time(vector(1)[1h:100ms])"),
                        "^local: 422: execution: .*too many samples")

    def test_the_age_of_a_sample_is_its_own(self):
        self.gone.close()
        with self.prober("query", "old[1h]", "max_age", "1s") as p:
            wait_until(lambda: p.poll()["state"] == "unknown", 20, "the sample grows old")
            self.is_unknown(p.poll(), r"^its sample is \d+s old$")
        self.assertEqual(self.ask("query", "old[1h]", "max_age", "30m")["values"][0]["value"], 1)

    def test_alerts(self):
        with self.prober("alerts", "prometheus") as p:
            wait_until(lambda: p.poll()["values"][0]["value"] == 1, 20, "the alert fires")
            r = p.poll()
        self.assertEqual((r["state"], r["reason"]), ("degraded", "1 firing: Always · 1 pending"))
        self.assertEqual(r["table"][1][:3], ["firing", "Always", "critical"])
        self.assertEqual(r["table"][1][5], "push has 9 jobs")
        self.assertIn("queue=push", r["table"][1][4])
        self.assertEqual([row[:2] for row in r["table"][2:]],
                         [["pending", "Soon"], ["firing (not counted)", "Watchdog"]])

    def test_a_rule_that_fails_is_no_silence(self):
        with Prometheus([f"127.0.0.1:{self.page.port}"], BROKEN) as server, \
                Prober("prometheus", "prometheus", server.url, "alerts", "prometheus") as p:
            wait_until(lambda: p.poll()["state"] == "degraded", 30, "the rule is evaluated")
            self.assertRegex(p.poll()["reason"],
                             "^no alert fires · 1 of 1 rules cannot be evaluated: Twice: found duplicate series")
        with Prometheus([f"127.0.0.1:{self.page.port}"]) as server, \
                Prober("prometheus", "prometheus", server.url, "alerts", "prometheus") as p:
            self.is_unknown(p.poll(), "^it has no rules for alerts$")

    def test_credentials_by_reference(self):
        with Prometheus(users={"test": TEST}) as closed:
            words = ("prometheus", "prometheus", closed.url, "query", "vector(7)")
            with Prober(*words) as p:
                self.is_unknown(p.poll(), "^credentials: 401")
            with Prober(*words, "basic", "env:P", env={"P": "test:test"}) as p:
                self.assertEqual(p.poll()["values"][0]["value"], 7)
            with Prober(*words, "basic", "env:P", env={"P": "test:wrong"}) as p:
                self.is_unknown(p.poll(), "^credentials: 401")

    def test_a_server_that_is_gone(self):
        with Prober("prometheus", "prometheus", f"http://127.0.0.1:{free_port()}", "query", "up") as p:
            r = p.poll()
            self.assertEqual((r["state"], r["fault"]), ("down", "refused"))


def run():
    peers.binary("prometheus", package="prometheus")
    return not unittest.main(exit=False, verbosity=1).result.wasSuccessful()


if __name__ == "__main__":
    peers.main(run)
