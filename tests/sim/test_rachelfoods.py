#!/usr/bin/env python3
"""RachelFoods: documented bodies and limits over the real PostgreSQL, its log, its dumps."""
import pathlib
import subprocess

from edge_case import EdgeCase
from simulator import SystemCase, run, sql, wait_for

PRODUCTS = "/api/catalog/products?page=1&limit=10"


class RachelFoods(EdgeCase, SystemCase):
    SYSTEM = "rachelfoods"
    DOMAIN, ADDRESS = "rachelfoods.com", "203.0.113.30"
    client = 0

    def well(self):
        h = self.get("/api/health")
        return h and h.code == 200

    def get(self, path, headers=None, **kw):
        RachelFoods.client += 1  # of an address of its own: the limit is per address
        n = RachelFoods.client
        return self.s.get("api", path, headers={"X-Forwarded-For": f"192.0.2.{n % 250}",
                                                **(headers or {})}, **kw)

    def dumps(self):
        return sorted(pathlib.Path(self.s.vars["backups"]).glob("backup_*.sql"))

    # ---- surfaces ----

    def test_there_is_no_redis(self):
        self.assertNotIn("redis", self.s.vars)
        self.assertEqual(self.s.pids()["redis"], 0)

    def test_health_is_asked_of_the_database(self):
        self.assertEqual(self.get("/api/health").json["status"], "healthy")
        self.s.fault("db_down")
        a = self.get("/api/health")
        self.assertEqual((a.code, a.json["status"]), (503, "unhealthy"))

    def test_products_come_from_the_database(self):
        a = self.get(PRODUCTS).json
        self.assertEqual(len(a["data"]), 10)
        self.assertEqual(str(a["total"]), sql(self.s.vars["pg"], "select count(*) from products")[0][0])

    def test_an_unknown_path_has_the_documented_body_and_no_stack(self):
        a = self.get("/api/does-not-exist")
        self.assertEqual((a.code, set(a.json)),
                         (404, {"statusCode", "error", "message", "timestamp", "path"}))

    def test_cors_knows_two_origins(self):
        a = self.get("/api/health", {"Origin": "https://rachelfoods.com"})
        self.assertEqual((a.code, a.headers["Access-Control-Allow-Origin"],
                          a.headers["Access-Control-Allow-Credentials"]),
                         (200, "https://rachelfoods.com", "true"))
        evil = {"Origin": "https://evil.example"}
        a = self.get("/api/health", evil)
        self.assertEqual((a.code, a.headers["Access-Control-Allow-Origin"]), (500, None))
        self.s.fault("cors_open")
        self.assertEqual(self.get("/api/health", evil).headers["Access-Control-Allow-Origin"],
                         "https://evil.example")

    def test_a_hundred_requests_a_minute_and_the_next_is_429(self):
        me = {"X-Forwarded-For": "203.0.113.77"}
        codes = [self.s.get("api", "/api/health", headers=me).code for _ in range(102)]
        self.assertEqual(codes, [200] * 100 + [429] * 2)
        a = self.s.get("api", "/api/health", headers=me)
        self.assertTrue(1 <= int(a.headers["Retry-After"]) <= 60)
        self.s.sim("clock", {"advance_s": 61})
        self.assertEqual(self.s.get("api", "/api/health", headers=me).code, 200)
        self.s.fault("no_rate_limit")
        codes = [self.s.get("api", "/api/health", headers=me).code for _ in range(110)]
        self.assertEqual(set(codes), {200})

    def test_the_sixth_login_in_a_quarter_of_an_hour_is_429(self):
        me = {"X-Forwarded-For": "203.0.113.78"}
        codes = [self.s.get("api", "/api/auth/login", method="POST", body={}, headers=me).code
                 for _ in range(6)]
        self.assertEqual(codes, [401] * 5 + [429])

    # ---- payments ----

    def test_payments_reach_their_orders_over_the_webhook(self):
        paid = "select count(*) from orders where status = 'PAID'"
        before = int(sql(self.s.vars["pg"], paid)[0][0])
        wait_for("an order is paid", lambda: int(sql(self.s.vars["pg"], paid)[0][0]) > before, 30)

    def test_a_webhook_with_another_secret_is_refused_and_logged(self):
        self.assertEqual(self.get("/api/payments/webhook", {"Stripe-Signature": "x"},
                                  method="POST", body={}).code, 400)
        self.s.fault("webhook_bad_secret")
        wait_for("a refusal in the log", lambda: any(
            line.get("path") == "/api/payments/webhook" and line["statusCode"] == 400 and
            line["userId"] is None for line in self.lines()[-40:]), 30)

    def test_the_log_has_winston_s_fields(self):
        self.get(PRODUCTS)
        line = [x for x in self.lines() if x.get("path") == "/api/catalog/products"][-1]
        self.assertEqual(set(line), {"timestamp", "level", "message", "requestId", "userId", "path",
                                     "method", "statusCode", "responseTime"})

    # ---- faults ----

    def test_error_rate_and_slow(self):
        self.s.fault("error_rate", value=1)
        a = self.get(PRODUCTS)
        self.assertEqual((a.code, a.json["statusCode"]), (500, 500))
        self.s.fault("slow", value=700)
        self.assertGreater(self.get("/api/health").took, 0.69)

    def test_api_down_refuses(self):
        self.s.fault("api_down")
        self.assertIsNone(self.get("/api/health"))

    # ---- dumps ----

    def complete(self, path):
        return "-- PostgreSQL database dump complete" in path.read_text()[-1024:]

    def test_dumps_are_plain_and_complete(self):
        dumps = self.dumps()
        self.assertGreaterEqual(len(dumps), 7)  # some nights of other tests are over
        self.assertTrue(all(map(self.complete, dumps)))
        done = subprocess.run(["psql", self.s.vars["pg"], "-c", "select 1"], capture_output=True)
        self.assertEqual(done.returncode, 0)

    def test_a_backup_that_never_worked_left_files_of_no_bytes(self):
        self.s.fault("backup_empty")
        self.assertEqual({d.stat().st_size for d in self.dumps()}, {0})
        self.s.sim("clock", {"advance_s": 86400})
        self.assertEqual({d.stat().st_size for d in self.dumps()}, {0})
        self.assertEqual(self.s.tool("backup.sh").returncode, 0)
        self.assertTrue(self.complete(self.dumps()[-1]))
        self.assertEqual(self.dumps()[-2].stat().st_size, 0)  # what was lost stays lost

    def test_a_missing_dump_is_gone_and_the_next_night_brings_none(self):
        newest = self.dumps()[-1].name
        self.s.fault("backup_missing")
        self.assertLess(self.dumps()[-1].name, newest)
        self.s.sim("clock", {"advance_s": 86400})
        self.assertLess(self.dumps()[-1].name, newest)
        self.s.fault("backup_missing", on=False)
        self.assertGreater(self.dumps()[-1].name, newest)


run()
