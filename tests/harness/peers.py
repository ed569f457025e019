"""Real servers for tests: PostgreSQL, Redis and nginx on private ports and unix sockets, each in a
temporary directory of its own, ended by pid when the `with` ends and also when the test dies.

    with Postgres() as pg, Redis(password="s3cret") as redis:
        pg.sql("CREATE TABLE t (x int)")
        print(pg.conninfo, redis.url)

Debian's own servers are never touched. A binary that is not installed raises Missing; `main()` turns
that into exit 77, or into a failure when MIDWATCH_NO_SKIP=1.

Start peers from the main thread: they end with the thread that started them.
"""
import contextlib
import ctypes
import glob
import os
import pwd
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)
SKIP = 77


class Missing(Exception):
    """A server that the test needs is not installed."""


class PeerError(Exception):
    pass


def main(run):
    """Runs a test's function; the process ends with its result, or with 77 for a missing server."""
    try:
        sys.exit(run())
    except Missing as why:
        if os.environ.get("MIDWATCH_NO_SKIP") == "1":
            sys.exit(f"FAILED, nothing may be skipped: {why}")
        print(f"skipped: {why}")
        sys.exit(SKIP)


def wait_until(condition, seconds=5.0, what="condition", every=0.005):
    """The first true value of condition(); raises with `what` after the deadline."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(every)


def claim_port(port):
    """False when another test has chosen it. Ours until this process ends: between its choice and the
    server's own bind() the port is free for a moment, and so it is while a server is away."""
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        s.bind(f"\0midwatch-test-port-{port}")  # abstract: it leaves nothing behind
    except OSError:
        s.close()
        return False
    s.detach()
    return True


def free_port(host="127.0.0.1"):
    """A port below the range that the system gives to clients, and below that of the simulator, which no
    other test gets for as long as this process lives."""
    for _ in range(200):
        port = 10000 + int.from_bytes(os.urandom(2), "big") % 10000
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind((host, port))
            except OSError:
                continue
            if claim_port(port):
                return port
    raise PeerError("no free port")


def binary(*names, package):
    """The path of the first of these programs; sbin and PostgreSQL's own directories count too."""
    places = os.environ.get("PATH", "").split(":") + ["/usr/sbin", "/usr/local/sbin"]
    places += sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)
    for name in names:
        for place in places:
            path = os.path.join(place, name)
            if os.access(path, os.X_OK):
                return path
    raise Missing(f"{names[0]} is not installed: apt-get install {package}")


def proc_state(pid):
    """The letter of /proc/PID/stat; X when there is no such process."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return "X"


def die_with_parent():
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def servant():
    """The unprivileged user that servers run as when we are root; None as a plain user."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise PeerError("neither postgres nor nobody exists")


def become(user):
    """For preexec_fn: drop to `user` (None = stay), then arm the death signal, which a change of the
    user would clear."""
    def prepare():
        os.setsid()
        if user:
            os.setgroups([])
            os.setgid(user.pw_gid)
            os.setuid(user.pw_uid)
        die_with_parent()
    return prepare


class Peer:
    """A server process with a directory of its own. Subclasses: name, argv(), ready()."""
    name = "peer"

    def __init__(self):
        self.dir = None
        self.proc = None
        self.user = None

    def __enter__(self):
        self.user = servant()
        self.dir = tempfile.mkdtemp(prefix=f"midwatch-{self.name}-")
        os.chmod(self.dir, 0o755)
        self.log = os.path.join(self.dir, "log")
        try:
            self.prepare()
            self.own()
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *exc):
        self.close()

    def prepare(self):
        """Files in self.dir before the first start."""

    def own(self):
        if not self.user:
            return
        for place, dirs, files in os.walk(self.dir):
            for path in [place, *(os.path.join(place, f) for f in files)]:
                os.chown(path, self.user.pw_uid, self.user.pw_gid)

    def environment(self):
        return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": self.dir, "LC_ALL": "C.UTF-8",
                "TZ": "UTC"}

    def argv(self):
        raise NotImplementedError

    def ready(self):
        raise NotImplementedError

    def start(self, seconds=15.0):
        if self.running():
            return self
        with open(self.log, "ab") as log:
            self.proc = subprocess.Popen(self.argv(), cwd=self.dir, env=self.environment(),
                                         stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                         preexec_fn=become(self.user))
        deadline = time.monotonic() + seconds
        while not self.ready():
            if self.proc.poll() is not None or time.monotonic() > deadline:
                raise PeerError(f"{self.name} did not start:\n{self.tail()}")
            time.sleep(0.005)
        return self

    def tail(self):
        with contextlib.suppress(OSError):
            return pathlib.Path(self.log).read_text(errors="replace")[-2000:]
        return ""

    @property
    def pid(self):
        return self.proc.pid

    def running(self):
        return self.proc is not None and self.proc.poll() is None

    def stop(self, how=signal.SIGTERM, seconds=10.0):
        """Ends it and waits; `how` is the signal (SIGKILL for a crash)."""
        if not self.running():
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGCONT)
            os.kill(self.pid, how)
        try:
            self.proc.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(self.pid, signal.SIGKILL)
            self.proc.wait()

    def kill(self):
        """A crash: the whole process group at once."""
        if self.running():
            os.killpg(self.pid, signal.SIGKILL)
            self.proc.wait()

    def restart(self):
        self.stop()
        return self.start()

    def group(self):
        """The pids of the server and of its children."""
        found = [self.pid]
        for path in glob.glob(f"/proc/{self.pid}/task/*/children"):
            with contextlib.suppress(OSError):
                found += [int(p) for p in pathlib.Path(path).read_text().split()]
        return found

    def sigstop(self):
        """Returns when all of it has stopped."""
        for pid in self.group():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
                wait_until(lambda: proc_state(pid) in "TtZX", 5, f"{self.name} stopped")

    def sigcont(self):
        for pid in reversed(self.group()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def close(self):
        if self.proc is not None and self.proc.poll() is None:
            self.sigcont()
            self.stop(seconds=3.0)
        if self.proc is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.proc.pid, signal.SIGKILL)
        if self.dir:
            shutil.rmtree(self.dir, ignore_errors=True)
            self.dir = None


class Postgres(Peer):
    """PostgreSQL on a private port of 127.0.0.1 and a unix socket in its directory.

    `settings` go to postgresql.conf, `hba` replaces pg_hba.conf ("local all all trust\\n..."), `tls`
    is a pair (certificate, key). `conninfo` and `url` use TCP, `socket_conninfo` the socket."""
    name = "postgres"
    template = None  # initdb costs most of the start: done once per process, then copied

    def __init__(self, settings=None, hba=None, port=None, tls=None):
        super().__init__()
        self.settings = dict(settings or {})
        self.hba = hba
        self.port = port or free_port()
        self.tls = tls
        self.postgres = binary("postgres", package="postgresql-15")
        self.initdb = binary("initdb", package="postgresql-15")
        self.psql = binary("psql", package="postgresql-client-15")

    def prepare(self):
        self.data = os.path.join(self.dir, "data")
        self.fill()
        os.chmod(self.data, 0o700)
        settings = {"listen_addresses": "127.0.0.1", "port": self.port, "fsync": "off",
                    "unix_socket_directories": self.dir, "shared_buffers": "16MB",
                    "max_connections": 40, "log_min_messages": "warning", "autovacuum": "off",
                    "max_wal_senders": 0, "wal_level": "minimal",
                    "dynamic_shared_memory_type": "mmap"}  # a killed server leaves nothing in /dev/shm
        if self.tls:
            for source, target in zip(self.tls, ("server.crt", "server.key")):
                shutil.copy(source, os.path.join(self.data, target))
                os.chmod(os.path.join(self.data, target), 0o600)
            settings["ssl"] = "on"
        settings.update(self.settings)
        with open(os.path.join(self.data, "postgresql.conf"), "w") as f:
            for name, value in settings.items():
                f.write(f"{name} = '{value}'\n")
        if self.hba:
            with open(os.path.join(self.data, "pg_hba.conf"), "w") as f:
                f.write(self.hba)

    def fill(self):
        if Postgres.template and os.path.isdir(Postgres.template):
            shutil.copytree(Postgres.template, self.data, symlinks=True)
        else:
            self.make_data()

    def make_data(self):
        self.own()
        subprocess.run([self.initdb, "-D", self.data, "-A", "trust", "-U", "postgres", "-E", "UTF8",
                        "--no-sync", "--no-instructions", "--locale=C.UTF-8"], check=True,
                       env=self.environment(), cwd=self.dir, stdout=subprocess.DEVNULL,
                       preexec_fn=become(self.user))
        kept = tempfile.mkdtemp(prefix="midwatch-initdb-")
        shutil.copytree(self.data, os.path.join(kept, "data"), symlinks=True)
        Postgres.template = os.path.join(kept, "data")
        import atexit
        atexit.register(shutil.rmtree, kept, ignore_errors=True)

    def own(self):
        if self.user:
            for place, _, files in os.walk(self.dir):
                for path in [place, *(os.path.join(place, f) for f in files)]:
                    os.chown(path, self.user.pw_uid, self.user.pw_gid, follow_symlinks=False)

    def argv(self):
        return [self.postgres, "-D", self.data]

    def ready(self):
        """Its own word for it: the line `ready` in postmaster.pid."""
        with contextlib.suppress(OSError, IndexError):
            lines = pathlib.Path(self.data, "postmaster.pid").read_text().splitlines()
            return int(lines[0]) == self.pid and lines[7].strip() == "ready"
        return False

    def stop(self, how=signal.SIGINT, seconds=10.0):
        """SIGINT is its `fast`, SIGQUIT its `immediate`."""
        super().stop(how, seconds)

    def kill(self):
        group = self.group() if self.running() else []
        super().kill()
        for pid in group:  # backends have sessions of their own
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def close(self):
        group = self.group() if self.running() else []
        super().close()
        for pid in group[1:]:
            with contextlib.suppress(ProcessLookupError):
                if pathlib.Path(f"/proc/{pid}/comm").exists() and pathlib.Path(
                        f"/proc/{pid}/comm").read_text().startswith("postgres"):
                    os.kill(pid, signal.SIGKILL)

    @property
    def conninfo(self):
        return f"host=127.0.0.1 port={self.port} dbname=postgres user=postgres"

    @property
    def url(self):
        return f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    @property
    def socket_conninfo(self):
        return f"host={self.dir} port={self.port} dbname=postgres user=postgres"

    def psql_argv(self, *more, user="postgres", dbname="postgres"):
        return [self.psql, "-X", "-q", "-A", "-t", "-h", self.dir, "-p", str(self.port), "-U", user,
                "-v", "ON_ERROR_STOP=1", dbname, *more]

    def sql(self, text, **more):
        """Runs SQL as the superuser over the unix socket and returns what psql printed."""
        done = subprocess.run(self.psql_argv(**more), input=text, capture_output=True, text=True,
                              env=self.environment(), timeout=30)
        if done.returncode:
            raise PeerError(f"psql: {done.stderr.strip()}")
        return done.stdout.strip()

    @contextlib.contextmanager
    def session(self, text, user="postgres", seconds=5.0):
        """A session that has run `text` and stays open: a held lock, an idle connection."""
        p = subprocess.Popen(self.psql_argv(user=user), stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                             env=self.environment(), preexec_fn=die_with_parent)
        try:
            p.stdin.write(text.rstrip().rstrip(";") + ";\n\\echo session-ready\n")
            p.stdin.flush()
            for line in p.stdout:
                if "session-ready" in line:
                    break
            else:
                raise PeerError("the session ended at once")
            yield p
        finally:
            p.kill()
            p.wait()
            p.stdin.close()
            p.stdout.close()


class Replica(Postgres):
    """A streaming replica of a Postgres that was started with Replica.PRIMARY among its settings; over the
    slot `slot`, which is made, where one is named."""
    PRIMARY = {"wal_level": "replica", "max_wal_senders": 5}

    def __init__(self, primary, slot=None):
        super().__init__({**self.PRIMARY, "wal_receiver_status_interval": "1s"})
        self.primary, self.slot = primary, slot
        self.basebackup = binary("pg_basebackup", package="postgresql-client-15")

    def fill(self):
        self.own()
        slot = ["-C", "-S", self.slot] if self.slot else []
        subprocess.run([self.basebackup, "-D", self.data, "-h", self.primary.dir, "-p",
                        str(self.primary.port), "-U", "postgres", "-X", "stream", "-c", "fast", "-N",
                        "-d", "application_name=replica", *slot], check=True, env=self.environment(),
                       cwd=self.dir, preexec_fn=become(self.user))
        self.follow(self.primary)

    def follow(self, primary):
        self.settings["primary_conninfo"] = (f"host={primary.dir} port={primary.port} user=postgres "
                                             "application_name=replica")
        if self.slot:
            self.settings["primary_slot_name"] = self.slot
        pathlib.Path(self.data, "standby.signal").touch()
        self.own()


class Redis(Peer):
    """redis-server on a private port (none with unixsocket=True), nothing saved.

    `tls` is (certificate, key, ca): then the port speaks TLS only. `extra` are more arguments."""
    name = "redis"

    def __init__(self, password=None, tls=None, unixsocket=False, port=None, extra=()):
        super().__init__()
        self.password, self.tls, self.unix = password, tls, unixsocket
        self.port = 0 if unixsocket else port or free_port()
        self.extra = list(extra)
        self.server = binary("redis-server", package="redis-server")

    def prepare(self):
        if self.tls:
            for source, target in zip(self.tls, ("crt", "key", "ca")):
                shutil.copy(source, os.path.join(self.dir, target))

    @property
    def socket_path(self):
        return os.path.join(self.dir, "s")

    def argv(self):
        argv = [self.server, "--save", "", "--appendonly", "no", "--dir", self.dir,
                "--bind", "127.0.0.1", "--unixsocket", self.socket_path, "--unixsocketperm", "777",
                "--enable-debug-command", "local"]
        if self.tls:
            d = self.dir
            argv += ["--port", "0", "--tls-port", str(self.port), "--tls-cert-file", f"{d}/crt",
                     "--tls-key-file", f"{d}/key", "--tls-ca-cert-file", f"{d}/ca",
                     "--tls-auth-clients", "no"]
        else:
            argv += ["--port", str(self.port)]
        if self.password:
            argv += ["--requirepass", self.password]
        return argv + self.extra

    def ready(self):
        with contextlib.suppress(OSError):
            word = self.ask("PING")
            return isinstance(word, str) and word in ("PONG", "LOADING") or isinstance(
                word, RedisError) and word.args[0].startswith("LOADING")
        return False

    @property
    def url(self):
        if self.unix:
            return f"unix:{self.socket_path}"
        return f"{'rediss' if self.tls else 'redis'}://127.0.0.1:{self.port}"

    def ask(self, *words):
        """One command over the unix socket; errors come back as RedisError values."""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(10)
            s.connect(self.socket_path)
            f = s.makefile("rwb")
            if self.password and words[0] != "AUTH":
                self.send(f, "AUTH", self.password)
                self.reply(f)
            self.send(f, *words)
            return self.reply(f)

    @staticmethod
    def send(f, *words):
        f.write(resp_command(*words))
        f.flush()

    @classmethod
    def reply(cls, f):
        line = f.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("redis closed the connection")
        kind, rest = line[:1], line[1:-2].decode("utf-8", "replace")
        if kind == b"+":
            return rest
        if kind == b"-":
            return RedisError(rest)
        if kind == b":":
            return int(rest)
        n = int(rest)
        if n < 0:
            return None
        if kind == b"$":
            return f.read(n + 2)[:-2].decode("utf-8", "replace")
        return [cls.reply(f) for _ in range(n)]


class RedisError(Exception):
    pass


def resp_command(*words):
    out = b"*%d\r\n" % len(words)
    for w in words:
        w = w if isinstance(w, bytes) else str(w).encode()
        out += b"$%d\r\n%s\r\n" % (len(w), w)
    return out


class Prometheus(Peer):
    """prometheus on a private port, its data in its directory; `scrape` are host:port of pages that it
    reads each second, `rules` a file of rules, `users` name -> bcrypt of the password."""
    name = "prometheus"

    def __init__(self, scrape=(), rules="", users=None, extra=()):
        super().__init__()
        self.port = free_port()
        self.scrape, self.rules, self.users, self.extra = list(scrape), rules, users, list(extra)
        self.server = binary("prometheus", package="prometheus")

    def prepare(self):
        d = pathlib.Path(self.dir)
        (d / "rules.yml").write_text(self.rules or "groups: []\n")
        (d / "web.yml").write_text("basic_auth_users:\n" + "".join(
            f"  {name}: '{crypted}'\n" for name, crypted in (self.users or {}).items()))
        (d / "prometheus.yml").write_text(
            "global: { scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }\n"
            "rule_files: [rules.yml]\n"
            f"scrape_configs: [{{ job_name: page, static_configs: [{{ targets: {self.scrape!r} }}] }}]\n")

    def argv(self):
        argv = [self.server, f"--config.file={self.dir}/prometheus.yml",
                f"--storage.tsdb.path={self.dir}/data", f"--web.listen-address=127.0.0.1:{self.port}"]
        if self.users:
            argv.append(f"--web.config.file={self.dir}/web.yml")
        return argv + self.extra

    def ready(self):
        import urllib.error
        import urllib.request
        try:
            return urllib.request.urlopen(self.url + "/-/ready", timeout=1).status == 200
        except urllib.error.HTTPError as answer:
            return answer.code == 401
        except OSError:
            return False

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"


class Nginx(Peer):
    """nginx with `conf` as the inside of http { }; `{port}` and `{dir}` in it are filled in.

    Files given in `files` (name -> text) lie in its directory."""
    name = "nginx"

    def __init__(self, conf=None, port=None, files=None):
        super().__init__()
        self.port = port or free_port()
        self.conf = conf or 'server { listen 127.0.0.1:{port}; location / { return 200 "ok\\n"; } }'
        self.files = dict(files or {})
        self.nginx = binary("nginx", package="nginx-light")

    def prepare(self):
        for name, text in self.files.items():
            path = pathlib.Path(self.dir, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        inside = self.conf.replace("{port}", str(self.port)).replace("{dir}", self.dir)
        pathlib.Path(self.dir, "nginx.conf").write_text(
            f"daemon off; master_process off; pid {self.dir}/pid; error_log {self.dir}/error.log;\n"
            "events { worker_connections 4096; }\n"
            f"http {{ access_log off; client_body_temp_path {self.dir}/t1;\n"
            f"proxy_temp_path {self.dir}/t2; fastcgi_temp_path {self.dir}/t3;\n"
            f"uwsgi_temp_path {self.dir}/t4; scgi_temp_path {self.dir}/t5;\n{inside}\n}}\n")

    def argv(self):
        return [self.nginx, "-p", self.dir, "-c", f"{self.dir}/nginx.conf", "-e",
                f"{self.dir}/error.log"]

    def ready(self):
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return os.path.exists(os.path.join(self.dir, "pid"))
        return False

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def reload(self):
        os.kill(self.pid, signal.SIGHUP)
