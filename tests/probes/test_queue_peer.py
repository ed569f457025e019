#!/usr/bin/env python3
"""The queue probe against queues that the real libraries write to a real Redis: its numbers are the
library's own. BullMQ and Bull come from npm (scripts/lib.sh says where they lie), RQ, Celery and Sidekiq
from Debian."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent))
from harness.peers import Redis  # noqa: E402

MIDWATCH = os.path.abspath(os.environ["MIDWATCH"])
MODULES = os.environ.get("MIDWATCH_NODE_MODULES", str(ROOT / "build-npm" / "node_modules"))
DEBIAN_PYTHON = "/usr/bin/python3"  # the one that has Debian's modules

BULLMQ = """
const { Queue, Worker } = require('bullmq');
const connection = { port: %(port)d };
(async () => {
  const q = new Queue('mail', { connection });
  for (let i = 0; i < 7; i++) await q.add('send', { i });
  await q.add('urgent', {}, { priority: 2 });
  for (let i = 0; i < 3; i++) await q.add('later', {}, { delay: 600000 });
  let failed = 0;
  const w = new Worker('mail', async job => { if (++failed <= 2) throw new Error('no'); },
                       { connection, autorun: false });
  for (let i = 0; i < 2; i++) {
    const job = await w.getNextJob('t' + i);
    await job.moveToFailed(new Error('no'), 't' + i, false);
  }
  await w.getNextJob('held');
  if (%(pause)s) await q.pause();
  const wait = await q.getWaiting(), counts = await q.getJobCounts();
  console.log(JSON.stringify({ counts, oldest: wait.length ? wait[0].timestamp : 0 }));
  process.exit(0);
})();
"""

BULL = """
const Bull = require('bull');
(async () => {
  const q = new Bull('old', 'redis://127.0.0.1:%(port)d');
  for (let i = 0; i < 5; i++) await q.add({ i });
  await q.add({}, { delay: 600000 });
  const job = await q.getNextJob();
  await job.moveToFailed({ message: 'no' }, true);
  await q.getNextJob();
  if (%(pause)s) await q.pause();
  const wait = await q.getWaiting();
  console.log(JSON.stringify({ counts: await q.getJobCounts(),
                               oldest: wait.length ? wait[0].timestamp : 0 }));
  process.exit(0);
})();
"""

RQ = """
import json, redis, rq, datetime
connection = redis.Redis(port=%(port)d)
q = rq.Queue('high', connection=connection)
for i in range(4):
    q.enqueue('math.sqrt', i)
q.enqueue('math.sqrt', 'no number')
rq.Queue('high', connection=connection).enqueue_in(datetime.timedelta(hours=1), 'math.sqrt', 9)
bad = rq.Queue('bad', connection=connection)
bad.enqueue('math.sqrt', 'no number')
rq.SimpleWorker([bad], connection=connection).work(burst=True, logging_level='CRITICAL')
first = q.jobs[0]
print(json.dumps({'waiting': len(q), 'delayed': q.scheduled_job_registry.count,
                  'failed': bad.failed_job_registry.count, 'waiting_bad': len(bad),
                  'oldest': first.enqueued_at.replace(tzinfo=datetime.timezone.utc).timestamp()}))
"""

CELERY = """
import json
from celery import Celery
app = Celery(broker='redis://127.0.0.1:%(port)d/0')
app.conf.broker_transport_options = {'queue_order_strategy': 'priority'}
for i in range(6):
    app.send_task('t.work', (i,), priority=i %% 2 * 9)
with app.connection_or_acquire() as c:
    n = c.default_channel.queue_declare('celery', passive=True).message_count
print(json.dumps({'waiting': n}))
"""

SIDEKIQ = """
require 'json'
require 'sidekiq'
require 'sidekiq/api'
Sidekiq.configure_client { |c| c.redis = { url: 'redis://127.0.0.1:%(port)d/0' } }
class Work
  include Sidekiq::Worker
  sidekiq_options queue: 'low'
end
3.times { |i| Work.perform_async(i) }
Work.perform_in(3600, 9)
q = Sidekiq::Queue.new('low')
puts JSON.generate('waiting' => q.size, 'latency' => q.latency,
                   'delayed' => Sidekiq::ScheduledSet.new.size + Sidekiq::RetrySet.new.size,
                   'failed' => Sidekiq::DeadSet.new.size)
"""


def ask(redis, **options):
    """What midwatch says of the queue: {signal: value or None}, its state and reason."""
    words = ", ".join(f"{k}: '{v}'" for k, v in options.items())
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, "midwatch.yaml")
        pathlib.Path(path).write_text(
            f"watch: q\nservices:\n  q:\n    probes:\n      p: {{ {words}, redis: '{redis.url}' }}\n")
        os.chmod(path, 0o600)
        done = subprocess.run([MIDWATCH, "status", "--json", path], capture_output=True, text=True,
                              timeout=60)
    if not done.stdout:
        raise AssertionError(done.stderr)
    reading = json.loads(done.stdout)["services"][0]["readings"][0]
    out = {s["name"]: s.get("value") for s in reading["signals"]}
    return {**out, "state": reading["state"], "reason": reading["reason"],
            "next": reading.get("table", {}).get("rows", [[], [None]])[1][0]}


class QueueTest(unittest.TestCase):
    def setUp(self):
        self.redis = Redis().__enter__()
        self.addCleanup(self.redis.close)

    def run_in(self, argv, script, suffix, env=None, **more):
        with tempfile.NamedTemporaryFile("w", suffix=suffix) as f:
            f.write(script % {"port": self.redis.port, **more})
            f.flush()
            done = subprocess.run([*argv, f.name], capture_output=True, text=True, timeout=120,
                                  env={**os.environ, **(env or {})})
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout.strip().splitlines()[-1])

    def node(self, script, module, pause=False):
        if not shutil.which("node") or not os.path.isdir(os.path.join(MODULES, module)):
            self.skipTest(f"there is no node, or the npm package {module} is not in {MODULES}")
        return self.run_in(["node"], script, ".js", {"NODE_PATH": MODULES},
                           pause="true" if pause else "false")

    def python(self, script, module):
        if subprocess.run([DEBIAN_PYTHON, "-c", f"import {module}"], capture_output=True).returncode:
            self.skipTest(f"Debian's python3-{module} is not installed")
        return self.run_in([DEBIAN_PYTHON], script, ".py")

    def age(self, told, stamp_s, now_s):
        """The age that midwatch tells is that of the library's own job."""
        self.assertIsNotNone(told)
        self.assertAlmostEqual(told, now_s - stamp_s, delta=3)

    def now(self):
        seconds, micros = self.redis.ask("TIME")
        return int(seconds) + int(micros) / 1e6

    def test_bullmq(self):
        own = self.node(BULLMQ, "bullmq")
        seen = ask(self.redis, queue="mail", layout="bullmq")
        c = own["counts"]
        self.assertEqual(seen["depth"], c["waiting"] + c["prioritized"], (own, seen))
        self.assertEqual((seen["running"], seen["delayed"], seen["failed"]),
                         (c["active"], c["delayed"], c["failed"]))
        self.assertEqual(seen["state"], "up")
        self.age(seen["oldest"], own["oldest"] / 1000, self.now())
        self.assertEqual(seen["next"], "send")

    def test_bullmq_paused(self):
        own = self.node(BULLMQ, "bullmq", pause=True)
        seen = ask(self.redis, queue="mail", layout="bullmq")
        self.assertEqual(seen["state"], "disabled", seen)
        c = own["counts"]
        self.assertEqual(seen["depth"], c["waiting"] + c["prioritized"] + c.get("paused", 0))

    def test_bull(self):
        for pause in (False, True):
            self.redis.ask("FLUSHALL")
            own = self.node(BULL, "bull", pause)
            seen = ask(self.redis, queue="old", layout="bull")
            c = own["counts"]
            self.assertEqual(seen["depth"], c["waiting"] + c.get("paused", 0), (own, seen))
            self.assertEqual((seen["running"], seen["delayed"], seen["failed"]),
                             (c["active"], c["delayed"], c["failed"]))
            self.assertEqual(seen["state"], "disabled" if pause else "up")

    def test_rq(self):
        own = self.python(RQ, "rq")
        seen = ask(self.redis, queue="high", layout="rq")
        self.assertEqual((seen["depth"], seen["delayed"], seen["failed"]),
                         (own["waiting"], own["delayed"], 0), seen)
        self.age(seen["oldest"], own["oldest"], self.now())
        self.assertEqual(seen["next"], "math.sqrt")
        bad = ask(self.redis, queue="bad", layout="rq")
        self.assertEqual((bad["depth"], bad["failed"], bad["state"]),
                         (own["waiting_bad"], own["failed"], "up"), bad)

    def test_celery_counts_all_priorities(self):
        own = self.python(CELERY, "celery")
        seen = ask(self.redis, queue="celery", layout="celery")
        self.assertEqual((seen["depth"], seen["running"], seen["oldest"]), (6, 0, None), (own, seen))
        self.assertEqual(seen["next"], "t.work")

    def test_sidekiq(self):
        if not shutil.which("ruby") or subprocess.run(["ruby", "-e", "require 'sidekiq'"],
                                                      capture_output=True).returncode:
            self.skipTest("ruby-sidekiq is not installed")
        own = self.run_in(["ruby"], SIDEKIQ, ".rb")
        seen = ask(self.redis, queue="low", layout="sidekiq")
        self.assertEqual((seen["depth"], seen["delayed"], seen["failed"]),
                         (own["waiting"], own["delayed"], own["failed"]), seen)
        self.age(seen["oldest"], 0, own["latency"])
        self.assertEqual(seen["next"], "Work")

    def test_stream(self):
        ids = [self.redis.ask("XADD", "events", "*", "n", str(i)) for i in range(6)]
        self.redis.ask("XGROUP", "CREATE", "events", "g", "0")
        self.redis.ask("XREADGROUP", "GROUP", "g", "me", "COUNT", "2", "STREAMS", "events", ">")
        seen = ask(self.redis, queue="events", layout="stream", group="g")
        self.assertEqual((seen["depth"], seen["running"]), (4, 2), seen)
        self.age(seen["oldest"], int(ids[2].split("-")[0]) / 1000, self.now())
        self.redis.ask("XDEL", "events", ids[3])  # now Redis does not know the lag
        seen = ask(self.redis, queue="events", layout="stream", group="g")
        self.assertEqual(seen["depth"], 3, seen)

    def test_flushed_is_not_empty(self):
        self.node(BULLMQ, "bullmq")
        self.redis.ask("FLUSHALL")
        seen = ask(self.redis, queue="mail", layout="bullmq")
        self.assertEqual((seen["state"], seen["depth"]), ("unknown", None), seen)

    def test_nothing_is_written(self):
        self.redis.ask("RPUSH", "jobs", "a", "b")
        self.redis.ask("SET", "bull:mail:wait", "a string")
        self.redis.ask("CONFIG", "RESETSTAT")
        before = self.redis.ask("INFO", "persistence").split("rdb_changes_since_last_save:")[1].split()[0]
        self.assertEqual(ask(self.redis, queue="jobs", layout="list")["depth"], 2)
        wrong = ask(self.redis, queue="mail", layout="bullmq")
        self.assertEqual(wrong["state"], "unknown")
        self.assertIn("bull:mail:wait is not of the kind", wrong["reason"])
        after = self.redis.ask("INFO", "persistence").split("rdb_changes_since_last_save:")[1].split()[0]
        self.assertEqual(before, after)


def run():
    program = unittest.main(exit=False, verbosity=2)
    missing = [why for _, why in program.result.skipped]
    if missing and os.environ.get("MIDWATCH_NO_SKIP") == "1":
        print("FAILED, nothing may be skipped:", *missing, sep="\n  ")
        return 1
    return 0 if program.result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(run())
