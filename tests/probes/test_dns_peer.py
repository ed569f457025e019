#!/usr/bin/env python3
"""The dns probe against a name server of ours, and against what this machine itself resolves."""
import os
import pathlib
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from harness import peers  # noqa: E402
from harness.names import Names  # noqa: E402
from probes.probing import Prober  # noqa: E402

# the shim is loaded before the sanitizer, which would refuse that
ASAN = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
RECORDS = {
    ("shop.test", "A"): ["192.0.2.1", "192.0.2.2"],
    ("shop.test", "AAAA"): ["2001:db8::1"],
    ("shop.test", "MX"): ["10 mx1.shop.test", "20 mx2.shop.test"],
    ("shop.test", "NS"): ["ns1.host.test", "ns2.host.test"],
    ("shop.test", "TXT"): ["v=spf1 -all", b"\x1b[31mred \xe2\x80\xae", "x" * 600],
    ("www.shop.test", "CNAME"): ["shop.test"],
    ("dots.test", "TXT"): ["ends with a dot."],
    ("dots.test", "MX"): ["0 ."],
    ("many.test", "A"): [f"192.0.2.{i}" for i in range(1, 60)],
}


class DnsTest(unittest.TestCase):
    def setUp(self):
        self.names = Names(RECORDS).__enter__()
        self.addCleanup(self.names.__exit__)

    def ask(self, name, record, *words):
        with Prober("dns", "dns", name, "record", record, "server", self.names.address, *words) as p:
            return p.poll()

    def is_down(self, r, why):
        self.assertEqual((r["state"], r["fault"]), ("down", "bad reply"), r)
        self.assertRegex(r["reason"], why)

    def is_trouble(self, r, why):
        self.assertEqual((r["state"], r["fault"]), ("unknown", "dns"), r)
        self.assertRegex(r["reason"], why)
        self.assertFalse(r["values"][0]["known"])

    def test_each_kind_of_record(self):
        for record, expected in (("A", ["192.0.2.2", "192.0.2.1"]), ("AAAA", ["2001:DB8:0::1"]),
                                 ("MX", ["10 mx1.shop.test", "mx2.shop.test"]),
                                 ("NS", ["NS1.host.test.", "ns2.host.test"])):
            r = self.ask("shop.test", record, "match", "exact", *(w for e in expected
                                                                  for w in ("expect", e)))
            self.assertEqual(r["state"], "up", r)
            self.assertEqual(r["values"][1]["value"], len(expected))
            self.assertRegex(r["reason"], " · ttl 5m$")
        self.assertEqual(self.ask("www.shop.test", "CNAME", "expect", "shop.test")["state"], "up")
        r = self.ask("shop.test", "TXT", "expect", "v=spf1 -all")
        self.assertEqual(r["state"], "up")
        self.assertNotRegex(str(r), "[\x00-\x1f\x7f\u202e]")
        self.assertIn("x" * 600, [c["name"] for c in r["components"]])

    def test_another_name_of_it_is_followed_and_foreign_records_are_none(self):
        r = self.ask("www.shop.test", "A", "expect", "192.0.2.1", "expect", "192.0.2.2", "match", "exact")
        self.assertEqual((r["state"], r["reason"]), ("up", "192.0.2.1, 192.0.2.2 · ttl 5m"))
        self.names.mode = "foreign"
        self.is_down(self.ask("shop.test", "A"), "the name has no A$")
        self.is_down(self.ask("www.shop.test", "A"), "the name has no A$")

    def test_the_last_dot_of_a_text_is_part_of_it(self):
        self.assertEqual(self.ask("dots.test", "TXT", "expect", "ends with a dot.", "match", "exact")["state"],
                         "up")
        r = self.ask("dots.test", "MX", "expect", "0 .", "match", "exact")
        self.assertEqual((r["state"], r["reason"]), ("up", "0 . · ttl 5m"))

    def test_what_is_not_as_expected(self):
        self.is_down(self.ask("shop.test", "A", "expect", "192.0.2.9"), r"192\.0\.2\.9 is missing$")
        self.is_down(self.ask("shop.test", "A", "expect", "192.0.2.1", "match", "exact"),
                     r"192\.0\.2\.2 is not expected$")
        self.assertEqual(self.ask("shop.test", "A", "expect", "192.0.2.1")["state"], "up")
        three = ("expect", "192.0.2.1", "expect", "192.0.2.2", "expect", "192.0.2.3")
        self.assertEqual(self.ask("shop.test", "A", *three, "match", "only")["state"], "up")
        self.is_down(self.ask("shop.test", "A", *three, "match", "exact"), r"192\.0\.2\.3 is missing$")
        r = self.ask("shop.test", "A", "ttl_max", "1m")
        self.assertEqual((r["state"], r["reason"]), ("degraded", "lives for 5m, longer than 1m"))

    def test_no_such_name_is_no_trouble_of_the_resolver(self):
        r = self.ask("gone.test", "A")
        self.is_down(r, "there is no such name$")
        self.assertTrue(r["values"][0]["known"])
        self.is_down(self.ask("dots.test", "A"), "the name has no A$")

    def test_trouble_of_the_resolver_says_nothing_of_the_name(self):
        for mode, why in (("servfail", "fails or does not answer"), ("refused", "dns: the resolver"),
                          ("garbage", "dns: "), ("hostile", "dns: ")):
            self.names.mode = mode
            self.is_trouble(self.ask("shop.test", "A", "timeout", "3s"), why)
        self.names.mode = "silent"
        with Prober("dns", "dns", "shop.test", "record", "A", "server", self.names.address,
                    "timeout", "300ms") as p:
            # our deadline's words: the resolver's own would be others, after two seconds
            self.is_trouble(p.poll(), "^dns: no answer from the resolver$")
            self.is_trouble(p.poll(), "^dns: the last question still hangs")
            self.names.mode = None
            peers.wait_until(lambda: p.poll()["state"] == "up", 15, "the resolver answers again")

    def test_a_long_answer_comes_over_tcp(self):
        r = self.ask("many.test", "A")
        self.assertEqual((r["state"], r["values"][1]["value"], self.names.over_tcp), ("up", 59, 1))
        r = self.ask("many.test", "A", "expect", "192.0.2.1")
        self.assertEqual((r["state"], r["reason"]),
                         ("unknown", "59 records, more than the 32 that are compared"))

    def test_as_programs_here_see_it(self):
        with Prober("dns", "dns", "localhost", "expect", "127.0.0.1") as p:
            self.assertEqual(p.poll()["state"], "up")
        shim = os.environ["MIDWATCH_DNSSHIM"]
        with tempfile.TemporaryDirectory(prefix="midwatch-dns-") as d:
            control = pathlib.Path(d, "names")
            for how, state, why in (("well", "up", "127.0.0.1"), ("nx", "down", "there is no such name$"),
                                    ("none", "unknown", "^dns: ")):
                control.write_text(f"faulty.test {how}\n")
                with Prober("dns", "dns", "faulty.test",
                            env={"LD_PRELOAD": shim, "DNSSHIM": str(control), "ASAN_OPTIONS": ASAN}) as p:
                    r = p.poll()
                    self.assertEqual(r["state"], state, r)
                    self.assertRegex(r["reason"], why)


if __name__ == "__main__":
    peers.main(lambda: not unittest.main(exit=False, verbosity=1).result.wasSuccessful())
