"""A name server for tests, on a private port of loopback, over UDP and TCP.

    with Names({("shop.test", "A"): ["192.0.2.1"], ("shop.test", "MX"): ["10 mx.shop.test"]}) as n:
        ... n.address                      # "127.0.0.1:5353"
        n.mode = "servfail"                # or silent, garbage, refused, hostile; None = honest

mode "foreign" answers with the records asked for, but of another name. A name with a CNAME leads on, where the
other kinds are asked for.

A name without any record does not exist (NXDOMAIN); one that has other records has no such one.
"""
import ipaddress
import socket
import struct
import threading

from .peers import free_port

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "MX": 15, "TXT": 16, "AAAA": 28}
NOERROR, SERVFAIL, NXDOMAIN, REFUSED = 0, 2, 3, 5
TTL = 300


def encode(name):
    return b"".join(bytes([len(p)]) + p.encode() for p in name.rstrip(".").split(".")) + b"\0"


def decode(data, at):
    parts = []
    while data[at]:
        parts.append(data[at + 1:at + 1 + data[at]].decode())
        at += 1 + data[at]
    return ".".join(parts), at + 1


def rdata(kind, value):
    if kind in ("A", "AAAA"):
        return ipaddress.ip_address(value).packed
    if kind == "MX":
        preference, name = value.split()
        return struct.pack("!H", int(preference)) + encode(name)
    if kind == "TXT":
        raw = value if isinstance(value, bytes) else value.encode()
        return b"".join(bytes([len(raw[i:i + 255])]) + raw[i:i + 255] for i in range(0, len(raw), 255))
    return encode(value)


class Names:
    def __init__(self, records):
        self.records, self.mode, self.asked, self.over_tcp = dict(records), None, 0, 0
        self.port = free_port()

    def __enter__(self):
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", self.port))
        self.tcp = socket.socket()
        self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.tcp.bind(("127.0.0.1", self.port))
        self.tcp.listen(8)
        for serve in (self.serve_udp, self.serve_tcp):
            threading.Thread(target=serve, daemon=True).start()
        return self

    def __exit__(self, *exc):
        for s in (self.udp, self.tcp):
            s.shutdown(socket.SHUT_RDWR) if s is self.tcp else None
            s.close()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def serve_udp(self):
        while True:
            try:
                data, sender = self.udp.recvfrom(4096)
                answer = self.answer(data, False)
                if answer:
                    self.udp.sendto(answer, sender)
            except OSError:
                return

    def serve_tcp(self):
        while True:
            try:
                conn, _ = self.tcp.accept()
            except OSError:
                return
            with conn:
                head = conn.recv(2)
                data = conn.recv(struct.unpack("!H", head)[0]) if len(head) == 2 else b""
                answer = self.answer(data, True) if data else None
                if answer:
                    self.over_tcp += 1
                    conn.sendall(struct.pack("!H", len(answer)) + answer)

    def answer(self, data, tcp):
        self.asked += 1
        number = data[:2]
        name, end = decode(data, 12)
        kind = {v: k for k, v in TYPES.items()}.get(struct.unpack("!H", data[end:end + 2])[0], "?")
        question = data[12:end + 4]
        if self.mode == "silent":
            return None
        if self.mode == "garbage":
            return number + b"\x81\x80\0\1\0\5\0\0\0\0" + question + b"\xc0\xff" * 20
        code = {"servfail": SERVFAIL, "refused": REFUSED}.get(self.mode, NOERROR)
        owner, alias = b"\xc0\x0c", b""
        found = [] if code else self.records.get((name.lower(), kind), [])
        other = self.records.get((name.lower(), "CNAME"), [None])[0]
        if other and not found and not code and (other, kind) in self.records:
            owner = encode(other)
            alias = b"\xc0\x0c" + struct.pack("!HHIH", TYPES["CNAME"], 1, TTL, len(owner)) + owner
            found = self.records[other, kind]
        if self.mode == "foreign":
            owner = encode("other.test")
        if not code and not any(n == name.lower() for n, _ in self.records):
            code = NXDOMAIN
        big = not tcp and sum(len(rdata(kind, v)) + 12 for v in found) > 450
        if big:
            found = []
        flags = 0x8180 | code | (0x0200 if big else 0)
        body = alias + b"".join(owner + struct.pack("!HHIH", TYPES[kind], 1, TTL, len(rdata(kind, v)))
                        + rdata(kind, v) for v in found)
        if self.mode == "hostile":  # a length that leads beyond the end
            body = b"\xc0\x0c" + struct.pack("!HHIH", TYPES[kind], 1, TTL, 4000) + b"xx"
            found = [1]
        return number + struct.pack("!HHHHH", flags, 1, len(found) + bool(alias), 0, 0) + question + body
