#!/usr/bin/env python3
"""A hundred configurations one after the other in one running console, each over SIGHUP: services and probes
come, go and change while they are asked, some files are wrong. What each of them took is given back.

MIDWATCH_FULL=1 takes a thousand (meson test -t 4). Made to run with the sanitizers: they report at the end
what nothing points to any more; memory that is still pointed to shows in the size of the process, which
is compared under one and the same configuration: of the heap what is given out, for how much malloc keeps beside
it differs from run to run. The sanitizers' own malloc does not tell the two apart; there it is the whole process.
"""
import os
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from fault import console  # noqa: E402
from harness import peers  # noqa: E402
from harness.hostile import Certificates, Http, Pg, Reply, Resp, http as evil  # noqa: E402

MIDWATCH = os.path.abspath(os.environ["MIDWATCH"])
SANITIZED = os.environ.get("MIDWATCH_SANITIZE", "none") != "none"
RELOADS = 1000 if os.environ.get("MIDWATCH_FULL") == "1" else 100
PERIOD = 20  # every so many reloads the first configuration is back, and is measured
WARM = 2 if RELOADS == 100 else 10  # periods until what grows once has grown
# In kB, from the least of the measurements' first half to the least of their second. A board with its history
# that stayed would cost 380 a reload, a bare configuration 3. What grows once still grows by 70 in the short form.
GROWTH_KB = 1024 if SANITIZED else 128
SETTLE_MS = 2500  # by then each probe was asked
KEPT = 32  # idle connections of the client of HTTP, also to what is asked no more
PAGE = "# TYPE queue_depth gauge\nqueue_depth 3\n# TYPE done_total counter\ndone_total 7\n"


class World:
    """Servers of every kind, one that hangs, and the variants of a configuration that names them."""

    def __init__(self, case):
        self.certificate = Certificates.get()["good"]
        self.stranger = Certificates.get()["self-signed"].certificate
        routes = {"/health": Reply(), "/hang": evil.hang(), "/slow": evil.slow_body(1),
                  "/metrics": Reply(body=PAGE, kind="text/plain; version=0.0.4")}
        self.http = case.enterContext(Http(routes))
        self.https = case.enterContext(Http(routes, self.certificate))
        self.pg, self.redis = case.enterContext(Pg()), case.enterContext(Resp())
        self.dead = peers.free_port()

    def base(self):
        return {
            "web": {"p": {"http": self.http.url + "/health"}, "m": self.metrics("queue_depth")},
            "tls": {"p": {"http": self.https.url + "/health", "ca_file": self.certificate.ca}},
            "pg": {"p": {"postgres": self.pg.conninfo}},
            "redis": {"p": {"redis": self.redis.url}},
        }

    def metrics(self, name):
        return {"metrics": self.http.url + "/metrics", "gauge": name}

    def variant(self, i, secret):
        """Services of the i-th configuration; the 0th of each period is the base itself."""
        services, k = self.base(), i % PERIOD
        changes = [
            lambda: services.pop("pg"),
            lambda: services.pop("redis"),
            lambda: services["web"].pop("m"),
            lambda: services["web"]["p"].update(http=f"{self.http.url}/health?{i}"),
            lambda: services["web"]["p"].update(bearer=f"file:{secret}"),
            lambda: services["pg"]["p"].update(sql=f"SELECT {i}"),
            lambda: services.update(hang={"p": {"http": self.http.url + "/hang"}}),
            lambda: services.update(slow={"p": {"http": self.http.url + "/slow"}}),
            lambda: services.update(dead={"p": {"http": f"http://127.0.0.1:{self.dead}/"},
                                          "pg": {"postgres": f"host=127.0.0.1 port={self.dead}"},
                                          "redis": {"redis": f"redis://127.0.0.1:{self.dead}"}}),
            lambda: services.update({f"n{i}x{n}": {"p": {"http": f"{self.http.url}/health?{n}"}}
                                     for n in range(k)}),
            # the system's own authorities would be kept by the TLS library: 1 MB, once, at a time of its choice
            lambda: services["tls"]["p"].update(ca_file=self.stranger),
            lambda: services.update(rate={"p": {"metrics": self.http.url + "/metrics",
                                                "rate": "done_total"}}),
        ]
        if k:
            for n in {k % len(changes), (k * 5 + 1) % len(changes)}:
                if not (n == 5 and "pg" not in services):
                    changes[n]()
        return services

    def text(self, i, secret):
        services = {name: {p: {**o, "every": "1s" if i % 3 else "2s", "timeout": "900ms"}
                           for p, o in probes.items()}
                    for name, probes in self.variant(i, secret).items()}
        text = console.config(services).replace("watch: fault", f"watch: w{i}w")
        # the 7th and 14th of a period are refused, and say by which word
        return text.replace("    probes:", f"    pr{i}bes:", 1) if i % PERIOD in (7, 14) else text


def vital(c):
    """(memory in kB, descriptors), as the console itself told last"""
    told = c.samples[-1].data
    return told["rss_kb"] if SANITIZED else told["heap_kb"], told["fds"]


class ReloadTest(unittest.TestCase):
    def reload(self, c, world, i):
        text = world.text(i, c.secret)
        temporary = c.config + ".new"
        pathlib.Path(temporary).write_text(text)
        os.chmod(temporary, 0o600)
        os.rename(temporary, c.config)
        c.screen.signal("HUP")
        c.screen.wait_for(f"pr{i}bes" if f"pr{i}bes" in text else f"w{i}w", 20)

    def settle(self, c, i):
        """Every probe of the base configuration was asked since, and is well. The least of what was seen
        meanwhile, for an answer on its way takes memory and descriptors too."""
        names = {"web.p", "web.m", "tls.p", "pg.p", "redis.p"}
        since_ms, seen = console.now_ms(), []

        def asked(readings):
            seen.append(vital(c))
            return (c.samples[-1].data["at_ms"] > since_ms + SETTLE_MS and set(readings) == names and
                    all(r["state"] == "up" for r in readings.values()))
        c.wait(asked, 60, f"all asked and up after {i} reloads")
        c.samples.clear()
        return tuple(map(min, zip(*seen)))

    def test_a_reload_leaves_nothing_behind(self):
        world, seen = World(self), []
        with console.Console(MIDWATCH, "", sanitized=SANITIZED, asan=console.NOTHING_HELD_BACK) as c:
            c.screen.close()
            c.secret = os.path.join(c.dir, "secret")
            pathlib.Path(c.secret).write_text("canary-Zq7\n")
            os.chmod(c.secret, 0o600)
            pathlib.Path(c.config).write_text(world.text(0, c.secret))
            c.start()
            for i in range(RELOADS + 1):
                if i:
                    self.reload(c, world, i)
                if i % PERIOD == 0:
                    seen.append(self.settle(c, i))
            end, stty = c.quit()
            reports = c.reports()
        print(f"{RELOADS} reloads; kB and descriptors: {seen}", flush=True)
        self.assertEqual(reports, [])
        self.assertEqual(end and end.get("status"), 0, end)
        self.assertTrue(stty["as_at_start"] and not stty["alternate"], stty)
        rss = [kb for kb, _ in seen[WARM:]]
        half = len(rss) // 2
        self.assertLessEqual(min(rss[half:]) - min(rss[:half]), GROWTH_KB)
        fds = [n for _, n in seen]
        self.assertLessEqual(max(fds), fds[0] + KEPT)


if __name__ == "__main__":
    peers.main(lambda: not unittest.main(verbosity=2, exit=False).result.wasSuccessful())
