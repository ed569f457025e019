"""A hostile HTTP server: a script of misbehaviour for each path.

    with Http({"/health": slow_body(OK), "/x": [Reply(503), Reply(200, b"ok")]}) as h:
        ... h.url + "/health" ...; h.requests("/x"); h.stats["most"]

What stands for a path: a Reply, a function(conn, request) that may send anything (the makers below
return such), or a list of either, one per request, the last one for ever. `h["/x"] = ...` changes it
while it runs. Unknown paths answer 404.
"""
import base64
import json
import random
import struct
import zlib

from .hostile_server import Server

OK = json.dumps({"status": "ok", "version": "1.4.2"}).encode()
WORDS = {200: "OK", 204: "No Content", 301: "Moved Permanently", 302: "Found", 307: "Temporary Redirect",
         401: "Unauthorized", 404: "Not Found", 500: "Internal Server Error", 503: "Service Unavailable"}

# 1 GiB of zeros by `brotli -q 11`; Python has no encoder of its own.
BROTLI_GIB = base64.b64decode(
    "z///f/gnAOKxQCD3/p/////wTwDEYQGA7v0/////4Z8AiMMiAN37f/7//8M/ARCHBQC69//8//+HfwIgDgsAdO//+f//"
    "D/8EQBwWAOje//P//x/+CYA4LADQvf/n//8//BMAcVgAoHv/z///f/gnAOKwAED3/p/////wTwDEYQGA7v0/////4Z8A"
    "iMMCAN37f/7//8M/ARCHBQC69//8//+HfwIgDgsAdO//+f//D/8EQBwWAOje//P//x/+CYA4LADQvf/n//8//BMAcVgA"
    "oHv/z///f/gnAOKwAED3/p/////wTwDEYQGA7v0/////4Z8AiMMCAN37f/7//8M/ARCHBQC69//8//+HfwIgDgsAdO//"
    "+f//D/8EQBwWAOje//P//x/+CYA4LADQvf/n//8//BMAcVgAoHv/z///f/gnAOKwAED3/p/////wTwDEYQGA7v0/////"
    "4Z8AiMMCAN37f/7//8M/ARCHBQC69//8//+HfwIgDgsAdO//+f//D/8EQBwWAOje//P//x/+CYA4LADQvf/n//8//BMA"
    "cVgAoHv/z///f/gnAOKwAED3/p/////wTwDEYQGA7v0/////4Z8AiMMCAN37f/7//8M/ARCHBQC69//8//+HfwIgDgsA"
    "dO//+f//D/8EQBwWAOje//P//x/+CYA4LADQvf/n//8//BMAcVgAoHv/z///f/gnAOKwAED3/p/////wTwDEYQGA7v0/"
    "////4Z8AiMMCAN37f/7//8M/ARCHBQC69//8//+HfwIgDgsAdO//+f//D/8EQBwWAOje//P//x/+CYA4LADQvf/n//8/"
    "/BMAcVgAoHv/z///f/gnAOKwAED3/p/////wTwDEYQGA7v0/////4Z8AiMMCAN37f/7//8M/ARCHBQC69//8//+HfwIg"
    "DgsAdO//+f//D/8EQBwWAOje//P//x/+CYA4LADQvf/n//8//BMAcVgAoHv/z///f/gnAOKwAED3/p/////wTwDEYQGA"
    "7v0/////4Z8AiMMCAN37f/7//8M/ARCHBQC69//8//+HfwIgDgsAdO//+f//D/8EQBwWAOje//P//x/+CYA4LADQvf/n"
    "//8//BMAcVgAoHv/Pw==")


class Request:
    def __init__(self, conn, head):
        first, *rest = head.decode("latin-1").split("\r\n")
        self.method, self.path, self.version = (first.split(" ") + ["", ""])[:3]
        self.headers = {}
        for line in rest:
            name, colon, value = line.partition(":")
            if colon:
                self.headers[name.strip().lower()] = value.strip()
        self.close = "close" in self.headers.get("connection", "").lower()
        self.body = conn.read(int(self.headers.get("content-length", 0)))


class Reply:
    """An honest reply. `headers` are pairs or a dict; `length` lies about the body when given;
    `delay` seconds pass before the first byte; `close` ends the connection after it."""

    def __init__(self, status=200, body=OK, headers=(), kind="application/json", length=None,
                 delay=0.0, close=False, chunked=False):
        self.status, self.body, self.kind, self.delay = status, body, kind, delay
        self.headers = list(headers.items() if isinstance(headers, dict) else headers)
        self.length, self.close, self.chunked = length, close, chunked
        if isinstance(self.body, str):
            self.body = self.body.encode()

    def head(self):
        lines = [f"HTTP/1.1 {self.status} {WORDS.get(self.status, 'Whatever')}"]
        if self.kind:
            lines.append(f"Content-Type: {self.kind}")
        if self.chunked:
            lines.append("Transfer-Encoding: chunked")
        elif self.status != 204:
            lines.append(f"Content-Length: {len(self.body) if self.length is None else self.length}")
        if self.close:
            lines.append("Connection: close")
        head = "\r\n".join(lines).encode() + b"\r\n"
        for name, value in self.headers:
            value = value if isinstance(value, bytes) else str(value).encode()
            head += name.encode() + b": " + value + b"\r\n"
        return head + b"\r\n"

    def __call__(self, conn, request):
        if self.delay:
            conn.pause(self.delay)
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(self.body), self.body) if self.chunked else self.body
        conn.send(self.head() + (b"" if request.method == "HEAD" else body))
        if self.close:
            conn.end()


class Http(Server):
    """`certificate` (from hostile_tls) makes it HTTPS. `hits` maps paths to their requests."""

    def __init__(self, routes=None, certificate=None, **more):
        super().__init__(tls=certificate.server() if certificate else None, **more)
        self.scheme = "https" if certificate else "http"
        self.routes = {"/": Reply()} if routes is None else dict(routes)
        self.hits = {}

    def __setitem__(self, path, what):
        self.routes[path] = what

    def requests(self, path):
        return len(self.hits.get(path, ()))

    def choose(self, request):
        path = request.path.split("?")[0]
        with self.lock:
            hits = self.hits.setdefault(path, [])
            hits.append(request)
            what = self.routes.get(path, self.routes.get("*", Reply(404, b'{"error":"not found"}')))
            if isinstance(what, list):
                what = what[min(len(hits) - 1, len(what) - 1)]
        return what

    def handle(self, conn):
        while True:
            request = Request(conn, conn.read_until(b"\r\n\r\n")[:-4])
            self.count("requests")
            self.choose(request)(conn, request)
            if request.close:
                conn.end()


# ---- makers of misbehaviour ----


def raw(*parts, then="end"):
    """Bytes as they are; a number is a pause in seconds. then: end (FIN), reset, hang, keep."""
    def talk(conn, request):
        for p in parts:
            if isinstance(p, (int, float)):
                conn.pause(p)
            else:
                conn.send(p)
        if then != "keep":
            getattr(conn, then)()
    return talk


def hang():
    """Takes the request and never answers."""
    return lambda conn, request: conn.hang()


def slow_headers(bytes_per_s=1, body=OK):
    return lambda conn, request: conn.trickle(Reply(body=body).head() + body, bytes_per_s)


def slow_body(bytes_per_s=1, body=OK):
    def talk(conn, request):
        conn.send(Reply(body=body).head())
        conn.trickle(body, bytes_per_s)
    return talk


def pieces(parts, delay):
    """A good reply in pieces, `delay` seconds apart."""
    def talk(conn, request):
        conn.send(Reply(body=b"".join(parts)).head())
        for p in parts:
            conn.pause(delay)
            conn.send(p)
    return talk


def endless_body(chunked=False, chunk=b"x" * 65536, kind="application/json"):
    """Never ends: without a length and without chunks, or in chunks."""
    def talk(conn, request):
        extra = b"Transfer-Encoding: chunked\r\n" if chunked else b"Connection: close\r\n"
        conn.send(b"HTTP/1.1 200 OK\r\nContent-Type: " + kind.encode() + b"\r\n" + extra + b"\r\n")
        piece = b"%x\r\n%s\r\n" % (len(chunk), chunk) if chunked else chunk
        while True:
            conn.send(piece)
    return talk


def huge_length(length=10 * 10**9, chunk=b" " * 65536):
    """Says how much will come, and means it."""
    def talk(conn, request):
        conn.send(Reply(body=b"", length=length).head())
        for _ in range(length // len(chunk)):
            conn.send(chunk)
    return talk


def deflated(coding, mib):
    """`mib` MiB of zeros. After a full flush deflate starts afresh: one block can be repeated."""
    block = bytes(1 << 20)
    z = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = (z.compress(block) + z.flush(zlib.Z_FULL_FLUSH)) * mib + b"\x03\x00"
    if coding == "gzip":
        crc = 0
        for _ in range(mib):
            crc = zlib.crc32(block, crc)
        return (b"\x1f\x8b\x08\0\0\0\0\0\x02\xff" + packed + struct.pack("<I", crc) +
                struct.pack("<I", mib << 20 & 0xffffffff))
    adler = 1
    for _ in range(mib):
        adler = zlib.adler32(block, adler)
    return b"\x78\xda" + packed + struct.pack(">I", adler)


def bomb(coding="gzip", size=1 << 30):
    """A small reply that unpacks to `size` bytes (br: always 1 GiB)."""
    packed = BROTLI_GIB if coding == "br" else deflated(coding, size >> 20)
    return Reply(body=packed, headers=[("Content-Encoding", coding)])


def redirect(to, status=302):
    return Reply(status, b"", headers=[("Location", to)])


def redirect_chain(steps=10**9):
    """/hop, /hop?n=1, ... `steps` times, then a good reply."""
    def talk(conn, request):
        n = int(request.path.partition("n=")[2] or 0)
        path = request.path.split("?")[0]
        (redirect(f"{path}?n={n + 1}") if n < steps else Reply())(conn, request)
    return talk


def header_flood(n=100000):
    return raw(b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-H%d: v\r\n" % i for i in range(n)) +
               b"Content-Length: 2\r\n\r\nok", then="keep")


def header_huge(size=2 << 20):
    return raw(b"HTTP/1.1 200 OK\r\nX-Huge: " + b"h" * size + b"\r\nContent-Length: 2\r\n\r\nok",
               then="keep")


def continue_flood():
    """100 Continue for ever."""
    def talk(conn, request):
        while True:
            conn.send(b"HTTP/1.1 100 Continue\r\n\r\n" * 512)
    return talk


def http_09():
    return raw(b"ok\n")


def bad_chunk():
    return raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
               b"Transfer-Encoding: chunked\r\n\r\n1b\r\n" + OK[:10], b"\r\nnot-hex\r\n" + OK[10:])


def short_content(body=OK, missing=7):
    """FIN before what Content-Length promised."""
    return raw(Reply(body=body).head() + body[:-missing])


def reset_in_body(body=OK * 100):
    """RST in the middle. The pause lets the first half be read: an RST drops what still waits."""
    return raw(Reply(body=body).head() + body[:len(body) // 2], 0.05, then="reset")


def reset_at_once():
    return raw(then="reset")


def close_each(reply=None):
    """Says keep-alive, and closes after every reply all the same."""
    reply = reply or Reply()

    def talk(conn, request):
        reply(conn, request)
        conn.end()
    return talk


def closes_idle(after=0.2, reply=None):
    """A keep-alive connection that the server ends unasked after a while."""
    reply = reply or Reply()

    def talk(conn, request):
        reply(conn, request)
        conn.pause(after)
        conn.end()
    return talk


def mutations(good, n, seed=1):
    """`n` damaged copies of a good JSON document, none of which is a JSON document."""
    rng = random.Random(seed)
    out = []
    while len(out) < n:
        b = bytearray(good)
        for _ in range(rng.randint(1, 3)):
            kind, at = rng.randrange(4), rng.randrange(len(b))
            if kind == 0:
                del b[at:at + rng.randint(1, 8)]
            elif kind == 1:
                b[at:at] = bytes(rng.choice(b'{}[]",:\\\x00\x1fxe+-') for _ in range(rng.randint(1, 3)))
            elif kind == 2:
                b[at] = rng.randrange(256)
            else:
                del b[at:]
            if not b:
                b = bytearray(b"{")
        try:
            json.loads(bytes(b).decode("utf-8"), parse_constant=float.fromhex)
        except (ValueError, RecursionError):
            out.append(bytes(b))
    return out


def deep(n=100000):
    return b"[" * n + b"]" * n


def flat(size=10 << 20):
    return b"[" + b"0," * (size // 2 - 1) + b"0]"
