#!/usr/bin/env python3
"""RateMyUnit: every surface answers from the real servers, every fault shows and goes."""
import json
import pathlib
import re
import socket

from edge_case import EdgeCase
from simulator import SystemCase, ask, port_of, redis, run, sql, wait_for

ARRIVALS_S = 40  # jobs come by chance, one in two seconds: two of them in 15 s fail once in 200 runs
FIELDS = {"api", "database", "redis", "timestamp"}


class RateMyUnit(EdgeCase, SystemCase):
    SYSTEM = "ratemyunit"
    DOMAIN, ADDRESS = "ratemyunit.com", "203.0.113.40"
    WELL_S = 8

    def well(self):
        return self.answers("/health")

    def health(self):
        return self.s.get("api", "/health")

    def metric(self, pattern):
        text = self.s.get("api", "/metrics").text
        return sum(float(v) for v in re.findall(pattern + r"(?:\{[^}]*\})? ([0-9.e+]+)", text, re.M))

    def app_sessions(self, where="true"):
        return int(sql(self.s.vars["pg"], "select count(*) from pg_stat_activity where usename = "
                                          f"'app' and {where}")[0][0])

    # ---- surfaces ----

    def test_health_has_the_four_fields_and_nothing_else(self):
        a = self.health()
        self.assertEqual((a.code, set(a.json)), (200, FIELDS))
        self.assertEqual([a.json[k] for k in ("api", "database", "redis")], ["ok"] * 3)
        self.assertRegex(a.json["timestamp"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")

    def test_units_come_from_the_database(self):
        a = self.s.get("api", "/api/units?search=test").json
        self.assertTrue(a["success"] and a["data"][0]["id"])
        name = sql(self.s.vars["pg"], "select name from units where id = 7")[0][0]
        self.assertEqual(self.s.get("api", "/api/units/7").json["data"]["name"], name)
        self.assertEqual(self.s.get("api", "/api/units/999999").code, 404)
        self.assertEqual(self.s.get("api", "/api/units?search=%27%3B--no%20such").json["data"], [])

    def test_unknown_paths_get_the_web_page_with_200(self):
        a, b = self.s.get("api", "/no/such/path"), self.s.get("web", "/")
        self.assertEqual((a.code, b.code), (200, 200))
        self.assertIn("<!doctype html>", a.text)
        self.assertIn("text/html", a.headers["Content-Type"])

    def test_counters_count_traffic_and_not_the_scrapes(self):
        before = self.metric("^http_requests_total")
        wait_for("traffic is counted", lambda: self.metric("^http_requests_total") > before + 3)
        self.assertNotIn('route="/metrics"', self.s.get("api", "/metrics").text)
        page = self.s.get("api", "/metrics")
        self.assertTrue(page.headers["Content-Type"].startswith("text/plain; version=0.0.4"))
        buckets = re.findall(r'_bucket\{method="GET",route="/api/units",le="([^"]+)"\} (\d+)',
                             page.text)
        self.assertEqual([le for le, _ in buckets], ["0.005", "0.01", "0.025", "0.05", "0.1", "0.25",
                                                     "0.5", "1", "2.5", "+Inf"])
        counts = [int(n) for _, n in buckets]
        self.assertEqual(counts, sorted(counts))

    def test_queue_is_worked_off_and_can_be_paused(self):
        port = port_of(self.s.vars["redis"])
        wait_for("a job was finished",
                 lambda: redis(port, "ZCARD", "bull:scraper-queue:completed") not in (":0", ""), ARRIVALS_S)
        self.assertTrue(self.s.get("api", "/api/admin/queue/pause", method="POST").json["success"])
        self.assertEqual(redis(port, "HEXISTS", "bull:scraper-queue:meta", "paused"), ":1")
        wait_for("jobs pile up", lambda: self.s.get("api", "/api/admin/queue-stats")
                 .json["data"]["waiting"] > 1, ARRIVALS_S)
        self.s.get("api", "/api/admin/queue/resume", method="POST")
        self.assertEqual(redis(port, "EXISTS", "bull:scraper-queue:paused"), ":0")
        self.assertEqual(self.s.get("api", "/api/admin/queue/status").json["data"]["paused"], False)

    def test_a_job_at_work_has_the_lock_of_its_worker(self):
        look = ("local id = redis.call('LINDEX', KEYS[1], -1) "
                "return id and redis.call('PTTL', 'bull:scraper-queue:' .. id .. ':lock') or 'none'")
        seen = set()

        def ten_looks():
            answer = self.redis("EVAL", look, "1", "bull:scraper-queue:active")
            if answer.startswith(":"):
                self.assertTrue(0 < int(answer[1:]) <= 30000, answer)
                seen.add(answer)
            return len(seen) == 10

        wait_for("ten looks at jobs at work", ten_looks, ARRIVALS_S)

    def test_browser_pool_adds_up(self):
        p = self.s.get("api", "/admin/browser-pool/stats").json
        self.assertEqual(p["size"], p["available"] + p["borrowed"])
        self.assertEqual(p["pending"], 0)

    def test_console_role_reads_all_activity_and_cannot_write(self):
        self.assertNotIn("insufficient", str(sql(self.s.vars["pg"],
                                                 "select query from pg_stat_activity")))
        self.assertIn("permission denied", sql(self.s.vars["pg"], "delete from units"))
        root = self.s.vars["pg"].replace("user=midwatch", "user=postgres")
        self.assertIn("no pg_hba.conf entry", sql(root, "select 1"))

    def raw(self, data, half=False):
        """What comes back for these bytes, up to the close."""
        with socket.create_connection(("127.0.0.1", port_of(self.s.vars["api"])), timeout=5) as s:
            s.sendall(data)
            if half:
                s.shutdown(socket.SHUT_WR)
            got = b""
            try:
                while chunk := s.recv(65536):
                    got += chunk
            except (ConnectionResetError, TimeoutError):
                pass
            return got

    def test_bad_requests_get_their_code_and_harm_nobody(self):
        end = b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        for data, code in (
                (b"nonsense\r\n\r\n", 400), (b"GET /health\r\n\r\n", 400),
                (b"GET http://x/ HTTP/1.1\r\n\r\n", 400), (b"GET / HTTP/2.0\r\n\r\n", 400),
                (b"GET /\0 HTTP/1.1\r\n\r\n", 400), (b"GET /" + end + b"no colon\r\n\r\n", 400),
                (b"GET /" + end + b"X: y\r\n" * 80 + b"\r\n", 400),
                (b"GET /" + b"a" * 20000 + end + b"\r\n", 431),
                (b"POST /__sim/reset" + end + b"Content-Length: 99999999\r\n\r\n", 413),
                (b"POST /__sim/reset" + end + b"Content-Length: -1\r\n\r\n", 413),
                (b"POST /__sim/reset" + end + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501),
                (b"PUT /health" + end + b"\r\n", 405),
                (b"GET /%68ealth" + end + b"\r\n", 200)):
            self.assertTrue(self.raw(data).startswith(b"HTTP/1.1 %d " % code), (data[:60], code))
        self.assertEqual(self.raw(b"GET /health HT", half=True), b"")
        head = self.raw(b"HEAD /health" + end + b"\r\n")
        self.assertTrue(head.startswith(b"HTTP/1.1 200 ") and head.endswith(b"\r\n\r\n"))
        two = self.raw(b"GET /health HTTP/1.1\r\n\r\nGET /nope" + end + b"\r\n")
        self.assertEqual(two.count(b"HTTP/1.1 200 OK"), 2)
        self.assertEqual(self.health().code, 200)

    def test_more_connections_than_it_takes_are_closed_not_fatal(self):
        port = port_of(self.s.vars["api"])
        many = [socket.create_connection(("127.0.0.1", port), timeout=5) for _ in range(160)]
        for s in many:
            s.close()
        wait_for("it answers", lambda: (h := self.health()) and h.code == 200)

    # ---- control ----

    def test_faults_are_listed_with_their_state(self):
        listed = {f["name"]: f for f in self.s.sim("faults").json["faults"]}
        for name in ("redis_down", "db_down", "api_502", "html_200", "memory", "pool_exhausted",
                     "conn_leak", "long_query", "slow_shutdown", "restorable_lag", "rds_free",
                     "status_check_failed", "env_hides_ssm", "error_rate", "p95", "api_down"):
            self.assertFalse(listed[name]["on"], name)
            self.assertTrue(listed[name]["description"], name)
        self.s.fault("rds_free=1.5GB")
        listed = {f["name"]: f for f in self.s.sim("faults").json["faults"]}
        self.assertEqual((listed["rds_free"]["on"], listed["rds_free"]["value"]), (True, "1.5GB"))

    def test_bad_control_requests_say_what_would_work(self):
        a = self.s.sim("fault", {"name": "no_such"})
        self.assertEqual(a.code, 404)
        self.assertIn("redis_down", a.json["faults"])
        for body in ({"name": "memory", "value": 200}, {"name": "memory=much"},
                     {"name": "redis_down=3"}, {"on": True}, {"name": 7}, b"{", b"[]",
                     b'{"name":"redis_down"} x', {"name": "memory", "on": 1}):
            a = self.s.sim("fault", body)
            self.assertEqual(a.code, 400, (body, a.text))
            self.assertTrue(a.json["error"])
        self.assertEqual(self.s.sim("clock", {"advance_s": -1}).code, 400)
        self.assertEqual(ask(self.s.control + "/__sim/fault").code, 405)
        page = ask(self.s.control + "/__sim/reset", "POST", {}, {"Origin": "https://evil.example"})
        self.assertEqual(page.code, 403)

    def test_clock_advances_the_timestamps(self):
        day = self.health().json["timestamp"][:10]
        self.s.sim("clock", {"advance_s": 86400 * 2})
        self.assertNotEqual(self.health().json["timestamp"][:10], day)

    # ---- faults ----

    def test_redis_down_stops_the_server_and_is_503(self):
        port, pid = port_of(self.s.vars["redis"]), self.s.pids()["redis"]
        self.s.fault("redis_down")
        a = self.health()
        self.assertEqual((a.code, a.json["redis"], a.json["database"]), (503, "error", "ok"))
        self.assertFalse(pathlib.Path(f"/proc/{pid}").exists())
        self.assertRaises(ConnectionRefusedError, redis, port, "PING")
        self.assertEqual(self.s.get("api", "/api/units?search=oak").code, 200)
        self.s.fault("redis_down", on=False)
        self.assertEqual(self.health().code, 200)
        self.assertEqual(redis(port, "PING"), "+PONG")

    def test_db_down_stops_the_server_and_keeps_the_data(self):
        before = sql(self.s.vars["pg"], "select count(*), max(id) from units")
        self.s.fault("db_down")
        a = self.health()
        self.assertEqual((a.code, a.json["database"], a.json["redis"]), (503, "error", "ok"))
        self.assertIn("Connection refused", sql(self.s.vars["pg"], "select 1"))
        self.assertEqual(self.s.get("api", "/api/units?search=oak").code, 500)
        self.s.fault("db_down", on=False)
        self.assertEqual(self.health().code, 200)
        self.assertEqual(sql(self.s.vars["pg"], "select count(*), max(id) from units"), before)

    def test_api_502_is_html_on_every_path_and_a_new_process_after(self):
        start = self.metric("^process_start_time_seconds")
        self.s.fault("api_502")
        for path in ("/health", "/api/units?search=x", "/metrics", "/"):
            a = self.s.get("api", path)
            self.assertEqual(a.code, 502)
            self.assertIn("502 Bad Gateway", a.text)
        self.s.fault("api_502", on=False)
        self.assertGreater(self.metric("^process_start_time_seconds"), start)

    def test_api_down_refuses_and_comes_back_on_its_port(self):
        self.s.fault("api_down")
        self.assertIsNone(self.health())
        self.assertEqual(self.s.get("web", "/").code, 200)
        self.s.fault("api_down", on=False)
        self.assertEqual(self.health().code, 200)

    def test_html_200_is_the_wrong_page(self):
        self.s.fault("html_200")
        a = self.health()
        self.assertEqual(a.code, 200)
        self.assertIn("<html", a.text)

    def test_conn_leak_fills_every_slot_and_terminated_ones_stay_gone(self):
        # a session that was there before keeps working; a new one is refused
        self.s.fault("conn_leak", value=25)
        self.assertIn("remaining connection slots are reserved",
                      sql(self.s.vars["pg"], "select 1"))
        self.assertEqual(self.health().json["database"], "ok")
        refused = wait_for("a request is refused",
                           lambda: next((a for a in [self.s.get("api", "/api/units/5")]
                                         if a.code == 500), None))
        self.assertIn("slots are reserved", refused.json["error"])
        self.s.fault("conn_leak", on=False)
        wait_for("slots are free", lambda: isinstance(sql(self.s.vars["pg"], "select 1"), list))

    def test_conn_leak_of_five_can_be_read_and_ended(self):
        idle = "state = 'idle in transaction'"
        self.s.fault("conn_leak=5")
        self.assertEqual(self.app_sessions(idle), 5)
        self.assertEqual(sql(self.s.vars["pg"], "select pg_terminate_backend(pid) from "
                             f"pg_stat_activity where usename = 'app' and {idle} limit 1"), [["t"]])
        wait_for("one is gone", lambda: self.app_sessions(idle) == 4)
        self.s.fault("conn_leak", on=False)
        wait_for("all are gone", lambda: self.app_sessions(idle) == 0)

    def test_long_query_is_active_until_off(self):
        long = "state = 'active' and query like '%pg_sleep%'"
        self.s.fault("long_query")
        wait_for("it runs", lambda: self.app_sessions(long) == 1)
        self.s.fault("long_query", on=False)
        wait_for("it ended", lambda: self.app_sessions(long) == 0)

    def test_pool_exhausted_shows_pending(self):
        self.s.fault("pool_exhausted")
        p = self.s.get("api", "/admin/browser-pool/stats").json
        self.assertEqual((p["available"], p["borrowed"]), (0, p["size"]))
        self.assertGreater(p["pending"], 0)

    def test_error_rate_is_exact(self):
        self.s.fault("error_rate", value=0.5)
        codes = [self.s.get("api", "/api/units?search=oak").code for _ in range(30)]
        self.assertTrue(10 <= codes.count(500) <= 20, codes)  # the users take their share
        self.assertEqual(set(codes), {200, 500})
        self.assertEqual(self.health().code, 200)

    def test_p95_and_latency_slow_down_for_real(self):
        self.s.fault("p95", value=400)
        took = sorted(self.s.get("api", "/api/units?search=oak").took for _ in range(20))
        self.assertGreater(took[10], 0.05)  # the median of p95=400 is 107 ms, of peace 22 ms
        self.s.fault("p95", on=False)
        self.s.fault("latency", value=300)
        self.assertGreater(self.health().took, 0.29)

    def test_slow_shutdown_says_so_then_refuses_then_is_new(self):
        start = self.metric("^process_start_time_seconds")
        self.s.fault("slow_shutdown", value=1)
        a = self.health()
        self.assertEqual((a.code, a.json), (503, {"error": "Server is shutting down"}))
        self.assertEqual(a.headers["Connection"], "close")
        wait_for("refused", lambda: self.health() is None, 4)
        wait_for("healthy", lambda: (h := self.health()) and h.code == 200, 6)
        self.assertGreater(self.metric("^process_start_time_seconds"), start)
        state = {f["name"]: f["on"] for f in self.s.sim("faults").json["faults"]}
        self.assertFalse(state["slow_shutdown"])

    def test_memory_is_seen_on_the_page_and_by_the_tools(self):
        self.s.fault("memory", value=92)
        self.assertAlmostEqual(self.metric("^process_resident_memory_bytes") / 2**30, 0.92, 3)
        out = self.s.tool("aws", "cloudwatch", "get-metric-statistics", "--metric-name",
                          "mem_used_percent", "--statistics", "Average").stdout
        self.assertEqual(json.loads(out)["Datapoints"][-1]["Average"], 92)

    # ---- tools ----

    def test_docker_compose_restart_mends_and_is_logged(self):
        self.s.fault("api_502")
        done = self.s.tool("docker-compose", "restart", "api")
        self.assertEqual((done.returncode, done.stdout), (0, "Restarting api ... done\n"))
        self.assertEqual(self.health().code, 200)
        self.s.fault("redis_down")
        self.assertEqual(self.s.tool("docker-compose", "restart", "redis").returncode, 0)
        self.assertEqual(self.health().code, 200)
        bad = self.s.tool("docker-compose", "restart", "no such")
        self.assertEqual(bad.returncode, 1)
        self.assertIn("No such service", bad.stdout)
        log = pathlib.Path(self.s.dir, "commands.log").read_text().splitlines()
        for line in ("docker-compose restart api", "docker-compose restart redis",
                     "docker-compose restart 'no such'"):
            self.assertIn(line, log)

    def test_aws_answers_follow_the_faults(self):
        def status():
            out = self.s.tool("aws", "ec2", "describe-instance-status", "--instance-ids", "i-1")
            return json.loads(out.stdout)["InstanceStatuses"][0]["InstanceStatus"]["Status"]

        def free():
            out = self.s.tool("aws", "cloudwatch", "get-metric-statistics", "--metric-name",
                              "FreeStorageSpace", "--statistics", "Minimum")
            return json.loads(out.stdout)["Datapoints"][0]["Minimum"]
        self.assertEqual(status(), "ok")
        self.assertGreater(free(), 2e9)
        self.s.fault("status_check_failed")
        self.s.fault("rds_free")
        self.assertEqual(status(), "impaired")
        self.assertEqual(free(), 1.5e9)
        out = self.s.tool("aws", "rds", "describe-db-instances", "--db-instance-identifier",
                          "ratemyunit-prod", "--query", "DBInstances[0].LatestRestorableTime")
        self.assertRegex(out.stdout, r'^"\d{4}-\d\d-\d\dT')
        self.assertEqual(self.s.tool("aws", "s3", "cp").returncode, 254)
        self.assertEqual(self.s.tool("aws", "iam").returncode, 252)

    def test_a_restored_database_is_used_after_a_restart_unless_the_environment_hides_it(self):
        name = "/ratemyunit/prod/DATABASE_URL"
        port = re.search(r"port=(\d+)", self.s.vars["pg"])[1]
        self.assertEqual(self.s.tool(
            "aws", "rds", "restore-db-instance-to-point-in-time", "--source-db-instance-identifier",
            "ratemyunit-prod", "--target-db-instance-identifier", "r2", "--restore-time",
            "2026-01-29T10:30:00Z").returncode, 0)
        self.s.sim("clock", {"advance_s": 25 * 60})
        self.assertEqual(self.s.tool("aws", "rds", "wait", "db-instance-available",
                                     "--db-instance-identifier", "r2").returncode, 0)
        restored = self.s.vars["pg"].replace("dbname=ratemyunit", "dbname=ratemyunit_restored")
        self.assertEqual(sql(restored, "select count(*) from units"), [["600"]])

        def put(db):
            path = pathlib.Path(self.s.dir, "param.json")
            path.write_text(json.dumps({"Name": name, "Value":
                                        f"postgres://app@127.0.0.1:{port}/{db}"}, indent=1))
            self.assertEqual(self.s.tool("aws", "ssm", "put-parameter", "--cli-input-json",
                                         f"file://{path}").returncode, 0)
            self.assertEqual(self.s.tool("docker-compose", "restart", "api").returncode, 0)
            self.assertEqual(self.health().code, 200)

        def used():
            return {row[0] for row in sql(self.s.vars["pg"], "select datname from pg_stat_activity "
                                          "where usename = 'app'")}
        self.s.fault("env_hides_ssm")
        put("ratemyunit_restored")
        wait_for("a session of the database that was there", lambda: "ratemyunit" in used())
        self.assertNotIn("ratemyunit_restored", used())
        self.assertIn("/ratemyunit\n", self.s.tool("docker-compose", "exec", "api", "printenv",
                                                   "DATABASE_URL").stdout)
        self.s.fault("env_hides_ssm", on=False)
        put("ratemyunit_restored")
        wait_for("a session of the restored database", lambda: "ratemyunit_restored" in used())
        put("ratemyunit")

    def test_k6_measures_the_real_thing(self):
        done = self.s.tool("k6", "run", "k6-load-test.js")
        self.assertEqual(done.returncode, 0)
        self.s.fault("error_rate", value=1)
        done = self.s.tool("k6", "run", "k6-load-test.js")
        self.assertEqual(done.returncode, 99)
        self.assertIn("100.00%", done.stdout)


run()
