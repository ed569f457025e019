"""Fixtures of the fault rows that are HTTP: each stands in for one watched thing that is well, can be
hurt in a named way, and can be healed.

A fixture has: probes(dir) -> {name: options}, inject(words), heal(), figures() -> {name: number};
`every_ms`, `timeout_ms`, `env`, `from_start` (hurt before midwatch starts), `canaries`.
"""
import contextlib
import json
import os
import pathlib
import socket
import time

from harness import hostile
from harness.hostile import OK, Certificates, Http, Reply, http as evil

from . import hostile_text

SIZE = 65536


class Source:
    every_ms, timeout_ms = 1000, 800
    hold_s = 3.5
    lag_ms = 50  # what the loop may be late, apart from one second of the row
    settle_s = 5.0  # until descriptors and children are as before
    from_start = False
    env = {}
    canaries = ()

    def __init__(self, row, tools):
        self.row, self.tools = row, tools
        self.dir = None
        self.stack = contextlib.ExitStack()

    def __enter__(self):
        self.stack.__enter__()
        try:
            self.start()
        except BaseException:
            self.stack.close()
            raise
        return self

    def __exit__(self, *exc):
        return self.stack.__exit__(*exc)

    def start(self):
        raise NotImplementedError

    def probe(self, kind, target, **more):
        return {kind: target, "every": f"{self.every_ms}ms", "timeout": f"{self.timeout_ms}ms",
                "fail_after": 1, **more}

    def tick(self):
        """Between two looks while the fault lasts."""

    def seen(self, values):
        """What midwatch told as the first value of its probes while the fault lasted."""

    def figures(self):
        return {}

    def healed(self):
        """After recovery; for figures of what must have ended."""


class HttpSource(Source):
    """A hostile HTTP server that begins honest; the injection replaces its answer."""
    certificate = None

    def start(self):
        self.server = self.stack.enter_context(
            Http({"/health": self.timed(Reply())}, certificate=self.certificate))
        self.sink = self.stack.enter_context(Http({"*": Reply()}))
        self.held_ms = []
        self.most_sent = 0
        self.at_injection = {}
        self.options = {}

    def timed(self, what):
        """Notes for how long the client stayed with each answer that did not end by itself."""
        def talk(conn, request):
            t0, sent = time.monotonic(), conn.taken
            try:
                what(conn, request)
            except hostile.Gone:
                self.held_ms.append((time.monotonic() - t0) * 1000)
                raise
            finally:
                self.most_sent = max(self.most_sent, conn.taken - sent)
        return talk

    def probes(self, directory):
        return {"health": self.probe("http", self.server.url + "/health", **self.options)}

    def serve(self, what):
        self.at_injection = dict(self.server.stats)
        self.held_ms.clear()
        self.server["/health"] = self.timed(what)

    def inject(self, words):
        name, *args = words
        getattr(self, "do_" + name)(*args)

    def heal(self):
        if self.server.listener is None:
            self.server.open()
        self.server["/health"] = self.timed(Reply())

    def figures(self):
        s = self.server.stats
        requests = s["requests"] - self.at_injection.get("requests", 0)
        return {"requests": requests, "sink_hits": self.sink.stats["requests"],
                "sent": self.most_sent,
                "most": s["most"],
                "held_error_ms": max((abs(h - self.timeout_ms) for h in self.held_ms), default=None),
                "connections_per_request": (s["connections"] - self.at_injection.get("connections", 0))
                / max(1, requests)}

    # -- what can be done to it --

    def do_refused(self):
        self.at_injection = dict(self.server.stats)
        self.server.close()

    def do_silent(self):
        self.serve(evil.hang())

    def do_slow(self, what):
        self.serve({"headers": evil.slow_headers(1), "body": evil.slow_body(1)}[what])

    def do_endless(self, what):
        """In pieces with a moment between, so that what was sent is what was taken."""
        piece = b" " * SIZE

        def talk(conn, request):
            if what == "length":
                conn.send(Reply(body=b"", length=10 * 10**9).head())
            else:
                extra = b"Transfer-Encoding: chunked\r\n" if what == "chunked" else b""
                conn.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + extra + b"\r\n")
            while True:
                conn.send(b"%x\r\n%s\r\n" % (SIZE, piece) if what == "chunked" else piece)
                conn.pause(0.002)
        self.serve(talk)

    def do_bomb(self, coding):
        self.serve(evil.bomb(coding))

    def do_redirect(self, where):
        self.serve(evil.redirect({
            "other": self.sink.url + "/sink", "file": f"file://{self.trap()}",
            "ftp": f"ftp://127.0.0.1:{self.sink.port}/x", "dict": f"dict://127.0.0.1:{self.sink.port}/x",
            "gopher": f"gopher://127.0.0.1:{self.sink.port}/x",
            "metadata": "http://169.254.169.254/latest/meta-data/"}[where]))

    def do_loop(self):
        self.serve(evil.redirect_chain())

    def trap(self):
        """A FIFO: whoever opens it for reading can be met there."""
        self.fifo = os.path.join(self.tools.dir, "trap")
        with contextlib.suppress(FileExistsError):
            os.mkfifo(self.fifo)
        return self.fifo

    def do_body(self, name):
        self.serve(Reply(body=BODIES[name]))

    def do_text(self, name):
        self.serve(Reply(body=TEXTS[name], kind="text/plain"))

    def do_broken(self, name):
        self.serve({"reset": evil.reset_in_body(), "short": evil.short_content(),
                    "chunk": evil.bad_chunk(), "09": evil.http_09(),
                    "flood": evil.header_flood(), "huge": evil.header_huge(),
                    "continue": evil.continue_flood()}[name])

    def do_status(self, code, retry_after=None):
        headers = [("Retry-After", retry_after)] if retry_after else []
        body = b"" if code == "204" else b'{"status":"down"}'
        self.serve(Reply(int(code), body, headers))

    def do_closing(self):
        self.serve(evil.close_each())


BODIES = {
    "deep": evil.deep(), "flat": evil.flat(),
    "duplicate": b'{"status":"ok","status":"down"}',
    "case": b'{"Status":"ok","status":"down"}',
    "junk": b'{"status":"ok"} and more', "hex": b'{"status":"ok","n":0x10}',
    "zero": b'{"status":"ok","n":01}',
    "badutf8": b'{"status":"ok\xff\xfe"}', "overlong": b'{"status":"ok\xc0\xaf"}',
    "surrogate": b'{"status":"ok","note":"\\ud800"}', "nul": b'{"status":"ok\\u0000"}',
    "html": b"<!doctype html><title>Bad gateway</title>",
}
TEXTS = {"error": b"error"}


class Http_(HttpSource):
    """Plain HTTP."""


class Follow(HttpSource):
    """The same with `follow: 3`: what may be followed is, and nothing else."""

    def start(self):
        super().start()
        self.options = {"follow": 3}
        self.opened = self.elsewhere = 0

    def tick(self):
        if getattr(self, "fifo", None):
            with contextlib.suppress(OSError):
                os.close(os.open(self.fifo, os.O_WRONLY | os.O_NONBLOCK))
                self.opened += 1
        for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
            self.elsewhere += line.split()[2].startswith("FEA9FEA9:")

    def figures(self):
        chains = max(1, sum(r.path == "/health" for r in self.server.hits.get("/health", ())))
        return {**super().figures(), "opened": self.opened, "elsewhere": self.elsewhere,
                "followed": max((int(r.path.partition("n=")[2] or 0)
                                 for r in self.server.hits.get("/health", ())), default=0),
                "chains": chains}


class Bearer(HttpSource):
    """A token from a file goes with each request and is shown nowhere."""
    TOKEN = "canary-Zq7/x+Lw 93kVt"

    def start(self):
        super().start()
        self.canaries = [self.TOKEN]

    def probes(self, directory):
        path = os.path.join(directory, "secret")
        pathlib.Path(path).write_text(self.TOKEN + "\n")
        os.chmod(path, 0o600)
        return {"health": self.probe("http", self.server.url + "/health", bearer=f"file:{path}")}

    def figures(self):
        return {**super().figures(), "heard": float(self.server.heard(self.TOKEN.encode()))}


class Slow(HttpSource):
    """A total deadline of two seconds, so that bytes that keep coming have time to mislead."""
    every_ms, timeout_ms, hold_s = 3000, 2000, 10.0


class Https(HttpSource):
    """HTTPS with a certificate of our own CA; the injection changes what the server presents."""

    def start(self):
        self.certificates = Certificates.get()
        self.certificate = self.certificates["good"]
        super().start()
        self.options = {"ca_file": self.certificate.ca}

    def probes(self, directory):
        return {"health": self.probe("http", self.server.url + "/health", **self.options)}

    def present(self, context):
        self.at_injection = dict(self.server.stats)
        self.server.tls = context
        self.server.drop_all()

    def do_certificate(self, name):
        self.present(self.certificates[name].server())

    def do_old(self):
        context = hostile.old_tls(self.certificate)
        if context is None:
            raise RuntimeError("this OpenSSL cannot speak TLS 1.0")
        self.present(context)

    def do_stall(self):
        self.server.before = lambda conn: conn.hang()
        self.server.drop_all()

    def heal(self):
        self.server.before = lambda conn: True
        self.present(self.certificate.server())


class Stopped(Source):
    """A server process that is stopped: it accepts, and never answers."""

    def start(self):
        self.process = self.stack.enter_context(hostile.Process())

    def probes(self, directory):
        return {"health": self.probe("http", self.process.url + "/health")}

    def inject(self, words):
        self.process.sigstop()

    def heal(self):
        self.process.sigcont()


class SynDropped(HttpSource):
    """Connects that nobody answers, on the port where a server was."""
    every_ms, timeout_ms, hold_s = 4000, 3000, 10.0

    def do_blackhole(self):
        self.server.close()
        hole = socket.socket()
        hole.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        hole.bind((self.server.host, self.server.wanted_port))
        hole.listen(0)
        self.filling = [hole]
        for _ in range(16):
            s = socket.socket()
            s.setblocking(False)
            s.connect_ex((self.server.host, self.server.wanted_port))
            self.filling.append(s)

    def heal(self):
        for s in reversed(self.filling):
            s.close()
        super().heal()


class Mutants(HttpSource):
    """Fifty probes, each answered by ten damaged documents one after the other."""
    hold_s = 13.0

    def start(self):
        super().start()
        good = json.dumps({"status": "ok", "version": "1.4.2", "checks": {
            "db": {"status": "up", "ms": 3.25}, "queue": {"status": "up", "depth": [1, 2, 3]}}})
        self.bodies = evil.mutations(good.encode(), 500)
        self.broken = False
        self.n = {}
        self.server["*"] = self.answer

    def answer(self, conn, request):
        body = OK
        if self.broken:
            i = int(request.path.rpartition("/")[2])
            body = self.bodies[(i * 10 + self.n.setdefault(i, 0) % 10) % 500]
            self.n[i] += 1
        Reply(body=body)(conn, request)

    def probes(self, directory):
        return {f"m{i}": self.probe("http", f"{self.server.url}/m/{i}") for i in range(50)}

    def inject(self, words):
        self.broken = True

    def heal(self):
        self.broken = False

    def figures(self):
        return {"mutations": sum(min(10, n) for n in self.n.values())}


class HostileText(HttpSource):
    """Every field of a health body, headers too, filled with what a terminal would obey."""
    hold_s = 12.0

    def start(self):
        super().start()
        self.texts = hostile_text.corpus()
        self.broken = False
        self.n = 0
        self.server["*"] = self.answer

    def answer(self, conn, request):
        if not self.broken:
            Reply()(conn, request)
            return
        text = self.texts[self.n % len(self.texts)]
        self.n += 1
        Reply(body=hostile_text.body(text, self.n),
              headers=[("X-Note", hostile_text.header(text)), ("Server", hostile_text.header(text))])(
                  conn, request)

    def probes(self, directory):
        return {f"t{i}": self.probe("http", f"{self.server.url}/t/{i}") for i in range(50)}

    def inject(self, words):
        self.broken = True

    def heal(self):
        self.broken = False

    def figures(self):
        return {"texts": self.n}


class HostileReason(HttpSource):
    """The same texts in what an error says: reason phrase, plain body, name in a certificate."""

    def do_reason(self):
        texts = hostile_text.corpus()
        self.n = 0

        def talk(conn, request):
            text = texts[self.n % len(texts)]
            self.n += 1
            line = hostile_text.header(text)
            conn.send(b"HTTP/1.1 500 " + line + b"\r\nContent-Type: text/plain\r\n"
                      b"Content-Length: %d\r\n\r\n" % len(text) + text)
        self.serve(talk)

    def probes(self, directory):
        return {f"t{i}": self.probe("http", f"{self.server.url}/health?{i}") for i in range(30)}


class Metrics(HttpSource):
    """A gauge of an exposition page whose number goes wrong."""
    NUMBERS = {"nan": "NaN", "inf": "+Inf", "1e999": "1e999", "zero": "-0", "big": "9223372036854775808",
               "digits": "9" * 10000, "word": "lots"}

    def page(self, number):
        return Reply(body=f"# TYPE queue_depth gauge\nqueue_depth {number}\n",
                     kind="text/plain; version=0.0.4")

    def start(self):
        super().start()
        self.server["/metrics"] = self.page("17")

    def probes(self, directory):
        return {"depth": self.probe("metrics", self.server.url + "/metrics", gauge="queue_depth")}

    def do_number(self, name):
        self.server["/metrics"] = self.page(self.NUMBERS[name])

    def heal(self):
        self.server["/metrics"] = self.page("17")


class Dns(Source):
    """A name that the resolver shim (tests/harness/dnsshim.c) answers as it is told."""
    from_start = True
    timeout_ms = 800
    settle_s = 35.0  # a resolver that is stuck for 30 s holds its thread and its pipe that long

    def start(self):
        self.server = self.stack.enter_context(
            Http({"*": Reply()}, host="::1" if self.row.injection.endswith("v6") else "127.0.0.1"))
        self.control = os.path.join(self.tools.dir, "names")
        self.heal()
        self.env = {"LD_PRELOAD": self.tools.dnsshim, "DNSSHIM": self.control}

    def tell(self, how):
        temporary = self.control + ".new"
        pathlib.Path(temporary).write_text(f"faulty.test {how}\n")
        os.rename(temporary, self.control)

    def probes(self, directory):
        return {"health": self.probe("http", f"http://faulty.test:{self.server.port}/health",
                                     fresh=True)}

    def inject(self, words):
        self.tell(words[0])

    def heal(self):
        self.tell("v6" if self.row.injection.endswith("v6") else "well")


class Crowd(Source):
    """A thousand targets on one host. The farm answers: a server in Python would take the CPU away."""
    every_ms, timeout_ms, hold_s = 2000, 1500, 5.0
    lag_ms = 150  # the debug file of a thousand probes is more than 1 MB: its writing is most of this

    def start(self):
        self.most = 0

    def probes(self, directory):
        return {f"c{i}": self.probe("http", f"{self.tools.farm.base(0)}/h/{i}") for i in range(1000)}

    def inject(self, words):
        self.tick()

    def tick(self):
        self.most = max(self.most, self.tools.farm.stats()["open"])

    def heal(self):
        pass

    def figures(self):
        return {"most": self.most}


FIXTURES = {"http": Http_, "follow": Follow, "bearer": Bearer, "slow": Slow, "https": Https, "stopped": Stopped,
            "syn": SynDropped, "mutants": Mutants, "text": HostileText, "reason": HostileReason,
            "metrics": Metrics, "dns": Dns, "crowd": Crowd}
