#!/usr/bin/env python3
"""The concierge's backend: caches in an ephemeral Redis, the kill switch, pushes, snapshots."""
import json
import time

from simulator import SystemCase, run, sql, wait_for

ASK = "/api/v1/concierge"


class Concierge(SystemCase):
    SYSTEM = "concierge"

    def well(self):
        return self.answers("/api/v1/ready")

    def ask(self):
        return self.s.get("api", ASK, method="POST", body={"question": "?"})

    def counts(self, group):
        """Hits and misses; what was not counted yet is not there."""
        words = self.redis("HMGET", f"cache:stats:{group}", "hits", "misses").split()
        return [int(w) if w != "$-1" else 0 for w in words[1:] if w == "$-1" or w[0] != "$"]

    def test_ready_needs_both_servers_and_health_the_database(self):
        self.s.fault("redis_down")
        self.assertEqual(self.s.get("api", "/api/v1/health").code, 200)
        self.assertEqual(self.s.get("api", "/api/v1/ready").code, 503)
        self.s.fault("db_down")
        self.assertEqual(self.s.get("api", "/api/v1/health").code, 503)

    def test_a_correlation_id_comes_back_and_stands_in_the_log(self):
        a = self.s.get("api", "/api/v1/products?id=1", headers={"X-Correlation-Id": "abcd-12"})
        self.assertEqual(a.headers["X-Correlation-Id"], "abcd-12")
        self.assertIn("abcd-12", [x["correlationId"] for x in self.lines()])

    def test_the_cache_is_real_and_counts_its_groups(self):
        def mostly_hits():  # also after a cold start, when everything was missed once
            hits, misses = self.counts("weather")
            wait_for("reads are counted", lambda: sum(self.counts("weather")) > hits + misses + 9, 15)
            now = self.counts("weather")
            return now[0] - hits > 4 * (now[1] - misses)

        wait_for("mostly hits", mostly_hits, 60)
        self.s.fault("cache_miss=1")
        missed, other = self.counts("weather")[1], self.counts("products")[1]
        wait_for("misses of the one group", lambda: self.counts("weather")[1] > missed + 5, 15)
        self.assertLess(self.counts("products")[1] - other, 10)

    def test_a_restart_of_the_ephemeral_redis_begins_to_count_anew(self):
        wait_for("some hits", lambda: self.counts("products")[0] > 3, 15)
        before = self.counts("products")[0]
        self.s.fault("redis_down")
        self.s.fault("redis_down", on=False)
        self.assertLess(self.counts("products")[0], before)
        wait_for("counted anew", lambda: self.counts("products")[1] > 0, 15)

    def test_the_kill_switch_takes_a_redeploy(self):
        self.assertEqual(self.ask().json["isFallback"], False)
        self.assertEqual(self.s.tool("set-env.sh", "CONCIERGE_DISABLED", "true").returncode, 0)
        self.assertEqual(self.ask().code, 200)  # set, and not effective
        self.s.fault("redeploy_forgotten")
        self.assertEqual(self.s.tool("redeploy.sh", "backend").returncode, 0)
        self.assertEqual(self.ask().code, 200)
        self.s.fault("redeploy_forgotten", on=False)
        self.assertEqual(self.s.tool("redeploy.sh", "backend").returncode, 0)
        a = self.ask()
        self.assertEqual((a.code, a.json), (503, {"error": "concierge_unavailable"}))
        self.assertNotEqual(self.s.tool("set-env.sh", "NO_SUCH", "1").returncode, 0)

    def test_a_silent_provider_costs_its_whole_time_limit(self):
        self.s.fault("openai_down")
        a = self.ask()
        self.assertEqual((a.code, a.json["isFallback"]), (200, True))
        self.assertGreater(a.took, 3.4)

    def test_a_rotated_secret_refuses_stripe(self):
        self.s.fault("stripe_secret_rotated")
        wait_for("a refusal in the log", lambda: any(
            x.get("path") == "/api/v1/stripe/webhook" and x["status"] == 400
            for x in self.lines()[-60:]), 30)

    def test_an_outage_of_firebase_burns_tokens(self):
        expired = "select count(*) from push_tokens where expired_at is not null"
        before = int(sql(self.s.vars["pg"], expired)[0][0])
        self.s.fault("firebase_down")
        body = {"userId": 7, "message": "hello"}
        a = self.s.get("api", "/api/v1/internal/push/test", method="POST", body=body)
        self.assertEqual(a.code, 502)
        failed = [x for x in self.lines() if x.get("module") == "push"]
        token = sql(self.s.vars["pg"], "select token from push_tokens where user_id = 7")[0][0]
        self.assertEqual(len([x for x in failed if x["token"] == token]), 3)
        self.assertGreater(int(sql(self.s.vars["pg"], expired)[0][0]), before)

    def test_an_error_burst_has_its_rate(self):
        self.s.fault("error_burst=240")
        begin = time.monotonic()
        wait_for("four a second", lambda: sum(
            x["level"] == "error" for x in self.lines()) >= 12, 15)
        self.assertGreater(time.monotonic() - begin, 2)

    def test_slow_and_down(self):
        self.s.fault("slow", value=600)
        self.assertGreater(self.s.get("api", "/api/v1/health").took, 0.59)
        self.s.fault("down")
        self.assertIsNone(self.s.get("api", "/api/v1/health"))

    def test_snapshots_are_listed_from_what_is_there(self):
        told = json.loads(self.s.tool("snapshots").stdout)
        self.assertEqual(told["kept"], 10)
        self.assertTrue(0 <= told["newest_age_s"] < 86400)
        self.s.fault("backup_missed=1")
        later = json.loads(self.s.tool("snapshots").stdout)
        self.assertGreater(later["newest_age_s"], 86400)
        self.s.fault("backup_missed=10")
        self.assertNotIn("newest_age_s", json.loads(self.s.tool("snapshots").stdout))


run()
