"""A hostile Redis: answers commands from a table, or says any bytes at all.

    with Resp({"PING": b"+PONG\\r\\n"}) as r: ...          # r.url is redis://127.0.0.1:PORT
    with Resp.error("NOAUTH Authentication required.") as r: ...
    with Resp(say=HUGE_ARRAY) as r: ...                   # to every command

The table maps an upper-case command ("LLEN", or "LLEN key") to bytes or to a function(conn, words);
"*" stands for all others. r.commands holds what was asked.
"""
from .hostile_server import Server

HUGE_ARRAY = b"*1000000000\r\n"
HUGE_BULK = b"$2147483647\r\n"
NEGATIVE = (b"*-5\r\n", b"$-5\r\n", b"$-2147483649\r\n", b"*99999999999999999999\r\n")
DEEP = b"*1\r\n" * 8 + b":1\r\n"
RESP3 = (b"%1\r\n+a\r\n:1\r\n", b"~1\r\n+a\r\n", b",1.5\r\n", b"#t\r\n", b"_\r\n", b"(12345678901234567890\r\n",
         b">2\r\n+pubsub\r\n+x\r\n", b"=7\r\ntxt:abc\r\n")
GARBAGE = b"HTTP/1.1 400 Bad Request\r\n\r\n"

# What a real Redis says, word for word, when it cannot or does not want to.
ERRORS = {
    "NOAUTH": "NOAUTH Authentication required.",
    "WRONGPASS": "WRONGPASS invalid username-password pair or user is disabled.",
    "NOPERM": "NOPERM this user has no permissions to run the 'info' command",
    "LOADING": "LOADING Redis is loading the dataset in memory",
    "MASTERDOWN": "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    "READONLY": "READONLY You can't write against a read only replica.",
    "OOM": "OOM command not allowed when used memory > 'maxmemory'.",
    "BUSY": "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
    "MISCONF": "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist "
               "to disk.",
    "CLUSTERDOWN": "CLUSTERDOWN Hash slot not served",
    "MOVED": "MOVED 3999 127.0.0.1:{sink}",
    "ASK": "ASK 3999 127.0.0.1:{sink}",
    "WRONGTYPE": "WRONGTYPE Operation against a key holding the wrong kind of value",
}

INFO = (b"# Server\r\nredis_version:7.0.15\r\nrun_id:0123456789abcdef0123456789abcdef01234567\r\n"
        b"uptime_in_seconds:5000\r\n# Clients\r\nconnected_clients:12\r\nmaxclients:10000\r\n"
        b"# Memory\r\nused_memory:1048576\r\nmaxmemory:0\r\n# Stats\r\nevicted_keys:0\r\n"
        b"rejected_connections:0\r\ntotal_commands_processed:1000\r\n# Replication\r\nrole:master\r\n")


def bulk(data):
    return b"$%d\r\n%s\r\n" % (len(data), data)


def long_line(size=100 << 20, chunk=b"+" + b"x" * 65535):
    """A line that does not end."""
    def talk(conn, words):
        sent = 0
        while sent < size:
            conn.send(chunk if not sent else b"x" * len(chunk))
            sent += len(chunk)
        conn.hang()
    return talk


def long_bulk(size=100 << 20):
    def talk(conn, words):
        conn.send(b"$%d\r\n" % size)
        for _ in range(size // 65536):
            conn.send(b"x" * 65536)
        conn.send(b"\r\n")
    return talk


def twice(answer):
    """The answer, and once more: one too many for whoever asks next."""
    return lambda conn, words: conn.send(answer + answer)


def swapped(a, b):
    """Holds the first answer back until the second command came, then says them the other way."""
    def talk(conn, words):
        held = getattr(conn, "held", None)
        if held is None:
            conn.held = a
        else:
            conn.send(b + held)
            conn.held = None
    return talk


def then_push(answer):
    """An answer, then something nobody asked for."""
    return lambda conn, words: conn.send(answer + b"*3\r\n+message\r\n+ch\r\n+hello\r\n")


class Resp(Server):
    def __init__(self, table=None, say=None, greet=b"", certificate=None, close_after=False, **more):
        super().__init__(tls=certificate.server() if certificate else None, **more)
        self.scheme = "rediss" if certificate else "redis"
        self.table = {"PING": b"+PONG\r\n", "INFO": bulk(INFO), "AUTH": b"+OK\r\n", "SELECT": b"+OK\r\n",
                      "CLIENT": b"+OK\r\n", "HELLO": b"-ERR unknown command 'HELLO'\r\n",
                      "QUIT": b"+OK\r\n", "*": b":0\r\n",
                      # PING with a word gives it back, as ECHO does: clients tell replies apart by it
                      "ECHO": lambda conn, words: conn.send(bulk(words[1]))}
        self.table["PING"] = lambda conn, words: conn.send(
            bulk(words[1]) if len(words) > 1 else b"+PONG\r\n")
        if say is not None:
            self.table = {"*": say}
        self.table.update(table or {})
        self.greet, self.close_after = greet, close_after
        self.commands = []

    @classmethod
    def error(cls, text, only=None, **more):
        """This error to everything, or only to these commands."""
        line = f"-{ERRORS.get(text, text)}\r\n".encode()
        if only:
            return cls({c: line for c in only}, **more)
        return cls(say=line, **more)

    def set(self, table):
        """Changes how it answers from now on."""
        self.table = dict(table)

    def handle(self, conn):
        if self.greet:
            conn.send(self.greet)
        while True:
            words = self.command(conn)
            self.commands.append(words)
            self.count("requests")
            name = words[0].decode("latin-1").upper()
            full = " ".join([name, *(w.decode("latin-1") for w in words[1:2])])
            what = self.table.get(full, self.table.get(name, self.table.get("*", b"-ERR\r\n")))
            if callable(what):
                what(conn, words)
            else:
                conn.send(what)
            if self.close_after:
                conn.end()

    @staticmethod
    def command(conn):
        line = conn.read_until(b"\r\n")[:-2]
        if not line.startswith(b"*"):
            return line.split() or [b""]
        words = []
        for _ in range(int(line[1:])):
            size = int(conn.read_until(b"\r\n")[1:-2])
            words.append(conn.read(size + 2)[:-2])
        return words or [b""]
