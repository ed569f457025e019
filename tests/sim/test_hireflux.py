#!/usr/bin/env python3
"""HireFlux: queues that real workers empty, the documented log line, a health that knows nothing."""
import json

from simulator import SystemCase, run, sql, wait_for

RESUMES = "queue:resume_generation"


class HireFlux(SystemCase):
    SYSTEM = "hireflux"

    def well(self):
        return self.answers("/api/v1/resumes")

    def depth(self, queue=RESUMES):
        return int(self.redis("LLEN", queue)[1:])

    def number(self, query):
        return int(sql(self.s.vars["pg"], query)[0][0])

    def test_health_lies_and_the_rest_does_not(self):
        self.s.fault("health_lies")
        self.assertEqual(self.s.get("api", "/health").json["status"], "healthy")
        self.assertEqual(self.s.get("api", "/api/v1/").code, 500)
        self.assertEqual(self.s.get("api", "/api/v1/resumes").code, 500)
        self.assertEqual([self.s.pids()[k] for k in ("postgres", "redis")], [0, 0])

    def test_lines_have_the_documented_fields(self):
        base = {"timestamp", "level", "service", "request_id", "user_id", "message", "duration_ms"}
        ai = wait_for("a line of a model",
                      lambda: [x for x in self.lines() if "model" in x], 40)[-1]
        self.assertEqual(set(ai), base | {"model", "tokens", "cost_usd"})
        other = [x for x in self.lines() if x["service"] == "api"][-1]
        self.assertEqual(set(other), base)

    def test_workers_take_jobs_and_stop_when_told(self):
        self.s.fault("workers_stopped")
        for _ in range(3):
            self.assertEqual(self.s.get("api", "/api/v1/resumes/generate", method="POST",
                                        body={}).code, 202)
        wait_for("jobs wait", lambda: self.depth() >= 3)
        job = json.loads(self.redis("LRANGE", RESUMES, "-1", "-1").split("\r\n")[2])
        self.assertEqual(set(job), {"name", "created_at"})
        self.s.fault("workers_stopped", on=False)
        wait_for("jobs are taken", lambda: self.depth() == 0, 60)

    def test_applications_are_taken_from_their_table_and_audited(self):
        before = self.number("select count(*) from events_audit")
        self.s.get("api", "/api/v1/auto-apply", method="POST", body={})
        wait_for("audited", lambda: self.number("select count(*) from events_audit") > before, 40)
        self.assertIn("permission denied", sql(self.s.vars["pg"].replace("midwatch", "app"),
                                               "delete from events_audit"))

    def test_error_rate_and_slow_lines(self):
        self.s.fault("error_rate", value=1)
        self.assertEqual(self.s.get("api", "/api/v1/resumes").code, 500)
        wait_for("errors in the log", lambda: self.lines()[-1]["level"] == "ERROR")
        self.s.fault("error_rate", on=False)
        self.s.fault("slow_nonai", value=900)
        took = sorted(self.s.get("api", "/api/v1/resumes").took for _ in range(9))
        self.assertGreater(took[-1], 0.2)

    def test_cost_and_time_of_a_model(self):
        self.s.fault("cost_x", value=10)
        self.s.fault("slow_ai", value=300)
        n = len(self.lines())
        for _ in range(2):
            self.s.get("api", "/api/v1/resumes/generate", method="POST", body={})
        # a job that was at work when the fault came has its old time and the new price
        line = wait_for("a quick and dear line", lambda: [
            x for x in self.lines()[n:] if "model" in x and x["duration_ms"] < 1000], 40)[-1]
        self.assertGreater(line["cost_usd"] / line["tokens"], 0.0005)

    def test_database_side_faults(self):
        failed = ("select count(*) from stripe_events where type = 'invoice.payment_failed' and "
                  "received_at > now() - interval '1 hour'")
        before = self.number(failed)
        self.s.fault("payments_failed", value=12)
        self.assertEqual(self.number(failed), before + 12)
        self.s.fault("jobsync_late")
        self.assertGreater(self.number(
            "select extract(epoch from now() - max(updated_at))::int / 3600 from jobs"), 26)
        self.s.fault("db_cpu", value=91)
        self.assertEqual(self.s.tool("cloudwatch", "AWS/RDS", "CPUUtilization").stdout, "91\n")


run()
