#!/usr/bin/env python3
"""The farm answers as its own description says, the floors do their work, and the meters measure."""
import http.client
import json
import os
import pathlib
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from bench import bench, meter  # noqa: E402
from harness.peers import Postgres, Redis, wait_until  # noqa: E402


class Options:
    build = os.environ.get("MIDWATCH_BUILD", str(bench.ROOT / "build"))
    midwatch = None


def get(farm, path, host="127.0.0.1"):
    c = http.client.HTTPConnection(host, farm.port, timeout=2)
    c.request("GET", path)
    r = c.getresponse()
    body = r.read()
    c.close()
    return r.status, body


class BenchTest(unittest.TestCase):
    def setUp(self):
        self.bench = bench.Bench(Options)

    def tearDown(self):
        os.rmdir(self.bench.dir)

    def test_the_farm_has_healthy_targets_and_faults_on_demand(self):
        with bench.Farm(self.bench, 300) as farm:
            host, port, path = farm.parts(299)
            self.assertEqual((host, path), ("127.0.1.50", "/h/299"))
            status, body = get(farm, path, host)
            self.assertEqual((status, json.loads(body)["status"]), (200, "ok"))
            self.assertAlmostEqual(len(body), 1000, delta=60)
            self.assertNotEqual(body, get(farm, path, host)[1])
            get(farm, "/ctl/down/299")
            status, body = get(farm, path, host)
            self.assertEqual((status, json.loads(body)["status"]), (503, "down"))
            self.assertEqual(get(farm, "/h/298")[0], 200)
            get(farm, "/ctl/hang/all")
            with self.assertRaises(TimeoutError):
                c = http.client.HTTPConnection("127.0.0.1", farm.port, timeout=0.05)
                c.request("GET", "/h/1")
                c.getresponse()
            c.close()
            get(farm, "/ctl/up/all")
            self.assertEqual(get(farm, "/h/1")[0], 200)
            self.assertEqual(farm.stats()["health"], 6)

    def test_the_page_is_well_formed_and_its_counters_grow(self):
        with bench.Farm(self.bench) as farm:
            pages = [get(farm, "/metrics")[1].decode() for _ in range(2)]
            self.assertAlmostEqual(len(pages[0]), 102400, delta=2048)
            values = []
            for page in pages:
                samples = [x for x in page.splitlines() if not x.startswith("#")]
                self.assertEqual(len(samples), farm.samples)
                self.assertEqual(len({x.rpartition(" ")[0] for x in samples}), farm.samples)
                values.append({k: float(v) for k, _, v in (x.rpartition(" ") for x in samples)})
            ok = 'http_requests_total{code="200",method="GET"}'
            self.assertGreater(values[1][ok], values[0][ok])
            buckets = [v for k, v in values[1].items() if "_bucket" in k]
            self.assertEqual(buckets, sorted(buckets))

    def test_the_floors_do_their_work_at_their_pace(self):
        with bench.Farm(self.bench) as farm:
            for tool, key, flags in (("floor_curl", "health", ()), ("floor_curl", "health", ("-c",)),
                                     ("floor_page", "metrics", ("-g", "5"))):
                before = farm.stats()
                with bench.program([self.bench.tool(tool), "-p", str(farm.port), "-a", "20", "-t",
                                    "20", "-i", "100", *flags]) as p:
                    wait_until(lambda: farm.stats()[key] - before[key] > 60, 5, tool, 0.1)
                    with meter.Window(p.pid) as w:
                        wait_until(lambda: farm.stats()[key] - before[key] > 90, 5, tool, 0.1)
                    self.assertGreater(w.cpu_us, 0)
                opened = farm.stats()["connections"] - before["connections"]
                self.assertEqual(opened > 60, "-c" in flags)

    def test_the_floor_over_tls_keeps_its_connections(self):
        with bench.TlsFarm(self.bench) as farm:
            before = farm.stats()
            with bench.program([self.bench.tool("floor_curl"), "-s", "-p", str(farm.port), "-a", "50",
                                "-t", "50", "-i", "100"]) as p:
                wait_until(lambda: farm.stats()["health"] - before["health"] > 120, 10, "probes", 0.1)
                with meter.Window(p.pid) as w:
                    wait_until(lambda: farm.stats()["health"] - before["health"] > 200, 10, "more", 0.1)
            self.assertGreater(w.cpu_us, 0)

    def test_the_floor_of_databases_polls_both(self):
        with Redis() as redis, Postgres() as postgres:
            p = subprocess.Popen([self.bench.tool("floor_db"), "-p", str(redis.port), "-c",
                                  postgres.conninfo, "-q", "3", "-i", "20"], stdout=subprocess.PIPE)
            wait_until(lambda: redis.ask("INFO", "commandstats").count("cmdstat_llen:calls=") and int(
                redis.ask("INFO", "commandstats").split("cmdstat_llen:calls=")[1].split(",")[0]) >= 30,
                10, "thirty depths")
            p.terminate()
            self.assertGreaterEqual(json.loads(p.communicate()[0].split(b"\n")[1])["polls"], 10)
            self.assertEqual(p.returncode, 0)

    def test_the_logs_are_read_to_their_end_and_give_what_they_were(self):
        path = pathlib.Path(self.bench.dir, "small.log")
        line = '{"time":%d,"level":"ERROR","duration_ms":5}\n' % (time.time() * 1000)
        path.write_text(line * 1000)
        size, _, lines = subprocess.check_output([self.bench.tool("floor_log"), path]).split()
        self.assertEqual((int(size), int(lines)), (len(line) * 1000, 1000))
        for probes in (1, 4):
            out = bench.log_ours(self.bench, path, probes)
            self.assertEqual((len(out), out[0]), (6, len(line) * 1000))
        self.assertEqual(path.read_text(), line * 1000)
        path.unlink()
        self.assertGreater(bench.log_ours(self.bench, "-a", 1)[0], 900000)

    def test_a_floor_that_is_not_answered_well_says_so(self):
        with bench.Farm(self.bench) as farm:
            get(farm, "/ctl/down/3")
            with self.assertRaises(RuntimeError):
                with bench.program([self.bench.tool("floor_curl"), "-p", str(farm.port), "-t", "5",
                                    "-i", "50"]):
                    wait_until(lambda: farm.stats()["health"] > 20, 5, "probes")

    def test_the_meter_sees_a_busy_child_and_not_an_idle_one(self):
        busy = subprocess.Popen(["sh", "-c", "while :; do :; done & wait"], start_new_session=True)
        idle = subprocess.Popen(["sleep", "30"])
        try:
            wait_until(lambda: len(meter.tree(busy.pid)) == 2, 2, "child")
            with meter.Window(busy.pid) as w, meter.Window(idle.pid) as calm:
                start = meter.cpu_ns(busy.pid)
                wait_until(lambda: meter.cpu_ns(busy.pid) > start + 50_000_000, 5, "50 ms of CPU")
            self.assertGreater(w.ms_per_s, 50)
            self.assertLess(calm.ms_per_s, 20)
            self.assertGreater(meter.rss_kb(busy.pid), 100)
        finally:
            os.killpg(busy.pid, 9)
            idle.kill()
            busy.wait()
            idle.wait()

    def test_the_terminal_meter_times_frames_and_keys(self):
        t = meter.terminal([self.bench.tool("floor_tui"), "-m", "numbers", "-i", "50"],
                           ready="signal 19", warm=0.1, secs=0.3, press=("j", "k"), n=4)
        self.assertGreaterEqual(t["ready_ms"], t["first_byte_ms"])
        self.assertGreater(t["bytes_per_s"], 500)
        self.assertEqual(t["keys"], 4)
        self.assertLess(t["quit_ms"], 1000)

    def test_a_missed_goal_is_said(self):
        b = self.bench
        b.line("W0 ratio", 12.0, 10.0, 1.3)
        b.line("W0 figure", 5.0, None, 8)
        self.assertEqual(b.failed, [])
        b.line("W0 ratio", 14.0, 10.0, 1.3)
        b.line("W0 figure", 9.0, None, 8)
        self.assertEqual(b.failed, ["W0 ratio", "W0 figure"])


if __name__ == "__main__":
    unittest.main()
