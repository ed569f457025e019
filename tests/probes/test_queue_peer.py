#!/usr/bin/env python3
"""The queue probe against queues that the real libraries write to a real Redis: its numbers are the
library's own. BullMQ 3 to 6 and Bull 3 and 4 come from npm (scripts/lib.sh says where they lie), RQ, Celery
and Sidekiq from Debian. Sidekiq 8, whose times are integer milliseconds, is in no Debian: its job is typed
after lib/sidekiq/job_util.rb, and the test says so."""
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
sys.path.insert(0, str(HERE))
from harness.peers import Redis, wait_until  # noqa: E402
from test_db_peer import Prober  # noqa: E402

MIDWATCH = os.path.abspath(os.environ["MIDWATCH"])
MODULES = os.environ.get("MIDWATCH_NODE_MODULES", str(ROOT / "build-npm" / "node_modules"))
BULLMQS = ["bullmq3", "bullmq4", "bullmq50", "bullmq5", "bullmq"]  # 5.0.0, the newest 5, and 6
BULLS = ["bull3", "bull"]
DEBIAN_PYTHON = "/usr/bin/python3"  # the one that has Debian's modules

BULLMQ = """
const { Queue, Worker } = require('%(module)s');
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

# Only delayed jobs: up to early version 5 a marker lies among the waiting ones then.
BULLMQ_LATER = """
const { Queue } = require('%(module)s');
(async () => {
  const q = new Queue('mail', { connection: { port: %(port)d } });
  for (let i = 0; i < 3; i++) await q.add('later', {}, { delay: 600000 });
  console.log('{}');
  process.exit(0);
})();
"""

BULLMQ_COUNTS = """
const { Queue } = require('%(module)s');
(async () => {
  const q = new Queue('mail', { connection: { port: %(port)d } });
  console.log(JSON.stringify(await q.getJobCounts()));
  process.exit(0);
})();
"""

# A worker that dies at work: its lock ends, the job stays active.
BULLMQ_DIES = """
const { Queue, Worker } = require('%(module)s');
const connection = { port: %(port)d };
(async () => {
  const q = new Queue('mail', { connection });
  const job = await q.add('send', {});
  const w = new Worker('mail', async () => {}, { connection, autorun: false, lockDuration: 200 });
  const taken = await w.getNextJob('gone');
  console.log(JSON.stringify({ id: taken.id, at: taken.processedOn }));
  process.exit(0);
})();
"""

BULL_DIES = """
const Bull = require('%(module)s');
(async () => {
  const q = new Bull('mail', 'redis://127.0.0.1:%(port)d', { settings: { lockDuration: 200 } });
  await q.add('send', {});
  const taken = await q.getNextJob();
  console.log(JSON.stringify({ id: taken.id, at: taken.processedOn }));
  process.exit(0);
})();
"""

BULL = """
const Bull = require('%(module)s');
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
rq.registry.StartedJobRegistry(queue=q).add(q.jobs[3], 600)
q.remove(q.jobs[3])
first = q.jobs[0]
print(json.dumps({'waiting': len(q), 'running': q.started_job_registry.count, 'delayed': q.scheduled_job_registry.count,
                  'failed': bad.failed_job_registry.count, 'waiting_bad': len(bad),
                  'oldest': first.enqueued_at.replace(tzinfo=datetime.timezone.utc).timestamp()}))
"""

CELERY = """
import json, os, time
from celery import Celery
app = Celery(broker='redis://127.0.0.1:%(port)d/0')
app.conf.broker_transport_options = {'queue_order_strategy': 'priority'}
for i in range(6):
    app.send_task('t.work', (i,), priority=i %% 2 * 9)
c = app.connection_for_read()
channel = c.default_channel
took = time.time()
for i in range(2):
    assert channel.basic_get('celery')  # taken, and never acknowledged
n = channel.queue_declare('celery', passive=True).message_count
print(json.dumps({'waiting': n, 'took': took, 'unacked': channel.client.hlen('unacked')}), flush=True)
os._exit(0)  # an end in good order would give them back
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
2.times { |i| Sidekiq::RetrySet.new.schedule(Time.now.to_f + 60, 'class' => 'Work', 'jid' => "r#{i}", 'queue' => 'low') }
Sidekiq::DeadSet.new.kill(Sidekiq.dump_json('class' => 'Work', 'jid' => 'd', 'queue' => 'low'))
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

    def node(self, script, module, pause=False, **more):
        if not shutil.which("node") or not os.path.isdir(os.path.join(MODULES, module)):
            self.skipTest(f"there is no node, or the npm package {module} is not in {MODULES}")
        return self.run_in(["node"], script, ".js", {"NODE_PATH": MODULES},
                           pause="true" if pause else "false", module=module, **more)

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
        for module in BULLMQS:
            with self.subTest(module):
                self.redis.ask("FLUSHALL")
                own = self.node(BULLMQ, module)
                seen = ask(self.redis, queue="mail", layout="bullmq")
                c = own["counts"]
                self.assertEqual(seen["depth"], c["waiting"] + c.get("prioritized", 0), (own, seen))
                self.assertEqual((seen["running"], seen["delayed"], seen["failed"]),
                                 (c["active"], c["delayed"], c["failed"]))
                self.assertEqual(seen["state"], "up")
                self.age(seen["oldest"], own["oldest"] / 1000, self.now())
                self.assertIn(seen["next"], ("send", "urgent"))

    def test_bullmq_paused(self):
        for module in BULLMQS:
            with self.subTest(module):
                self.redis.ask("FLUSHALL")
                own = self.node(BULLMQ, module, pause=True)
                seen = ask(self.redis, queue="mail", layout="bullmq")
                self.assertEqual(seen["state"], "disabled", seen)
                c = own["counts"]
                self.assertEqual(seen["depth"], c["waiting"] + c.get("prioritized", 0) + c.get("paused", 0),
                                 (own, seen))

    def test_a_marker_of_bullmq_is_no_job(self):
        markers = 0
        for module in BULLMQS:
            with self.subTest(module):
                self.redis.ask("FLUSHALL")
                self.node(BULLMQ_LATER, module)
                wait = self.redis.ask("LRANGE", "bull:mail:wait", "0", "-1")
                markers += wait[:1] != [] and wait[0].startswith("0:")
                seen = ask(self.redis, queue="mail", layout="bullmq")
                own = self.node(BULLMQ_COUNTS, module)  # takes the marker away
                self.assertEqual((seen["depth"], seen["delayed"]), (own["waiting"], own["delayed"]),
                                 (wait, own, seen))
                self.assertEqual(seen["reason"], "empty")
        self.assertGreater(markers, 0, "none of these versions writes a marker")

    def test_a_job_whose_worker_died_is_stalled(self):
        for layout, script, modules in (("bullmq", BULLMQ_DIES, BULLMQS), ("bull", BULL_DIES, BULLS)):
            for module in modules:
                with self.subTest(module):
                    self.redis.ask("FLUSHALL")
                    own = self.node(script, module)
                    wait_until(lambda: self.redis.ask("EXISTS", f"bull:mail:{own['id']}:lock") == 0, 10,
                               "the lock has ended")
                    with Prober("queue", "queue", "mail", "layout", layout, "redis", self.redis.url) as p:
                        p.poll()
                        seen = p.poll()
                    self.assertEqual(seen["state"], "degraded", seen)
                    self.assertRegex(seen["reason"], r"^stalled: a job at work( \(send\))? has no worker, "
                                     r"taken \d+s ago · empty · 1 at work$")

    def test_bull(self):
        for module in BULLS:
            for pause in (False, True):
                with self.subTest(module, pause=pause):
                    self.redis.ask("FLUSHALL")
                    own = self.node(BULL, module, pause)
                    seen = ask(self.redis, queue="old", layout="bull")
                    c = own["counts"]
                    self.assertEqual(seen["depth"], c["waiting"] + c.get("paused", 0), (own, seen))
                    self.assertEqual((seen["running"], seen["delayed"], seen["failed"]),
                                     (c["active"], c["delayed"], c["failed"]))
                    self.assertEqual(seen["state"], "disabled" if pause else "up")
                    if own["oldest"]:
                        self.age(seen["oldest"], own["oldest"] / 1000, self.now())

    def test_rq(self):
        own = self.python(RQ, "rq")
        seen = ask(self.redis, queue="high", layout="rq")
        self.assertEqual((seen["depth"], seen["running"], seen["delayed"], seen["failed"]),
                         (own["waiting"], own["running"], own["delayed"], 0), seen)
        self.assertEqual((own["waiting"], own["running"]), (4, 1))
        self.age(seen["oldest"], own["oldest"], self.now())
        self.assertEqual(seen["next"], "math.sqrt")
        bad = ask(self.redis, queue="bad", layout="rq")
        self.assertEqual((bad["depth"], bad["failed"], bad["state"]),
                         (own["waiting_bad"], own["failed"], "up"), bad)

    def test_celery_counts_all_priorities(self):
        own = self.python(CELERY, "celery")
        seen = ask(self.redis, queue="celery", layout="celery")
        # what the library calls the size of a queue is that of all its priorities
        self.assertEqual((seen["depth"], seen["running"], seen["oldest"]),
                         (own["waiting"], own["unacked"], None), (own, seen))
        self.assertEqual((own["waiting"], own["unacked"]), (4, 2))
        self.assertEqual(seen["state"], "up")
        stuck = ask(self.redis, queue="celery", layout="celery", stuck="1s")
        wait_until(lambda: self.now() - own["took"] > 2, 10, "two seconds")
        stuck = ask(self.redis, queue="celery", layout="celery", stuck="1s")
        self.assertEqual(stuck["state"], "degraded", stuck)
        self.assertRegex(stuck["reason"], r"^not acknowledged: a job taken \d+s ago")
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

    def test_sidekiq_8_has_milliseconds(self):
        """A fixture: no installable version writes it. Typed after sidekiq 8.0, lib/sidekiq/job_util.rb."""
        now_ms = int(self.now() * 1000)
        self.redis.ask("SADD", "queues", "low")
        self.redis.ask("LPUSH", "queue:low", json.dumps(
            {"retry": True, "queue": "low", "class": "Work", "args": [1], "jid": "b4a5",
             "created_at": now_ms - 90000, "enqueued_at": now_ms - 60000}))
        seen = ask(self.redis, queue="low", layout="sidekiq")
        self.assertEqual((seen["depth"], seen["next"]), (1, "Work"))
        self.age(seen["oldest"], now_ms / 1000 - 60, self.now())

    def test_a_trimmed_stream_is_as_old_as_what_is_left(self):
        for i in range(6):
            self.redis.ask("XADD", "events", f"{int(self.now() * 1000) - 60000 + i * 10000}-0", "n", str(i))
        self.redis.ask("XGROUP", "CREATE", "events", "g", "0")
        self.redis.ask("XREADGROUP", "GROUP", "g", "me", "COUNT", "2", "STREAMS", "events", ">")
        with Prober("queue", "queue", "events", "layout", "stream", "group", "g", "redis",
                    self.redis.url) as p:
            v = p.poll()["values"]
            self.assertEqual((v[0]["value"], v[2]["value"]), (4, 2))
            self.assertAlmostEqual(v[1]["value"], 40, delta=5)
            self.redis.ask("XTRIM", "events", "MAXLEN", "2")
            v = p.poll()["values"]
            self.assertEqual(v[0]["value"], 2)
            self.assertAlmostEqual(v[1]["value"], 20, delta=5)

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
