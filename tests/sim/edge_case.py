"""The names of a system and the certificate for them, for the tests of those that have an edge."""
import os
import socket
import ssl
import struct
import time

from simulator import wait_for

A, MX, AAAA = 1, 15, 28
NXDOMAIN = 3


class EdgeCase:
    """Beside SystemCase. The subclass says DOMAIN, and ADDRESS as its profile expects it."""
    DOMAIN = ADDRESS = None

    def edge(self, name="tls"):
        host, port = self.s.vars[name].split(":")
        return host, int(port)

    def shake(self, name, newest=ssl.TLSVersion.TLSv1_3):
        """The version, the certificate and the answer to a request."""
        context = ssl.create_default_context(cafile=self.s.vars["ca"])
        context.minimum_version, context.maximum_version = ssl.TLSVersion.MINIMUM_SUPPORTED, newest
        context.set_ciphers("DEFAULT@SECLEVEL=0")  # the client's own floor is not what is asked
        with socket.create_connection(self.edge(), timeout=10) as plain, \
                context.wrap_socket(plain, server_hostname=name) as s:
            version, cert, answer = s.version(), s.getpeercert(), b""
            s.sendall(b"GET / HTTP/1.1\r\nHost: " + name.encode() + b"\r\n\r\n")
            while chunk := s.recv(65536):
                answer += chunk
        return version, cert, answer.decode()

    def days(self):
        return (ssl.cert_time_to_seconds(self.shake(self.DOMAIN)[1]["notAfter"]) - time.time()) / 86400

    def resolve(self, name, kind=A):
        """The code and the addresses of an answer, with their time to live."""
        labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0"
        ask = struct.pack(">6H", 4711, 0x100, 1, 0, 0, 0) + labels + struct.pack(">2H", kind, 1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(10)
            s.sendto(b"\0" * 3, self.edge("dns"))  # no question, and no answer
            s.sendto(ask, self.edge("dns"))
            reply = s.recv(512)
        number, flags, _, n = struct.unpack(">4H", reply[:8])
        self.assertEqual((number, flags & 0x8000, reply[12:len(ask)]), (4711, 0x8000, ask[12:]))
        rest, found = reply[len(ask):], []
        for _ in range(n):
            found.append((socket.inet_ntoa(rest[12:16]), struct.unpack(">I", rest[6:10])[0]))
            rest = rest[16:]
        return flags & 15, found

    def test_the_certificate_is_for_its_names_and_for_sixty_days(self):
        for name in (self.DOMAIN, "www." + self.DOMAIN, "api." + self.DOMAIN):
            for newest in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                version, _, answer = self.shake(name, newest)
                self.assertEqual(version, newest.name.replace("_", "."))
                self.assertTrue(answer.startswith("HTTP/1.1 200 OK\r\n"), answer)
        with self.assertRaises(ssl.SSLError):
            self.shake(self.DOMAIN, ssl.TLSVersion.TLSv1_1)
        with self.assertRaises(ssl.SSLCertVerificationError):
            self.shake("elsewhere.example")
        self.assertTrue(59.9 < self.days() < 60.1)

    def test_a_certificate_ends(self):
        self.s.fault("cert_expiring")
        self.assertTrue(4.9 < self.days() < 5.1)
        self.s.fault("cert_expired")
        with self.assertRaisesRegex(ssl.SSLCertVerificationError, "expired"):
            self.shake(self.DOMAIN)
        self.s.fault("cert_expired", on=False)
        self.s.fault("cert_expiring", on=False)
        self.assertGreater(self.days(), 59)

    def test_who_says_nothing_is_in_nobodys_way_for_long(self):
        with socket.create_connection(self.edge()) as silent:
            self.assertGreater(self.days(), 59)
            silent.settimeout(10)
            self.assertEqual(silent.recv(1), b"")

    def test_names_have_the_address_of_the_profile(self):
        for name in (self.DOMAIN, "WWW." + self.DOMAIN, "api." + self.DOMAIN):
            self.assertEqual(self.resolve(name), (0, [(self.ADDRESS, 300)]))
        for kind in (AAAA, MX):
            self.assertEqual(self.resolve(self.DOMAIN, kind), (0, []))
        self.assertEqual(self.resolve("nosuch." + self.DOMAIN), (NXDOMAIN, []))

    def test_a_wrong_address(self):
        self.s.fault("dns_wrong")
        code, [(address, _)] = self.resolve(self.DOMAIN)
        self.assertEqual(code, 0)
        self.assertNotEqual(address, self.ADDRESS)
        self.s.fault("dns_wrong", on=False)
        self.assertEqual(self.resolve(self.DOMAIN)[1][0][0], self.ADDRESS)

    def test_no_key_is_on_the_disk(self):
        wait_for("the file", lambda: os.path.exists(self.s.vars["ca"]))
        with open(self.s.vars["ca"], encoding="ascii") as f:
            self.assertNotIn("PRIVATE", f.read())
