"""Faults between a client and a server that does nothing wrong: a TCP proxy that can freeze, cut and
delay, addresses that do not answer, and a server process that is stopped.

    with Proxy(("127.0.0.1", pg.port)) as p:  p.freeze(); ...; p.thaw()
"""
import contextlib
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

from . import peers


class Pair:
    def __init__(self, client):
        self.client, self.server, self.reset = client, None, False
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def end(self, reset):
        """The threads that pass bytes do the closing: SHUT_RD wakes them and sends nothing, so that
        the last close can be an RST."""
        self.reset = self.reset or reset
        for s in filter(None, (self.client, self.server)):
            with contextlib.suppress(OSError):
                if reset:
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                s.shutdown(socket.SHUT_RD if reset else socket.SHUT_RDWR)

    def close(self):
        for s in filter(None, (self.client, self.server)):
            s.close()


class Proxy:
    """Passes bytes both ways to `target` (host, port). Works for every protocol.

    freeze()  nothing passes any more, nobody is told (a half-open connection); new ones hang too
    thaw()    what was held back passes on
    cut()     all connections end with RST; refuse=True also closes the port until open()
    delay(s)  every piece waits so long, per direction
    """

    def __init__(self, target, host="127.0.0.1", port=0):
        self.target, self.host, self.wanted = target, host, port
        self.pairs = set()
        self.lock = threading.Lock()
        self.flowing = threading.Event()
        self.flowing.set()
        self.delay_s = 0.0
        self.stats = {"connections": 0, "up": 0, "down": 0}
        self.listener = None

    def __enter__(self):
        self.open()
        return self

    def __exit__(self, *exc):
        self.close_port()
        self.drop(reset=True)
        self.flowing.set()

    def open(self):
        self.listener = socket.create_server((self.host, self.wanted), backlog=256)
        self.port = self.wanted = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()

    def close_port(self):
        if self.listener:
            with contextlib.suppress(OSError):
                self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
            self.listener = None

    def wait_for(self, name, n, seconds=5.0):
        peers.wait_until(lambda: self.stats[name] >= n, seconds, f"{n} {name}")

    def freeze(self):
        self.flowing.clear()

    def thaw(self):
        self.flowing.set()

    def delay(self, seconds):
        self.delay_s = seconds

    def cut(self, refuse=False):
        if refuse:
            self.close_port()
        self.drop(reset=True)

    def drop(self, reset):
        with self.lock:
            pairs = list(self.pairs)
        for pair in pairs:
            pair.end(reset)

    def accept(self, listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self.join, args=(client,), daemon=True).start()

    def join(self, client):
        pair = Pair(client)
        with self.lock:
            self.pairs.add(pair)
            self.stats["connections"] += 1
        self.flowing.wait()
        try:
            if not pair.reset:
                pair.server = socket.create_connection(self.target, 5)
                pair.server.settimeout(None)
        except OSError:
            pair.end(reset=True)
        if pair.server and not pair.reset:
            other = threading.Thread(target=self.pass_on, daemon=True,
                                     args=(pair, pair.server, client, "down"))
            other.start()
            self.pass_on(pair, client, pair.server, "up")
            other.join()
        with self.lock:
            self.pairs.discard(pair)
        pair.close()

    def pass_on(self, pair, source, sink, name):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if self.delay_s:
                    time.sleep(self.delay_s)
                self.flowing.wait()
                if pair.reset:
                    return
                sink.sendall(data)
                self.stats[name] += len(data)
        self.flowing.wait()
        if not pair.reset:
            # one side has ended: tell the other, whose own direction may still flow
            with contextlib.suppress(OSError):
                sink.shutdown(socket.SHUT_WR)

    @property
    def address(self):
        return f"{self.host}:{self.port}"


class Blackhole:
    """An address whose SYNs are dropped: a listener that never accepts, its queue filled by ourselves.
    No privilege needed; what a client sees is a connect that nobody answers."""

    def __enter__(self):
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(0)
        self.host, self.port = self.listener.getsockname()
        self.fill = []
        for _ in range(16):
            s = socket.socket()
            s.setblocking(False)
            s.connect_ex((self.host, self.port))
            self.fill.append(s)
        probe = socket.socket()
        probe.settimeout(0.1)
        try:
            probe.connect((self.host, self.port))
        except TimeoutError:
            return self
        finally:
            probe.close()
        raise RuntimeError("this kernel still answers when the queue is full")

    def __exit__(self, *exc):
        for s in [*self.fill, self.listener]:
            s.close()

    @property
    def url(self):
        return f"http://{self.host}:{self.port}"


SERVE = """
import http.server, sys
class H(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        body = b'{"status":"ok"}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args):
        pass
class S(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    def handle_error(self, request, address):
        pass
s = S(("127.0.0.1", int(sys.argv[1])), H)
print("ready", flush=True)
s.serve_forever()
"""


class Process:
    """An honest HTTP server in a process of its own, to be stopped, continued and killed."""

    def __enter__(self):
        self.port = peers.free_port()
        self.proc = None
        self.start()
        return self

    def __exit__(self, *exc):
        self.sigcont()
        self.kill()

    def start(self):
        self.proc = subprocess.Popen([sys.executable, "-c", SERVE, str(self.port)],
                                     stdout=subprocess.PIPE, preexec_fn=peers.die_with_parent)
        if self.proc.stdout.readline() != b"ready\n":
            raise RuntimeError("the server did not start")

    def kill(self):
        self.proc.kill()
        self.proc.wait()
        self.proc.stdout.close()

    def sigstop(self):
        os.kill(self.proc.pid, signal.SIGSTOP)
        peers.wait_until(lambda: peers.proc_state(self.proc.pid) in "Tt", 5, "server stopped")

    def sigcont(self):
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.proc.pid, signal.SIGCONT)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"
