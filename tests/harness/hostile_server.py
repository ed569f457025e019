"""The ground of the hostile servers: a listener on loopback with a thread for each connection, that
counts what happens and can be told to go away while it talks.

Standard library only. Every server is a context manager; leaving it closes all its connections.
"""
import contextlib
import socket
import struct
import threading
import time


class Gone(Exception):
    """The server is closing, or the client has left: ends a connection's thread quietly."""


class Conn:
    """One accepted connection, as its handler sees it. All waits end when the server closes.

    Its thread alone closes the socket. Closed by another one, its number would go to the next connection
    while this thread still reads by it: TLS does, and then answers a stranger's first bytes."""

    def __init__(self, server, sock, peer):
        self.server, self.sock, self.peer = server, sock, peer
        self.dropped = threading.Event()
        self.buf = b""
        self.taken = 0  # bytes that the client accepted from us

    def send(self, data):
        try:
            self.sock.sendall(data)
        except (OSError, ValueError) as why:
            raise Gone from why
        self.taken += len(data)
        self.server.count("bytes", len(data))

    def recv(self, size=65536):
        try:
            data = self.sock.recv(size)
        except (OSError, ValueError) as why:
            raise Gone from why
        if not data:
            raise Gone
        self.server.received.append(data)
        return data

    def read(self, n):
        while len(self.buf) < n:
            self.buf += self.recv()
        out, self.buf = self.buf[:n], self.buf[n:]
        return out

    def read_until(self, end):
        while end not in self.buf:
            self.buf += self.recv()
        at = self.buf.index(end) + len(end)
        out, self.buf = self.buf[:at], self.buf[at:]
        return out

    def pause(self, seconds):
        if self.dropped.wait(seconds):
            raise Gone

    def hang(self):
        """Says nothing more until the client leaves."""
        while True:
            self.recv()

    def trickle(self, data, bytes_per_s):
        for i in range(len(data)):
            self.send(data[i:i + 1])
            self.pause(1 / bytes_per_s)

    def reset(self):
        """RST instead of FIN."""
        self.drop(reset=True)
        raise Gone

    def end(self):
        """FIN, and wait for the client to leave as well, so that no RST overtakes what was sent."""
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_WR)
        with contextlib.suppress(Gone):
            self.hang()
        raise Gone

    def drop(self, reset=False):
        """From any thread: the client sees the end, and the thread that serves it wakes and closes. With
        SO_LINGER 0 only the reading half is shut, so that this close is an RST."""
        self.dropped.set()
        with contextlib.suppress(OSError):
            if reset:
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            abrupt = self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8)
            # not SSLSocket's own, which would pull TLS away from under the thread
            socket.socket.shutdown(self.sock, socket.SHUT_RD if struct.unpack("ii", abrupt) == (1, 0)
                                   else socket.SHUT_RDWR)


class Server:
    """`handle(conn)` serves one connection. With `tls` (an SSLContext) the handshake comes first.

    stats: connections, refused (failed handshakes), now, most (at once), bytes (sent)."""
    scheme = "tcp"

    def __init__(self, host="127.0.0.1", port=0, tls=None, backlog=512):
        self.host, self.wanted_port, self.tls, self.backlog = host, port, tls, backlog
        self.closing = threading.Event()
        self.lock = threading.Lock()
        self.stats = {"connections": 0, "now": 0, "most": 0, "refused": 0, "bytes": 0, "requests": 0}
        self.received = []  # pieces that clients sent, to look for secrets in
        self.conns = set()
        self.listener = None

    def __enter__(self):
        self.open()
        return self

    def __exit__(self, *exc):
        self.close()

    def open(self, port=None):
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        self.listener = socket.socket(family, socket.SOCK_STREAM)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((self.host, port or self.wanted_port))
        self.listener.listen(self.backlog)
        self.port = self.wanted_port = self.listener.getsockname()[1]
        self.closing.clear()
        threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()

    def close(self):
        """Stops listening and drops everybody. open() brings it back on the same port."""
        self.closing.set()
        if self.listener:
            with contextlib.suppress(OSError):
                self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
            self.listener = None
        self.drop_all()

    def drop_all(self, reset=False):
        with self.lock:
            conns = list(self.conns)
        for c in conns:
            c.drop(reset)

    def count(self, name, n=1):
        with self.lock:
            self.stats[name] = self.stats.get(name, 0) + n

    def accept(self, listener):
        while True:
            try:
                sock, peer = listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.serve, args=(sock, peer), daemon=True).start()

    def serve(self, sock, peer):
        conn = Conn(self, sock, peer)
        with self.lock:
            self.conns.add(conn)
            self.stats["connections"] += 1
            self.stats["now"] += 1
            self.stats["most"] = max(self.stats["most"], self.stats["now"])
        try:
            if not self.closing.is_set():  # or was accepted too late to be dropped with the others
                if self.before(conn) and self.tls:
                    self.start_tls(conn, self.tls)
                self.handle(conn)
        except Gone:
            pass
        except OSError:
            self.count("refused")
        finally:
            conn.drop()
            conn.sock.close()
            with self.lock:
                self.conns.discard(conn)
                self.stats["now"] -= 1

    def before(self, conn):
        """Ahead of the handshake; False leaves TLS out."""
        return True

    def handle(self, conn):
        conn.hang()

    def start_tls(self, conn, context):
        """The handshake runs on what drop() can reach."""
        conn.sock = context.wrap_socket(conn.sock, server_side=True, do_handshake_on_connect=False)
        if conn.dropped.is_set():
            raise Gone
        conn.sock.do_handshake()

    def heard(self, data):
        """True when a client has sent these bytes."""
        return data in b"".join(self.received)

    def wait_for(self, name, n, seconds=5.0):
        deadline = time.monotonic() + seconds
        while self.stats.get(name, 0) < n:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{name}: {self.stats.get(name, 0)} of {n} after {seconds} s")
            time.sleep(0.005)

    @property
    def url(self):
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"
