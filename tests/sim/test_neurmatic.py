#!/usr/bin/env python3
"""Neurmatic: the health rule, the load balancer, tokens, dumps; every fault shows and goes."""
import os
import pathlib
import stat
import subprocess

from edge_case import EdgeCase
from simulator import SystemCase, ask, port_of, redis, run, sql, wait_for

HEALTH = "/api/v1/health"
QUEUES = ("analytics", "badges", "leaderboard", "email-notifications", "push-notifications",
          "digest", "article-scheduler")


class Neurmatic(EdgeCase, SystemCase):
    SYSTEM = "neurmatic"
    DOMAIN, ADDRESS = "neurmatic.com", "203.0.113.20"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.password = pathlib.Path(cls.s.vars["redis_password_file"]).read_text()

    def well(self):
        return all((h := self.health(b)) and h.json["status"] == "healthy" for b in ("b1", "b2"))

    def health(self, where="b1"):
        # a client of its own each time: the limit of the load balancer is per client
        Neurmatic.client = getattr(Neurmatic, "client", 0) + 1
        n = Neurmatic.client
        return self.s.get(where, HEALTH, headers={"X-Forwarded-For": f"192.0.2.{n % 200}"})

    def bearer(self):
        return {"Authorization": "Bearer " + pathlib.Path(self.s.vars["token_file"]).read_text()}

    def dumps(self):
        return sorted(p for p in pathlib.Path(self.s.vars["backups"]).iterdir()
                      if p.name.endswith(".sql.gz"))

    # ---- surfaces ----

    def test_health_body_is_the_documented_one(self):
        body = self.health("public").json
        self.assertEqual(set(body), {"status", "services", "uptime", "version", "environment"})
        self.assertEqual(set(body["services"]), {"database", "redis", "queues", "memory"})
        self.assertEqual(set(body["services"]["database"]), {"status", "responseTime"})
        self.assertEqual(set(body["services"]["queues"]), {"status", "waiting", "failed"})
        self.assertEqual(set(body["services"]["memory"]), {"status", "percentage"})
        self.assertEqual((body["status"], body["version"], body["environment"]),
                         ("healthy", "1.0.0", "production"))

    def test_live_and_ready(self):
        self.assertEqual(self.s.get("b1", HEALTH + "/live").code, 200)
        self.assertEqual(self.s.get("public", HEALTH + "/ready").code, 200)
        self.s.fault("db_down")
        self.assertEqual(self.s.get("b1", HEALTH + "/live").code, 200)
        self.assertEqual(self.s.get("public", HEALTH + "/ready").code, 503)

    def test_public_answers_carry_the_security_headers_and_take_turns(self):
        first, second = self.health("public"), self.health("public")
        self.assertEqual(first.headers["X-Frame-Options"], "SAMEORIGIN")
        self.assertIn("max-age=31536000", first.headers["Strict-Transport-Security"])
        served = {first.headers["X-Served-By"], second.headers["X-Served-By"]}
        for _ in range(6):  # the traffic takes turns, too
            served.add(self.health("public").headers["X-Served-By"])
        self.assertEqual(served, {"backend-1", "backend-2"})
        self.assertEqual(self.s.get("web", "/").headers["X-Frame-Options"], "SAMEORIGIN")

    def test_ordinary_gets_are_cached_and_health_is_not(self):
        path = "/api/v1/articles?page=29"
        self.s.get("public", path)
        self.assertEqual(self.s.get("public", path).headers["X-Cache-Status"], "HIT")
        a, b = self.health("public"), self.health("public")
        self.assertIsNone(a.headers["X-Cache-Status"])
        self.assertIsNone(b.headers["X-Cache-Status"])

    def test_more_than_ten_a_second_of_one_client_is_429(self):
        codes = [ask(self.s.vars["public"] + HEALTH + "/live",
                     headers={"X-Forwarded-For": "203.0.113.99"}).code for _ in range(60)]
        self.assertIn(429, codes)
        self.assertEqual(codes[:20], [200] * 20)  # the burst passes
        self.assertEqual(self.health("public").code, 200)  # and another client is not meant

    def test_admin_needs_a_token_and_tokens_age(self):
        self.assertEqual(self.s.get("public", "/api/v1/metrics").code, 401)
        old = self.bearer()
        for path in ("/api/v1/metrics", "/api/v1/monitoring/status"):
            self.assertEqual(self.s.get("b1", path, headers=old).code, 200)
        self.assertEqual(self.s.get("b1", "/api/v1/metrics",
                                    headers={"Authorization": "Bearer admin"}).code, 401)
        self.s.sim("clock", {"advance_s": 11 * 60})
        self.assertNotEqual(self.bearer(), old)
        self.assertEqual(self.s.get("b1", "/api/v1/metrics", headers=old).code, 200)
        self.s.sim("clock", {"advance_s": 5 * 60})
        self.assertEqual(self.s.get("b1", "/api/v1/metrics", headers=old).code, 401)
        self.assertEqual(self.s.get("b1", "/api/v1/metrics", headers=self.bearer()).code, 200)

    def test_token_stale_ends_in_401(self):
        self.s.fault("token_stale")
        self.s.sim("clock", {"advance_s": 16 * 60})
        self.assertEqual(self.s.get("b1", "/api/v1/metrics", headers=self.bearer()).code, 401)

    def test_secrets_are_files_of_the_owner_alone(self):
        for name in ("token_file", "redis_password_file"):
            self.assertEqual(stat.S_IMODE(os.stat(self.s.vars[name]).st_mode), 0o600)
        port = port_of(self.s.vars["redis"])
        self.assertTrue(redis(port, "PING").startswith("-NOAUTH"))
        self.assertEqual(redis(port, "PING", password=self.password), "+PONG")

    def test_prometheus_page_of_each_backend(self):
        for b, name in (("b1", "backend-1"), ("b2", "backend-2")):
            page = wait_for("requests on the page", lambda b=b: (
                t := self.s.get(b, "/metrics").text) and 'route="/api/v1/feed"' in t and t, 10)
            self.assertIn(f'instance="{name}"', page)

    def test_seven_queues_move(self):
        port = port_of(self.s.vars["redis"])
        for q in ("analytics", "email-notifications"):
            wait_for(f"{q} worked", lambda q=q: redis(
                port, "ZCARD", f"bull:{q}:completed", password=self.password) > ":0", 40)
        kinds = redis(port, "KEYS", "bull:*:meta", password=self.password)
        for q in QUEUES:
            self.assertIn(f"bull:{q}:meta", kinds)

    # ---- the status rule ----

    def test_redis_down_is_degraded_with_200(self):
        self.s.fault("redis_down")
        for where in ("public", "b1", "b2"):
            a = self.health(where)
            self.assertEqual((a.code, a.json["status"]), (200, "degraded"))
            self.assertEqual(a.json["services"]["redis"]["status"], "down")
            self.assertNotIn("waiting", a.json["services"]["queues"])
        self.s.fault("degraded_as_503")
        a = self.health("public")
        self.assertEqual((a.code, a.json["status"]), (503, "degraded"))

    def test_db_down_is_unhealthy_with_503(self):
        self.s.fault("db_down")
        for where in ("public", "b1", "b2"):
            a = self.health(where)
            self.assertEqual((a.code, a.json["status"]), (503, "unhealthy"))
            self.assertEqual(a.json["services"]["database"]["status"], "down")
        self.assertIn("Connection refused", sql(self.s.vars["pg"], "select 1"))

    def test_queues_down_is_degraded_and_jobs_pile_up(self):
        self.s.fault("queues_down")
        self.assertEqual(self.health().json["status"], "degraded")
        self.assertEqual(self.health().json["services"]["queues"]["status"], "down")
        wait_for("a backlog", lambda: self.health().json["services"]["queues"]["waiting"] > 5, 15)

    def test_slow_database_is_measured_not_claimed(self):
        self.s.fault("db_slow", value=1200)
        a = self.health()
        self.assertGreaterEqual(a.json["services"]["database"]["responseTime"], 1200)
        self.assertEqual((a.code, a.json["status"]), (200, "degraded"))
        self.assertGreater(a.took, 1.19)

    def test_memory_over_ninety_is_degraded(self):
        self.s.fault("memory", value=96)
        self.assertEqual(self.health().json["services"]["memory"]["percentage"], 96)
        self.assertEqual(self.health().json["status"], "degraded")

    def test_nested_body_wraps_the_same_object(self):
        self.s.fault("nested_body")
        body = self.health("public").json
        self.assertEqual((body["success"], body["data"]["status"]), (True, "healthy"))
        self.s.fault("nested_body", on=False)

    def test_cached_health_stands_still(self):
        self.s.fault("cached_health")
        self.health("public")
        a, b = self.health("public"), self.health("public")
        self.assertEqual(a.json["uptime"], b.json["uptime"])
        self.assertEqual(b.headers["X-Cache-Status"], "HIT")

    def test_error_rate_and_p95_touch_everyday_requests_only(self):
        self.s.fault("error_rate", value=1)
        self.assertEqual(self.s.get("b1", "/api/v1/feed?page=1").code, 500)
        self.assertEqual(self.health().code, 200)
        self.s.fault("error_rate", on=False)
        self.s.fault("p95", value=400)
        took = sorted(self.s.get("b1", "/api/v1/feed?page=1").took for _ in range(15))
        self.assertGreater(took[8], 0.05)

    # ---- backends and releases ----

    def test_one_backend_down_is_not_seen_in_public(self):
        self.s.fault("backend1_down")
        self.assertIsNone(self.health("b1"))
        for _ in range(8):
            self.assertEqual(self.health("public").code, 200)
        self.s.fault("backend2_down")
        self.assertEqual(self.health("public").code, 502)
        self.s.fault("backend1_down", on=False)
        self.assertLess(self.health("b1").json["uptime"], 2)
        wait_for("public again", lambda: self.health("public").code == 200)
        self.assertEqual(self.s.tool("docker-compose", "-f", "docker-compose.production.yml",
                                     "restart", "backend-2").returncode, 0)
        self.assertEqual(self.health("b2").code, 200)

    def test_deploy_changes_both_versions(self):
        self.s.fault("deploy=1.1.0")
        for where in ("b1", "b2"):
            self.assertEqual(self.health(where).json["version"], "1.1.0")
            self.assertLess(self.health(where).json["uptime"], 5)
        self.s.fault("deploy", on=False)
        self.assertEqual(self.health("b2").json["version"], "1.0.0")

    def test_bad_release_is_unhealthy_on_backend_1_only(self):
        self.s.fault("deploy_bad_version")
        a, b = self.health("b1"), self.health("b2")
        self.assertEqual((a.code, a.json["version"], a.json["status"]), (503, "1.1.0", "unhealthy"))
        self.assertEqual((b.code, b.json["version"]), (200, "1.0.0"))
        for _ in range(4):
            self.assertEqual(self.health("public").code, 200)

    # ---- dumps ----

    def gzip_ok(self, path):
        return subprocess.run(["gzip", "-t", path], capture_output=True).returncode == 0

    def test_dumps_are_real_and_in_the_bucket(self):
        dumps = self.dumps()
        self.assertEqual(len({d.name for d in dumps}) >= 10, True)
        self.assertTrue(all(self.gzip_ok(d) for d in dumps))
        text = subprocess.run(["gzip", "-dc", dumps[-1]], capture_output=True, text=True).stdout
        self.assertIn("COPY public.articles", text)
        listed = self.s.tool("aws", "s3", "ls", "s3://neurmatic-backups/database/").stdout
        self.assertIn(dumps[-1].name, listed)
        self.assertIn(f"S3 OK - {dumps[-1].name} is in the bucket", self.s.tool("s3-same").stdout)
        self.s.fault("s3_missing")
        same = self.s.tool("s3-same")
        self.assertIn(same.returncode, (1, 2))
        self.assertIn(dumps[-1].name, same.stdout)
        self.assertNotIn("S3 OK", same.stdout)
        listed = self.s.tool("aws", "s3", "ls", "s3://neurmatic-backups/database/").stdout
        self.assertNotIn(dumps[-1].name, listed)

    def test_a_night_brings_a_dump_and_a_missed_one_does_not(self):
        newest = self.dumps()[-1].name
        self.s.fault("backup_missed=0")
        self.assertEqual(self.dumps()[-1].name, newest)
        self.s.sim("clock", {"advance_s": 86400})
        self.assertEqual(self.dumps()[-1].name, newest)
        self.s.fault("backup_missed", on=False)
        self.assertGreater(self.dumps()[-1].name, newest)
        self.s.sim("clock", {"advance_s": 86400})
        self.assertTrue(self.dumps()[-1].name.endswith("_020000.sql.gz"))

    def test_backup_missed_takes_the_last_one_and_the_script_makes_it_good(self):
        newest = self.dumps()[-1].name
        self.s.fault("backup_missed")
        self.assertLess(self.dumps()[-1].name, newest)
        done = self.s.tool("backup.sh")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn(self.dumps()[-1].name, done.stdout)

    def test_corrupt_dump_fails_its_test(self):
        self.s.fault("backup_corrupt")
        self.assertFalse(self.gzip_ok(self.dumps()[-1]))
        self.assertTrue(self.gzip_ok(self.dumps()[-2]))
        self.s.fault("backup_corrupt", on=False)
        self.assertTrue(self.gzip_ok(self.dumps()[-1]))

    def test_certificate_days_are_told_by_certbot(self):
        self.s.fault("cert_days")
        self.assertIn("VALID: 10 days", self.s.tool("certbot", "certificates").stdout)
        self.assertTrue(9.9 < self.days() < 10.1)  # and by the server itself

    def test_health_script_fails_with_the_system(self):
        self.assertEqual(self.s.tool("health-check.sh", "--verbose").returncode, 0)
        self.s.fault("backend2_down")
        done = self.s.tool("health-check.sh", "--verbose")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, r"FAIL\s+backend-2")


run()
