"""Fixtures of the fault rows about what lies around an exchange: where a redirect leads a secret, how long
a certificate still holds, how slow an answer may be, and what the environment would have of us.
"""
import os
import pathlib
import re
import time

from harness.hostile import Certificates, Http, Reply

from . import sources
from .configs import GOOD, Config, swap
from .terminal import Terminal

SECRET = "hunter2hunter2-canary"


class SecretFollow(sources.Follow):
    """Two secrets go along, one in a header of its own name, and redirects are followed."""

    def start(self):
        super().start()
        self.canaries = [SECRET]

    def probes(self, directory):
        path = os.path.join(directory, "secret")
        pathlib.Path(path).write_text(SECRET + "\n")
        os.chmod(path, 0o600)
        return {"health": self.probe("http", self.server.url + "/health", bearer=f"file:{path}",
                                     headers={"X-Api-Key": f"${{file:{path}}}"}, **self.options)}

    def figures(self):
        return {**super().figures(), "at_home": float(self.server.heard(SECRET.encode())),
                "at_sink": float(self.sink.heard(SECRET.encode()))}


class Certificate(sources.Https):
    """The certificate itself is watched, by the kind tls."""

    def probes(self, directory):
        return {"certificate": self.probe("tls", f"127.0.0.1:{self.server.port}",
                                          ca_file=self.certificate.ca)}


class Steps(sources.HttpSource):
    """A server that takes its time to begin, up to almost the deadline; what it took is known to it."""
    every_ms, timeout_ms = 5500, 5000

    def __init__(self, row, tools):
        super().__init__(row, tools)
        self.steps = tools.some([0.9, 1.8, 4.9], [0.9, 1.9, 2.9, 3.9, 4.5, 4.9])
        self.hold_s = self.every_ms / 1000 * (len(self.steps) + 1) + 1

    def start(self):
        super().start()
        self.options = {"slow": "800ms", "fresh": True}
        self.took_ms = []

    def wait(self, seconds):
        def before(conn):
            t0 = time.monotonic()
            conn.pause(seconds() if callable(seconds) else seconds)
            self.took_ms.append((time.monotonic() - t0) * 1000)
            return True
        return before

    def do_steps(self):
        left = list(self.steps)
        self.took_ms.clear()
        self.server.before = self.wait(lambda: left.pop(0) if len(left) > 1 else left[0])

    def heal(self):
        self.server.before = lambda conn: True
        super().heal()

    def seen(self, values):
        """Each latency that midwatch told in the fault, against the one that it was made to meet. A server
        that is scheduled late once is no error of midwatch's: the median counts."""
        slow = [v for v in values if v > 800]
        self.errors = sorted(min(abs(v - t) for t in self.took_ms) for v in slow) if self.took_ms else []
        self.told = len({round(v / 100) for v in slow})

    def figures(self):
        return {**super().figures(), "told": self.told,
                "latency_worst_ms": self.errors[-1] if self.errors else None,
                "latency_error_ms": self.errors[len(self.errors) // 2] / self.tools.slack if self.errors
                else None}


class Environment(sources.HttpSource):
    """Whoever set these variables and wrote these files wants to hear what we ask."""
    from_start = True

    def start(self):
        super().start()
        home = pathlib.Path(self.tools.dir, "theirs")
        home.mkdir(exist_ok=True)
        proxy = self.sink.url
        (home / ".curlrc").write_text(f'proxy = "{proxy}"\ninsecure\n')
        (home / ".netrc").write_text("default login them password theirs\n")
        os.chmod(home / ".netrc", 0o600)
        names = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy")
        self.env = {**{n: proxy for n in names}, "CURL_HOME": str(home), "HOME": str(home), "NO_PROXY": "",
                    "no_proxy": "", "NETRC": str(home / ".netrc")}

    def probes(self, directory):
        return {"health": self.probe("http", self.server.url + "/health"),
                "page": self.probe("prometheus", self.server.url, query="up", title="page")}

    def inject(self, words):
        self.server["/api/v1/query"] = Reply(body=(
            '{"status":"success","data":{"resultType":"scalar","result":[%d,"1"]}}' % time.time()))

    def heal(self):
        pass

    def figures(self):
        return {**super().figures(), "signed_in": float(self.server.heard(b"Authorization"))}


class Trust(Environment):
    """Nor does the environment say whom to trust."""
    certificate = property(lambda self: Certificates.get()["self-signed"])

    def start(self):
        super().start()
        mine = self.certificate.certificate
        self.env = {**self.env, "CURL_CA_BUNDLE": mine, "SSL_CERT_FILE": mine,
                    "SSL_CERT_DIR": os.path.dirname(mine)}

    def probes(self, directory):
        return {"health": self.probe("http", self.server.url + "/health"),
                "certificate": self.probe("tls", f"127.0.0.1:{self.server.port}")}

    def inject(self, words):
        pass


# What is secret and stands in the clear, and where.
CLEAR = [
    ("bearer", swap("every: 10s }", f"every: 10s, bearer: {SECRET} }}")),
    ("basic", swap("every: 10s }", f'every: 10s, basic: "user:{SECRET}" }}')),
    ("header", swap("every: 10s }", f'every: 10s, headers: {{ Authorization: "Bearer {SECRET}" }} }}')),
    ("header of its own", swap("every: 10s }", f"every: 10s, headers: {{ X-Api-Key: {SECRET} }} }}")),
    ("variable", swap("  api: http", f"  api_token: {SECRET}\n  api: http")),
    ("in an address", swap("http://127.0.0.1:1", f"http://u:{SECRET}@127.0.0.1:1")),
    ("in a query", swap("$api/db", f'"http://127.0.0.1:1/db?token={SECRET}"')),
    ("redis", swap("http: $api/db", f'redis: "redis://127.0.0.1:1", password: {SECRET}')),
    ("redis address", swap("http: $api/db", f'redis: "redis://:{SECRET}@127.0.0.1:1"')),
    ("postgres", swap("http: $api/db", f'postgres: "host=127.0.0.1 user=u", password: {SECRET}')),
    ("postgres address", swap("http: $api/db", f'postgres: "host=127.0.0.1 password={SECRET}"')),
    ("key of no option", swap("every: 10s }", f"every: 10s, password: {SECRET} }}")),
    ("argument of a command", swap("http: $api/db", "command: [check, '${env:CANARY}']")),
]


WHY = re.compile("cannot stand in the file|cannot hold a password|not a reference|by reference|by others|"
                 "another user|symbolic link|arguments of a program|unknown option|password")


class Secrets(Config):
    """What is secret stands in no configuration, and in no file that others can read."""

    def files(self):
        """(name, configuration) for each file that a secret must not be taken from."""
        for name, mode in (("world.secret", 0o644), ("group.secret", 0o640), ("writable.secret", 0o620)):
            path = self.path(name, SECRET)
            os.chmod(path, mode)
            yield name, path
        link = os.path.join(self.tools.dir, "link.secret")
        if not os.path.lexists(link):
            os.symlink(self.path("private.secret", SECRET), link)
        yield "link.secret", link
        if os.geteuid() == 0:
            path = self.path("another.secret", SECRET)
            os.chown(path, 65534, 65534)
            yield "another.secret", path

    def run(self, c):
        cases = list(CLEAR)
        for name, path in self.files():
            cases.append((name, swap("every: 10s }", f"every: 10s, bearer: file:{path} }}")))
            cases.append((name + " put in", swap("http://127.0.0.1:1", f"http://127.0.0.1:1/${{file:{path}}}")))
        refused = leaked = 0
        self.notes = []
        for name, text in cases:
            path = self.path("secret.yaml", text)
            checked = self.midwatch("check", path, CANARY=SECRET)
            ran = self.midwatch("status", path, CANARY=SECRET)
            out = checked[1] + ran[1]
            fine = checked[0] == 2 and ran[0] == 78 and all(WHY.search(o) for o in (checked[1], ran[1]))
            refused += fine
            leaked += SECRET in out
            if not fine or SECRET in out:
                self.notes.append(f"{name}: check {checked[0]}, status {ran[0]}: {out.strip()[:300]}")
        good = self.path("mine.secret", SECRET)
        fine = self.midwatch("check", self.path("secret.yaml", swap(
            "every: 10s }", f"every: 10s, bearer: file:{good} }}")))
        return {"cases": len(cases), "refused": refused / len(cases), "leaked": leaked,
                "good": float(fine[0] == 0)}


class Loose(Terminal):
    """A configuration that somebody else could have written: watched all the same, and said for as long as
    it is so."""

    def run(self, c):
        """From 0600 to what the row says, and back."""
        what = self.words[0]
        before = c.look().data["board"].get("notice") or ""
        self.change(c, what)
        said = self.said(c, "actions are off")
        c.observe(2.0)
        stays = self.said(c, "actions are off")
        shown = "actions are off" in re.sub(r"\s+", " ", c.screen.text())
        os.chown(c.config, os.geteuid(), os.getegid())
        os.chmod(c.config, 0o600)
        c.screen.signal("HUP")
        gone = self.said(c, None)
        return {"before": float(bool(before)), "said": float(said), "stays": float(stays),
                "shown": float(shown), "gone": float(gone)}

    def change(self, c, what):
        if what == "owner":
            os.chown(c.config, 65534, 65534)
        else:
            os.chmod(c.config, {"group": 0o620, "others": 0o602}[what])
        c.screen.signal("HUP")

    def said(self, c, words):
        from harness.peers import wait_until

        def holds():
            notice = c.look().data["board"].get("notice") or ""
            return words in notice if words else not notice
        try:
            return bool(wait_until(holds, 5, f"the notice {words}"))
        except TimeoutError:
            return False


FIXTURES = {"secret-follow": SecretFollow, "certificate": Certificate, "steps": Steps,
            "environment": Environment, "trust": Trust}
DOINGS = {"secrets": Secrets, "loose": Loose}
