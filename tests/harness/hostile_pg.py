"""A hostile PostgreSQL: speaks version 3 of the protocol as far as a client needs it to log in and
ask, and lies where it is told to.

    with Pg() as p: ...                                     # answers SELECTs with one row, 1
    with Pg(login=sqlstate("53300", "sorry, too many clients already")) as p: ...
    with Pg(answer=negative_length()) as p: ...             # to every query

`login(conn)` runs instead of the authentication, `answer(conn, sql)` instead of an honest result.
p.queries holds what was asked, p.passwords what clients gave away, p.cancels the cancel requests.
"""
import struct

from .hostile_server import Gone, Server

SSL_REQUEST, GSS_REQUEST, CANCEL_REQUEST = 80877103, 80877104, 80877102


def message(kind, body=b""):
    return kind + struct.pack("!I", len(body) + 4) + body


def ready(state=b"I"):
    return message(b"Z", state)


def error_fields(state, text, severity="ERROR"):
    return (b"S" + severity.encode() + b"\0V" + severity.encode() + b"\0C" + state.encode() + b"\0M" +
            (text if isinstance(text, bytes) else text.encode()) + b"\0\0")


def error_message(state, text, severity="ERROR"):
    return message(b"E", error_fields(state, text, severity))


def row_description(names, oid=23, size=4):
    body = struct.pack("!H", len(names))
    for n in names:
        body += n.encode() + b"\0" + struct.pack("!IHIhih", 0, 0, oid, size, -1, 0)
    return message(b"T", body)


def data_row(cells):
    body = struct.pack("!H", len(cells))
    for c in cells:
        if c is None:
            body += struct.pack("!i", -1)
        else:
            c = c if isinstance(c, bytes) else str(c).encode()
            body += struct.pack("!i", len(c)) + c
    return message(b"D", body)


def complete(tag="SELECT 1"):
    return message(b"C", tag.encode() + b"\0")


# ---- logins ----


def sqlstate(state, text, severity="FATAL"):
    """The login ends with this error: 53300 full, 28P01 password, 28000 hba, 3D000 no database."""
    def talk(conn):
        conn.send(error_message(state, text, severity))
        conn.end()
    return talk


def raw_login(data, then="end"):
    def talk(conn):
        conn.send(data)
        getattr(conn, then)()
    return talk


def cleartext_password(accept=True):
    """Asks for the password in clear; what comes stands in p.passwords."""
    def talk(conn):
        conn.send(message(b"R", struct.pack("!I", 3)))
        kind, body = conn.server.packet(conn)
        if kind == b"p":
            conn.server.passwords.append(body.rstrip(b"\0"))
        if not accept:
            sqlstate("28P01", 'password authentication failed for user "postgres"')(conn)
        welcome(conn)
    return talk


def welcome(conn, encoding="UTF8", read_only=False):
    conn.send(message(b"R", struct.pack("!I", 0)))
    for name, value in (("server_version", "15.20"), ("client_encoding", "UTF8"),
                        ("server_encoding", encoding), ("standard_conforming_strings", "on"),
                        ("integer_datetimes", "on"), ("DateStyle", "ISO, MDY"),
                        ("in_hot_standby", "on" if read_only else "off"),
                        ("default_transaction_read_only", "on" if read_only else "off")):
        conn.send(message(b"S", name.encode() + b"\0" + value.encode() + b"\0"))
    conn.send(message(b"K", struct.pack("!II", 4711, 815)))
    conn.send(ready())


def stall_login():
    """Takes the startup packet and never answers."""
    return lambda conn: conn.hang()


# ---- answers ----


def rows(names, values, oid=23):
    """An honest result: values is a list of rows."""
    def talk(conn, sql):
        conn.send(row_description(names, oid, -1 if oid == 25 else 4) +
                  b"".join(data_row(v) for v in values) + complete(f"SELECT {len(values)}"))
    return talk


def failing(state, text):
    return lambda conn, sql: conn.send(error_message(state, text))


def raw_answer(data, then="hang"):
    def talk(conn, sql):
        conn.send(data)
        getattr(conn, then)()
    return talk


def unterminated_error():
    """An error packet whose fields run to its end without a zero byte (CVE-2022-41862)."""
    body = b"SFATAL\0C53300\0M" + b"A" * 1000
    return message(b"E", body)


def negative_length():
    return b"D" + struct.pack("!i", -5) + b"\0\1\0\0\0\1x"


def huge_length():
    return b"D" + struct.pack("!I", 0x7fffffff) + b"\0\1" + b"x" * 4096


def many_columns(n=10000):
    def talk(conn, sql):
        conn.send(row_description([f"c{i}" for i in range(n)]) + data_row(["1"] * n) + complete())
    return talk


def notice_flood(n=10**9):
    """Notices instead of a result, as fast as they are taken."""
    def talk(conn, sql):
        notice = message(b"N", error_fields("00000", "n" * 80, "NOTICE")) * 100
        for _ in range(n // 100):
            conn.send(notice)
        conn.send(complete())
    return talk


def endless_rows(size=1024):
    def talk(conn, sql):
        conn.send(row_description(["c"], 25, -1))
        batch = data_row([b"x" * size]) * 64
        while True:
            conn.send(batch)
    return talk


class Pg(Server):
    """tls: None refuses SSLRequest with N; a certificate accepts it."""
    scheme = "postgres"

    def __init__(self, login=None, answer=None, certificate=None, encoding="UTF8", **more):
        super().__init__(**more)
        self.login, self.answer, self.encoding = login, answer, encoding
        self.certificate = certificate
        self.queries, self.passwords, self.cancels = [], [], 0

    @property
    def conninfo(self):
        return f"host={self.host} port={self.port} dbname=postgres user=postgres"

    @staticmethod
    def packet(conn):
        kind, size = struct.unpack("!cI", conn.read(5))
        return kind, conn.read(size - 4)

    def startup(self, conn):
        while True:
            size, = struct.unpack("!I", conn.read(4))
            body = conn.read(size - 4)
            code, = struct.unpack("!I", body[:4])
            if code == SSL_REQUEST and self.certificate:
                conn.send(b"S")
                self.start_tls(conn, self.certificate.server())
                self.count("tls")
            elif code in (SSL_REQUEST, GSS_REQUEST):
                conn.send(b"N")
            elif code == CANCEL_REQUEST:
                self.cancels += 1
                raise Gone
            else:
                self.count("startups")
                return

    def handle(self, conn):
        self.startup(conn)
        if self.login:
            self.login(conn)
        else:
            welcome(conn, self.encoding)
        statement = b""
        while True:
            kind, body = self.packet(conn)
            if kind == b"Q":
                for sql in body.rstrip(b"\0").split(b";"):
                    if sql.strip():
                        self.result(conn, sql.strip().decode("utf-8", "replace"))
                conn.send(ready())
            elif kind == b"P":
                statement = body.split(b"\0")[1]
                conn.send(message(b"1"))
            elif kind == b"B":
                conn.send(message(b"2"))
            elif kind == b"E":
                self.result(conn, statement.decode("utf-8", "replace").strip().rstrip(";"))
            elif kind == b"C":
                conn.send(message(b"3"))
            elif kind == b"S":
                conn.send(ready())
            elif kind == b"X":
                raise Gone
            # D and H: the description comes with the rows, everything is sent at once

    def result(self, conn, sql):
        self.queries.append(sql)
        self.count("requests")
        word = sql.split(None, 1)[0].upper()
        if word not in ("SELECT", "WITH", "SHOW", "VALUES", "TABLE"):
            conn.send(complete("SET" if word in ("SET", "RESET") else word))
        elif self.answer:
            self.answer(conn, sql)
        else:
            rows(["?column?"], [["1"]])(conn, sql)
