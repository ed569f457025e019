"""Fixtures of the fault rows that are PostgreSQL and Redis: real servers where the fault can be made
with one, hostile ones for lies that no real server tells.
"""
import contextlib
import os
import pathlib
import re
import signal
import threading
import time

from harness.hostile import Certificates, Pg, Proxy, Resp, pg as evil_pg, resp as evil_resp
from harness.peers import PeerError, Postgres, Redis, Replica, wait_until

from .sources import Source

PASSWORD = "canary-Zq7/x+Lw 93kVt"


class RealPg(Source):
    """A real PostgreSQL behind a proxy, asked as the ordinary role `probe` with a password."""
    timeout_ms = 900
    sql = "SELECT count(*) FROM watched"
    encoding = "UTF8"

    def start(self):
        self.pg = self.stack.enter_context(Postgres(
            settings={"max_connections": 12, "superuser_reserved_connections": 3,
                      "password_encryption": "scram-sha-256", "log_connections": "on"},
            hba="local all all trust\nhost all probe 127.0.0.1/32 scram-sha-256\n"
                "host all all 127.0.0.1/32 trust\n"))
        self.dbname = "watched"
        self.pg.sql("CREATE ROLE probe LOGIN; CREATE ROLE crowd LOGIN;"
                    f"ALTER ROLE probe PASSWORD '{PASSWORD}'")
        locale = "" if self.encoding == "UTF8" else " LC_COLLATE 'C' LC_CTYPE 'C'"
        self.pg.sql(f"CREATE DATABASE watched TEMPLATE template0 ENCODING '{self.encoding}'{locale}")
        self.sql_in("CREATE TABLE watched (x int); INSERT INTO watched SELECT generate_series(1, 7);"
                    "CREATE FUNCTION answer() RETURNS SETOF text LANGUAGE sql AS $$ SELECT '7' $$;"
                    "GRANT SELECT ON watched TO probe; GRANT pg_monitor TO probe")
        self.proxy = self.stack.enter_context(Proxy(("127.0.0.1", self.pg.port)))
        self.canaries = [PASSWORD]
        self.log_at = 0
        self.took = []
        self.undo = lambda: None
        self.reconnected = 0

    def sql_in(self, text):
        return self.pg.sql(text, dbname="watched")

    def probes(self, directory):
        path = os.path.join(directory, "secret")
        pathlib.Path(path).write_text(PASSWORD + "\n")
        os.chmod(path, 0o600)
        dsn = f"host=127.0.0.1 port={self.proxy.port} dbname={self.dbname} user=probe"
        return {"ping": self.probe("postgres", dsn, sql=self.sql, password=f"file:{path}")}

    def ours(self):
        """Backends of the probe's role."""
        with contextlib.suppress(PeerError):
            out = self.pg.sql("SELECT pid FROM pg_stat_activity WHERE usename = 'probe'")
            return [int(p) for p in out.split()]
        return []

    def end_ours(self):
        self.pg.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'probe'")

    def log_size(self):
        return os.path.getsize(self.pg.log)

    def inject(self, words):
        self.log_at = self.log_size()
        getattr(self, "do_" + words[0])(*words[1:])

    def heal(self):
        self.undo()
        self.undo = lambda: None

    def healed(self):
        self.active_after = self.pg.sql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'probe' "
                                        "AND state = 'active' AND query NOT LIKE '%count(*)%'")

    def tick(self):
        n = len(self.ours()) if getattr(self, "counting", False) else 0
        self.most_ours = max(getattr(self, "most_ours", 0), n)

    def figures(self):
        with open(self.pg.log, "rb") as f:
            f.seek(self.log_at)
            log = f.read()
        return {"tries": log.count(b"connection received: host=127.0.0.1"), "reconnected": self.reconnected,
                "ours": getattr(self, "most_ours", 0),
                "active_after": float(getattr(self, "active_after", 0)),
                "password_in_log": log.count(PASSWORD.encode())}

    # -- what can be done to it --

    def do_crash(self):
        """pg_ctl restart -m immediate, with the fault between its two halves."""
        self.pg.stop(how=signal.SIGQUIT)
        self.undo = self.pg.start

    def do_terminate(self):
        """Ends our session again and again; counts how often a new one came."""
        stop = threading.Event()

        def run():
            while not stop.is_set():
                mine = self.ours()
                if not mine:
                    stop.wait(0.02)
                    continue
                with contextlib.suppress(PeerError):
                    self.end_ours()
                with contextlib.suppress(TimeoutError):
                    wait_until(lambda: set(self.ours()) - set(mine) or stop.is_set(), 35, "a session", 0.02)
                    self.reconnected += not stop.is_set()
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        self.undo = lambda: (stop.set(), thread.join())

    def do_full(self):
        """Takes every place that is left to ordinary roles, ours as well: the door is shut meanwhile."""
        stack = contextlib.ExitStack()
        self.proxy.cut(refuse=True)
        wait_until(lambda: not self.ours(), 5, "our session ended")
        for _ in range(9):
            stack.enter_context(self.pg.session("SELECT 1", user="crowd"))
        self.proxy.open()
        self.counting = True
        self.undo = stack.close

    def do_lock(self):
        stack = contextlib.ExitStack()
        stack.enter_context(self.pg_session_in("BEGIN; LOCK TABLE watched IN ACCESS EXCLUSIVE MODE"))
        self.undo = stack.close

    def pg_session_in(self, text):
        return self.pg.session(f"\\c watched\n{text}")

    def do_answer(self, name):
        self.sql_in("CREATE OR REPLACE FUNCTION answer() RETURNS SETOF text LANGUAGE sql AS $$ "
                    + ANSWERS[name] + " $$")
        self.undo = lambda: self.sql_in("CREATE OR REPLACE FUNCTION answer() RETURNS SETOF text "
                                        "LANGUAGE sql AS $$ SELECT '7' $$")

    def do_password(self):
        self.pg.sql("ALTER ROLE probe PASSWORD 'another one'")
        self.end_ours()
        self.undo = lambda: self.pg.sql(f"ALTER ROLE probe PASSWORD '{PASSWORD}'")

    def do_expired(self):
        self.pg.sql("ALTER ROLE probe VALID UNTIL '2001-01-01'")
        self.end_ours()
        self.undo = lambda: self.pg.sql("ALTER ROLE probe VALID UNTIL 'infinity'")

    def do_hba(self):
        path = pathlib.Path(self.pg.data, "pg_hba.conf")
        before = path.read_text()
        path.write_text("local all all trust\nhost all all 127.0.0.1/32 reject\n")
        read = self.pg.sql("SELECT pg_conf_load_time()")  # a new session has it from the postmaster
        self.pg.sql("SELECT pg_reload_conf()")
        wait_until(lambda: self.pg.sql("SELECT pg_conf_load_time()") != read, 5, "the rules are read")
        self.end_ours()

        def undo():
            path.write_text(before)
            self.pg.sql("SELECT pg_reload_conf()")
        self.undo = undo

    def do_nodb(self):
        self.pg.sql("ALTER DATABASE watched ALLOW_CONNECTIONS false")
        self.end_ours()
        wait_until(lambda: not self.ours(), 3, "our session ended")
        self.pg.sql("ALTER DATABASE watched RENAME TO elsewhere")

        def undo():
            self.pg.sql("ALTER DATABASE elsewhere RENAME TO watched")
            self.pg.sql("ALTER DATABASE watched ALLOW_CONNECTIONS true")
        self.undo = undo

    def do_freeze(self):
        self.proxy.freeze()
        self.undo = lambda: (self.proxy.cut(), self.proxy.thaw())

    def do_stop(self):
        self.pg.sigstop()
        self.undo = self.pg.sigcont


ANSWERS = {
    "sleep": "SELECT pg_sleep(3600)::text", "rows": "SELECT repeat('x', 100) FROM generate_series(1, 100000000)",
    "null": "SELECT NULL::text", "nan": "SELECT 'NaN'::numeric::text", "inf": "SELECT 'Infinity'",
    "interval": "SELECT interval '3 days'::text", "text": "SELECT repeat('x', 1048576)",
    "bytea": "SELECT '\\xdeadbeef'::bytea::text", "none": "SELECT '7' WHERE false",
    "latin": "SELECT E'caf\\351 \\033[31m'",
}


class Answering(RealPg):
    """The same with a function as its query, whose answer can be changed."""
    sql = "SELECT answer()::numeric"


class Words(RealPg):
    """A query whose answer is text."""
    sql = "SELECT answer()"


class Latin(Words):
    """A database without an encoding of its own: any bytes are text there."""
    encoding = "SQL_ASCII"


class HostilePg(Source):
    """A PostgreSQL that begins honest and then lies."""
    timeout_ms = 900

    def start(self):
        self.server = self.stack.enter_context(Pg())

    def probes(self, directory):
        return {"ping": self.probe("postgres", self.server.conninfo, sql="SELECT 1")}

    def inject(self, words):
        login, answer = {
            "unterminated": (evil_pg.raw_login(evil_pg.unterminated_error()), None),
            "negative": (None, evil_pg.raw_answer(evil_pg.negative_length())),
            "huge": (None, evil_pg.raw_answer(evil_pg.huge_length())),
            "columns": (None, evil_pg.many_columns()),
            "notices": (None, evil_pg.notice_flood()),
            "rows": (None, evil_pg.endless_rows()),
            "full": (evil_pg.sqlstate("53300", "sorry, too many clients already"), None),
            "garbage": (evil_pg.raw_login(b"HTTP/1.1 400 Bad Request\r\n\r\n"), None),
        }[words[0]]
        self.server.login, self.server.answer = login, answer
        self.server.drop_all()

    def heal(self):
        self.server.login = self.server.answer = None
        self.server.drop_all()

    def figures(self):
        return {"connections": self.server.stats["connections"]}


class Standby(Source):
    """A real replica of a real primary, asked how far it is behind."""
    timeout_ms = 900
    settle_s = 10.0

    def start(self):
        self.primary = self.stack.enter_context(Postgres(Replica.PRIMARY))
        self.primary.sql("CREATE TABLE t (x text)")
        self.replica = self.stack.enter_context(Replica(self.primary))
        self.undo = lambda: None

    asked = property(lambda self: self.replica)

    def probes(self, directory):
        return {"lag": self.probe("postgres", self.asked.conninfo, show="replication")}

    def inject(self, words):
        getattr(self, "do_" + words[0])(*words[1:])

    def heal(self):
        self.undo()

    def do_orphaned(self):
        self.primary.stop()
        self.undo = self.primary.start

    def do_paused(self):
        self.replica.sql("SELECT pg_wal_replay_pause()")
        self.primary.sql("INSERT INTO t SELECT repeat('x', 1000) FROM generate_series(1, 500)")
        self.undo = lambda: self.replica.sql("SELECT pg_wal_replay_resume()")

    def do_timeline(self):
        self.replica.sql("SELECT pg_promote()")

    def do_alone(self):
        self.replica.stop()
        self.undo = self.replica.start


class Primary(Standby):
    """The same, and the primary is asked."""
    asked = property(lambda self: self.primary)


class SecretPg(Source):
    """TLS demanded and verified; the server then wants the password in another way."""
    timeout_ms = 900

    def start(self):
        self.certificates = Certificates.get()
        self.server = self.stack.enter_context(Pg(certificate=self.certificates["good"]))
        self.canaries = [PASSWORD]

    def probes(self, directory):
        path = os.path.join(directory, "secret")
        pathlib.Path(path).write_text(PASSWORD + "\n")
        os.chmod(path, 0o600)
        dsn = self.server.conninfo + f" sslmode=verify-full sslrootcert={self.certificates.ca}"
        return {"ping": self.probe("postgres", dsn, sql="SELECT 1", password=f"file:{path}")}

    def inject(self, words):
        self.server.passwords.clear()
        if words[0] == "refuse":
            self.server.certificate = None
        elif words[0] == "other":
            self.server.certificate = self.certificates["self-signed"]
        self.server.login = evil_pg.cleartext_password()
        self.server.drop_all()

    def heal(self):
        self.server.certificate = self.certificates["good"]
        self.server.login = None
        self.passwords = len(self.server.passwords)
        self.server.drop_all()

    def figures(self):
        return {"passwords": getattr(self, "passwords", len(self.server.passwords)),
                "heard": float(self.server.heard(PASSWORD.encode()))}


class RealRedis(Source):
    """A real Redis behind a proxy."""
    timeout_ms = 900
    password = None

    def start(self):
        self.redis = self.stack.enter_context(Redis(password=self.password, extra=[
            "--lua-time-limit", "50", "--key-load-delay", "2000",
            "--loading-process-events-interval-bytes", "1024"]))
        self.proxy = self.stack.enter_context(Proxy(("127.0.0.1", self.redis.port)))
        self.canaries = [self.password] if self.password else []
        self.undo = lambda: None
        self.redis.ask("CONFIG", "RESETSTAT")

    def probes(self, directory):
        more = {}
        if self.password:
            path = os.path.join(directory, "secret")
            pathlib.Path(path).write_text(self.password + "\n")
            os.chmod(path, 0o600)
            more["password"] = f"file:{path}"
        return {"ping": self.probe("redis", f"redis://127.0.0.1:{self.proxy.port}", **more)}

    def inject(self, words):
        self.tries_at = self.proxy.stats["connections"]
        self.redis.ask("CONFIG", "RESETSTAT")
        getattr(self, "do_" + words[0])(*words[1:])

    def heal(self):
        self.undo()
        self.undo = lambda: None

    def figures(self):
        stats = self.redis.ask("INFO", "commandstats") if self.redis.running() else ""
        if not isinstance(stats, str):
            stats = ""  # it answers BUSY or LOADING to everybody
        used = {line[8:].partition(":")[0].split("|")[0] for line in stats.splitlines()
                if line.startswith("cmdstat_")}
        reading = {"ping", "info", "auth", "select", "client", "hello", "config", "llen", "type",
                   "quit", "exists", "command"}
        mine = {"debug", "rpush", "eval", "script", "acl", "save"}  # by this fixture
        return {"tries": self.proxy.stats["connections"] - getattr(self, "tries_at", 0),
                "forbidden": len(used - reading - mine)}

    def do_password(self):
        before = self.redis.password
        self.redis.ask("CONFIG", "SET", "requirepass", "another one")
        self.redis.password = "another one"
        self.redis.ask("CLIENT", "KILL", "TYPE", "normal")

        def undo():
            self.redis.ask("CONFIG", "SET", "requirepass", before or "")
            self.redis.password = before
        self.undo = undo

    def do_busy(self):
        """A script that does not end: Redis answers BUSY to everybody else."""
        def spin():
            with contextlib.suppress(OSError):
                self.redis.ask("EVAL", "while true do end", "0")
        ended = threading.Thread(target=spin, daemon=True)
        ended.start()
        wait_until(lambda: "BUSY" in str(self.redis.ask("PING")), 5, "BUSY")
        self.undo = lambda: (self.redis.ask("SCRIPT", "KILL"), ended.join(5))

    def do_loading(self):
        """A restart with 10,000 keys that take 2 ms each to load."""
        self.redis.ask("DEBUG", "POPULATE", "10000")
        self.redis.ask("SAVE")
        self.redis.restart()
        self.undo = lambda: self.redis.ask("CONFIG", "SET", "key-load-delay", "0")

    def do_biglist(self, n):
        """A key of the wrong type and a very long list lie where queues may be looked for."""
        self.redis.ask("EVAL", "for i=1,ARGV[1] do redis.call('RPUSH', 'bull:q:wait', i) end "
                               "redis.call('SET', 'bull:q:meta', 'x')", "0", n)
        self.redis.ask("CONFIG", "RESETSTAT")

    def do_freeze(self):
        self.proxy.freeze()
        self.undo = lambda: (self.proxy.cut(), self.proxy.thaw())

    def do_stop(self):
        self.redis.sigstop()
        self.undo = self.redis.sigcont


class SecretRedis(RealRedis):
    password = PASSWORD.replace(" ", "-")


class Queue(RealRedis):
    """A BullMQ queue of three jobs in a real Redis, its keys typed as the library writes them."""

    def start(self):
        super().start()
        self.fill()

    def fill(self):
        self.redis.ask("HSET", "bull:mail:meta", "opts.maxLenEvents", "10000")
        for i in (1, 2, 3):
            self.redis.ask("LPUSH", "bull:mail:wait", str(i))
            self.redis.ask("HSET", f"bull:mail:{i}", "name", "send", "timestamp",
                           str(int(time.time() * 1000)))
        self.redis.ask("CONFIG", "RESETSTAT")

    def probes(self, directory):
        return {"mail": {"queue": "mail", "redis": f"redis://127.0.0.1:{self.proxy.port}",
                         "layout": "bullmq", "every": f"{self.every_ms}ms",
                         "timeout": f"{self.timeout_ms}ms", "fail_after": 1}}

    def figures(self):
        used = self.redis.ask("INFO", "commandstats")
        wrote = re.findall(r"cmdstat_(hset|rpush|lpush|del|set|lrem|zadd|zrem|rpop\w*)[:|]", str(used))
        return {**super().figures(), "wrote": len(wrote)}

    def do_flush(self):
        self.redis.ask("FLUSHALL")
        self.undo = self.fill

    def do_wrongtype(self):
        self.redis.ask("DEL", "bull:mail:wait")
        self.redis.ask("SET", "bull:mail:wait", "a string")
        self.redis.ask("CONFIG", "RESETSTAT")
        self.undo = lambda: (self.redis.ask("DEL", "bull:mail:wait"), self.fill())

    def do_long(self, n):
        """Ten million would take the fixture a minute and the probe nothing more."""
        self.redis.ask("EVAL", "for i=1,ARGV[1] do redis.call('LPUSH', 'bull:mail:wait', i) end", "0", n)
        self.redis.ask("CONFIG", "RESETSTAT")

    def do_renamed(self):
        """rename-command is read at the start only."""
        self.redis.extra += ["--rename-command", "LRANGE", ""]
        self.redis.restart()
        self.fill()

        def undo():
            del self.redis.extra[-3:]
            self.redis.restart()
            self.fill()
        self.undo = undo

    def do_forbidden(self):
        self.redis.ask("ACL", "SETUSER", "default", "-lrange")
        self.redis.ask("CONFIG", "RESETSTAT")
        self.undo = lambda: self.redis.ask("ACL", "SETUSER", "default", "+lrange")


class ListQueue(Queue):
    """A plain list of three jobs."""

    def fill(self):
        self.redis.ask("RPUSH", "jobs", "1", "2", "3")
        self.redis.ask("CONFIG", "RESETSTAT")

    def probes(self, directory):
        return {"jobs": {**super().probes(directory)["mail"], "queue": "jobs", "layout": "list"}}


class HostileRedis(Source):
    """A Redis that begins honest and then says anything."""
    timeout_ms = 900

    def start(self):
        self.server = self.stack.enter_context(Resp())
        self.sink = self.stack.enter_context(Resp())
        self.honest = dict(self.server.table)

    def probes(self, directory):
        return {"ping": self.probe("redis", self.server.url)}

    def inject(self, words):
        self.at = self.server.stats["connections"]
        what, *args = words
        if what == "error":
            text = evil_resp.ERRORS[args[0]].format(sink=self.sink.port)
            self.server.set({"*": f"-{text}\r\n".encode()})
        elif what == "closing":
            self.server.set({"*": lambda conn, w: conn.end()})
        else:
            self.server.set({"*": {
                "array": evil_resp.HUGE_ARRAY, "bulk": evil_resp.HUGE_BULK,
                "line": evil_resp.long_line(), "longbulk": evil_resp.long_bulk(),
                "deep": evil_resp.DEEP, "garbage": evil_resp.GARBAGE,
                "negative": evil_resp.NEGATIVE[0], "length": evil_resp.NEGATIVE[2],
                **{name: evil_resp.RESP3[i] for i, name in enumerate(
                    ("map", "set", "double", "boolean", "null", "big", "pushed", "verbatim"))},
                "items": evil_resp.NEGATIVE[1], "huge": evil_resp.NEGATIVE[3], "push": evil_resp.then_push(b"+PONG\r\n"),
                "twice": evil_resp.twice(b"+PONG\r\n")}[what]})
        self.server.drop_all()

    def heal(self):
        self.server.set(self.honest)

    def figures(self):
        return {"connections": self.server.stats["connections"] - getattr(self, "at", 0),
                "sink_hits": self.sink.stats["connections"]}


class HostileQueues(HostileRedis):
    """The same, asked about two queues at one moment: of 5 jobs and of 7."""

    def start(self):
        super().start()
        self.honest.update({"LLEN": lambda conn, w: conn.send(b":5\r\n" if w[1] == b"five" else b":7\r\n"),
                            "LINDEX": evil_resp.bulk(b"a job")})
        self.server.set(self.honest)

    def probes(self, directory):
        return {name: {"queue": name, "redis": self.server.url, "layout": "list", "fail_after": 1,
                       "every": f"{self.every_ms}ms", "timeout": f"{self.timeout_ms}ms"}
                for name in ("five", "seven")}

    def inject(self, words):
        if words[0] != "order":
            super().inject(words)
            return
        self.at = self.server.stats["connections"]

        def order(conn, w):
            """Holds back what belongs to the first question, and says it after the second."""
            answers = conn.__dict__.setdefault("answers", [])
            answers.append(evil_resp.bulk(w[1]) if w[0] == b"PING" else evil_resp.bulk(b"a job")
                           if w[0] == b"LINDEX" else b":5\r\n" if w[1] == b"five" else b":7\r\n")
            if len(answers) == 6:
                conn.send(b"".join(answers[3:] + answers[:3]))
                answers.clear()
        self.server.set({"*": order})
        self.server.drop_all()


FIXTURES = {"pg": RealPg, "answering": Answering, "words": Words, "latin": Latin, "hp": HostilePg,
            "secret-pg": SecretPg, "redis": RealRedis, "secret-redis": SecretRedis,
            "queue": Queue, "list": ListQueue, "standby": Standby, "primary": Primary, "hr": HostileRedis,
            "hq": HostileQueues}
