#!/usr/bin/env python3
"""The tls and headers probes against a real nginx with certificates made on the spot, and tls against a
real PostgreSQL."""
import pathlib
import sys
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from harness import peers  # noqa: E402
from harness.hostile import Certificates, HandshakeStall, Http, Reply  # noqa: E402
from harness.peers import Nginx, Postgres, free_port  # noqa: E402
from probes.probing import Prober  # noqa: E402

DAY = 86400
SITES = ("good", "expired", "soon", "early", "wrong-host", "self-signed", "hostile-subject")
HEADERS = """
    add_header Strict-Transport-Security "max-age=31536000; includeSubDomains; preload" always;
    add_header X-Frame-Options SAMEORIGIN always;
    add_header X-Content-Type-Options nosniff always;
    add_header Permissions-Policy "geolocation=(), microphone=(), camera=()" always;
    location /api { if ($http_origin = "https://shop.example") {
        add_header Access-Control-Allow-Origin $http_origin;
        add_header Access-Control-Allow-Credentials true; } return 200 "ok"; }
    location /bare { add_header X-Powered-By PHP; return 200 "ok"; }
    location / { return 200 "ok"; }
"""


def site(port, certificate, more=""):
    return (f"server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {{dir}}/{certificate}.crt;\n"
            f"ssl_certificate_key {{dir}}/{certificate}.key;\n{more}\n{HEADERS} }}\n")


class NginxTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        certificates = cls.certificates = Certificates.get()
        cls.ca = certificates.ca
        cls.ports = {name: free_port() for name in (*SITES, "old", "mixed")}
        weak = "ssl_ciphers ALL:@SECLEVEL=0; ssl_protocols "
        conf = "".join(site(cls.ports[name], name, "ssl_protocols TLSv1.2 TLSv1.3;") for name in SITES)
        conf += site(cls.ports["old"], "good", weak + "TLSv1.1;")
        conf += site(cls.ports["mixed"], "good", weak + "TLSv1 TLSv1.1 TLSv1.2 TLSv1.3;")
        files = {f"{name}.{kind}": pathlib.Path(path).read_text() for name in SITES
                 for kind, path in zip(("crt", "key"), certificates[name].files)}
        cls.nginx = Nginx(conf + "server { listen 127.0.0.1:{port}; }", files=files).__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.nginx.close()

    def tls(self, name, *words):
        with Prober("tls", "tls", f"127.0.0.1:{self.ports[name]}", "ca_file", self.ca, *words) as p:
            return p.poll()

    def parts(self, r):
        return {c["name"]: (c["state"], c["note"]) for c in r["components"]}

    def is_bad(self, r, why):
        self.assertEqual((r["state"], r["fault"]), ("down", "tls"), r)
        self.assertRegex(r["reason"], "^tls: " + why)

    def test_a_good_one(self):
        r = self.tls("good")
        self.assertEqual(r["state"], "up", r)
        self.assertRegex(r["reason"], r"^(29|30)d left · TLS 1\.3 · issued by midwatch test CA$")
        self.assertAlmostEqual(r["values"][0]["value"], 30 * DAY, delta=300)
        self.assertEqual({n: s for n, (s, _) in self.parts(r).items()},
                         {"dates": "up", "chain": "up", "127.0.0.1": "up", "versions": "up"})
        self.assertEqual(self.parts(r)["versions"][1], "TLS 1.3; less than TLS 1.2 is refused")

    def test_each_flaw_has_its_own_reason_and_the_days_stay_known(self):
        r = self.tls("expired")
        self.is_bad(r, "certificate expired 1d")
        self.assertAlmostEqual(r["values"][0]["value"], -DAY, delta=300)
        self.is_bad(self.tls("early"), "certificate not valid yet, in (23h|24h|1d)")
        self.is_bad(self.tls("self-signed"), "self-signed certificate$")
        r = self.tls("wrong-host")
        self.is_bad(r, r"wrong host: it is for elsewhere\.example, not 127\.0\.0\.1$")
        self.assertAlmostEqual(r["values"][0]["value"], 30 * DAY, delta=300)

    def test_one_that_is_about_to_expire_is_up_here_and_its_days_are_judged_by_the_fold(self):
        r = self.tls("soon")
        self.assertEqual(r["state"], "up")
        self.assertRegex(r["reason"], "^6d left")
        self.assertAlmostEqual(r["values"][0]["value"], 7 * DAY - 3600, delta=300)

    def test_an_issuer_that_is_not_trusted(self):
        with Prober("tls", "tls", f"127.0.0.1:{self.ports['good']}") as p:
            self.is_bad(p.poll(), "unknown issuer$")
        with Prober("tls", "tls", f"127.0.0.1:{self.ports['good']}", "insecure", "true",
                    "insecure_reason", "test") as p:
            r = p.poll()
            self.assertEqual(r["state"], "up", r)
            self.assertEqual(self.parts(r)["chain"], ("degraded", "unknown issuer, and not verified"))

    def test_names(self):
        r = self.tls("good", "name", "localhost", "names", "127.0.0.1", "names", "shop.example")
        self.is_bad(r, "wrong host: it is for 127.0.0.1, ::1, localhost, not shop.example$")
        self.assertEqual(self.parts(r)["localhost"], ("up", "covered"))

    def test_what_a_stranger_writes_into_a_name_is_no_command(self):
        r = self.tls("hostile-subject")
        self.is_bad(r, "wrong host")
        self.assertNotRegex(str(r), "[\x00-\x1f\x7f\u202e]")

    def test_old_versions(self):
        r = self.tls("mixed")
        self.assertEqual((r["state"], r["reason"]), ("degraded", "still takes TLS 1.1"))
        self.assertEqual(self.tls("mixed", "floor", "1.1")["reason"], "still takes TLS 1.0")
        self.assertEqual(self.tls("mixed", "floor", "none")["state"], "up")
        r = self.tls("old")
        self.assertEqual((r["state"], r["reason"]), ("degraded", "still takes TLS 1.1"))
        self.assertEqual(self.tls("good", "floor", "1.3")["reason"], "still takes TLS 1.2")

    def test_what_this_machine_forbids_itself_is_no_refusal_of_the_server(self):
        conf = pathlib.Path(self.nginx.dir, "hardened.cnf")
        conf.write_text("openssl_conf = c\n[c]\nssl_conf = s\n[s]\nsystem_default = d\n[d]\n"
                        "Protocol = -TLSv1, -TLSv1.1\nMinProtocol = TLSv1.2\n"
                        "CipherString = DEFAULT@SECLEVEL=2\n")
        with Prober("tls", "tls", f"127.0.0.1:{self.ports['mixed']}", "ca_file", self.ca,
                    env={"OPENSSL_CONF": str(conf)}) as p:
            self.assertEqual(p.poll()["reason"], "still takes TLS 1.1")

    def test_what_does_not_come_to_a_handshake(self):
        with Prober("tls", "tls", f"127.0.0.1:{self.nginx.port}") as p:
            self.is_bad(p.poll(), "the other side does not speak TLS$")
        with Prober("tls", "tls", f"127.0.0.1:{free_port()}") as p:
            self.assertEqual(p.poll()["fault"], "refused")
        with HandshakeStall() as stall, Prober("tls", "tls", f"127.0.0.1:{stall.port}", "timeout",
                                               "300ms") as p:
            t0 = time.monotonic()
            r = p.poll()
            self.assertEqual((r["state"], r["fault"], r["reason"]),
                             ("down", "timeout", "timeout: no TLS handshake"))
            self.assertLess(time.monotonic() - t0, 4)  # not the 5 s that are usual
            self.assertFalse(r["values"][0]["known"])
        with Prober("tls", "tls", "no-such-name.invalid") as p:
            self.assertEqual((p.poll()["state"]), "unknown")

    def test_who_leaves_in_the_middle_of_a_handshake_leaves_in_peace(self):
        with HandshakeStall() as stall:
            for i in range(40):
                with Prober("tls", "tls", f"127.0.0.1:{stall.port if i % 2 else self.ports['good']}",
                            "timeout", "300ms") as p:  # its end is looked at when it ends
                    p.p.stdin.write("\n")
                    p.p.stdin.flush()
                    time.sleep(i % 20 / 1000)

    def test_postgresql_begins_with_a_wish(self):
        c = self.certificates["good"]
        with Postgres(tls=(c.certificate, c.key)) as pg:
            with Prober("tls", "tls", f"127.0.0.1:{pg.port}", "start", "postgres", "ca_file",
                        self.ca) as p:
                r = p.poll()
                self.assertEqual(r["state"], "up", r)
                self.assertRegex(r["reason"], "^(29|30)d left")
        with Postgres() as pg, Prober("tls", "tls", f"127.0.0.1:{pg.port}", "start", "postgres") as p:
            self.is_bad(p.poll(), "the server has no TLS$")

    def headers(self, path, *words):
        with Prober("headers", "headers", f"https://127.0.0.1:{self.ports['good']}{path}", "ca_file",
                    self.ca, *words) as p:
            return p.poll()

    def test_headers(self):
        want = ("want:X-Frame-Options", "SAMEORIGIN", "want:X-Content-Type-Options", "nosniff",
                "want:Permissions-Policy", "geolocation=(), microphone=(), camera=()", "want:Server",
                "~^nginx/", "want:X-Powered-By", "absent")
        r = self.headers("/", "hsts", "365d", *want)
        self.assertEqual((r["state"], r["reason"]), ("up", "6 headers as wanted"))
        r = self.headers("/bare", "hsts", "365d", *want)
        self.assertEqual((r["state"], r["values"][0]["value"]), ("degraded", 5))
        self.assertEqual(self.parts(r)["X-Powered-By"], ("degraded", "is there"))

    def test_http_tells_what_is_left_of_the_certificate_beside(self):
        with Prober("http", "http", f"https://127.0.0.1:{self.ports['soon']}/", "ca_file", self.ca,
                    "read", "none") as p:
            for _ in range(2):  # also over the kept connection
                r = p.poll()
                self.assertEqual(r["state"], "up", r)
                self.assertTrue(r["values"][1]["known"])
                self.assertAlmostEqual(r["values"][1]["value"], 7 * DAY - 3600, delta=300)

    def test_cors(self):
        good = ("want:Access-Control-Allow-Origin", "https://shop.example",
                "want:Access-Control-Allow-Credentials", "true")
        self.assertEqual(self.headers("/api", "request:Origin", "https://shop.example", *good)["state"],
                         "up")
        self.assertEqual(self.headers("/api", "request:Origin", "https://evil.example",
                                      "want:Access-Control-Allow-Origin", "absent")["state"], "up")
        with Http({"/": Reply(headers=[("Access-Control-Allow-Origin", "*")])}) as open_:
            with Prober("headers", "headers", open_.url + "/", "request:Origin", "https://evil.example",
                        "want:Access-Control-Allow-Origin", "absent") as p:
                self.assertEqual(p.poll()["state"], "degraded")


def run():
    peers.binary("nginx", package="nginx-light")
    peers.binary("postgres", package="postgresql")
    return not unittest.main(exit=False, verbosity=1).result.wasSuccessful()


if __name__ == "__main__":
    peers.main(run)
