#!/usr/bin/env python3
"""The kind s3 against a server that checks each signature by itself (s3server.py): pages, keys that are
not taken, and listings that are slow, huge or hostile."""
import pathlib
import sys
import threading
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from probes.probing import Prober  # noqa: E402
from probes.s3server import S3Server  # noqa: E402

AGE, SIZE, CHANGE, KEPT, OLDEST, WAL = range(6)
DAY = 86400


class S3Test(unittest.TestCase):
    def server(self, **more):
        s = S3Server(**more).__enter__()
        self.addCleanup(s.__exit__)
        return s

    def prober(self, s, *words, where=None, key=None, secret=None):
        return Prober("s3", "s3", where or f"s3://{s.bucket}/database/", "endpoint", s.url, "region",
                      "eu-west-1", "access_key", "env:S3_KEY", "secret_key", "env:S3_SECRET",
                      "every", "1m", *words,
                      env={"S3_KEY": key or s.key, "S3_SECRET": secret or s.secret,
                           "S3_SESSION": s.session or ""})

    def fill(self, s, days=10, size=1000, prefix="database/"):
        now = time.time() - 3600
        for i in range(days):
            at = now - i * DAY
            stamp = time.strftime("%Y%m%d_%H%M%S", time.gmtime(at))
            s.objects[f"{prefix}shop_{stamp}.sql.gz"] = (at + 60, size, "STANDARD_IA")
        return now

    def poll(self, s, *words, **more):
        with self.prober(s, *words, **more) as p:
            return p.poll()

    def test_objects_are_backups(self):
        s = self.server()
        began = self.fill(s)
        s.objects["database/"] = (time.time(), 0, "STANDARD")  # made by the console of Amazon
        newest = max(k for k in s.objects if k.endswith(".gz"))
        s.objects[newest + ".sha256"] = (time.time(), 90, "STANDARD")
        s.objects["other/db.sql.gz"] = (time.time(), 1, "STANDARD")
        r = self.poll(s, "rpo", "26h", "keep", "7")
        self.assertEqual(r["state"], "up", r)
        self.assertAlmostEqual(r["values"][AGE]["value"], time.time() - began, delta=10)
        self.assertEqual([r["values"][i]["value"] for i in (SIZE, CHANGE, KEPT)], [1000, 0, 10])
        self.assertEqual(r["table"][1][0], newest.removeprefix("database/"))
        self.assertEqual(r["table"][1][5], "listed in STANDARD_IA")
        self.assertEqual(len(s.asked), 1)

    def test_pages_are_one_answer(self):
        s = self.server(page=3)
        self.fill(s, days=10)
        with self.prober(s, "rpo", "26h") as p:
            r = p.poll()
            self.assertEqual((r["state"], r["values"][KEPT]["value"]), ("up", 10), r)
            self.assertEqual(len(s.asked), 4)
            s.page = 1000
            self.assertEqual(p.poll()["values"][KEPT]["value"], 10)
        self.assertTrue(all(q.startswith("continuation-token=1%2F%2Bdatabase%2F") for q in s.asked[1:4]))

    def test_a_page_that_fails_leaves_nothing_known(self):
        s = self.server(page=3)
        self.fill(s, days=10)

        def second(h):
            if "continuation-token" in h.path:
                s.error(h, 503, "SlowDown", "Please reduce your request rate.")
            else:
                s.send(h, 200, s.listing({"prefix": "database/"}))
        s.answer = second
        r = self.poll(s, "rpo", "26h")
        self.assertEqual((r["state"], r["values"][AGE]["known"]), ("down", False), r)
        self.assertEqual(r["reason"], "503 SlowDown: Please reduce your request rate.")

    def test_names_of_any_kind_are_signed_and_read(self):
        s = self.server()
        for prefix in ("a b+c&d=e/ü~*'()/", "x%2Fy//", "\"<>/"):
            s.objects.clear()
            self.fill(s, days=3, prefix=prefix)
            for encoding in (True, False):
                s.encoding = encoding
                r = self.poll(s, "rpo", "26h", where=f"s3://{s.bucket}/{prefix}")
                self.assertEqual((r["state"], r["values"][KEPT]["value"]), ("up", 3), (prefix, r))

    def test_a_pattern_chooses(self):
        s = self.server()
        self.fill(s, days=3)
        s.objects["database/shop.log"] = (time.time(), 5, "STANDARD")
        self.assertEqual(self.poll(s, "rpo", "26h", "match", "shop_*.sql.gz")["state"], "up")
        self.assertEqual(self.poll(s, "rpo", "26h")["state"], "down")  # 5 bytes, and the newest

    def test_no_object_is_no_backup(self):
        r = self.poll(self.server(), "rpo", "26h")
        self.assertEqual((r["state"], r["reason"]), ("down", "no backup was found"), r)

    def test_one_that_is_missing_today(self):
        s = self.server()
        self.fill(s, days=5)
        del s.objects[max(s.objects)]
        r = self.poll(s, "rpo", "24h")
        self.assertEqual(r["state"], "down", r)
        self.assertIn("RPO missed: last good 25h ago, RPO 24h", r["reason"])

    def test_an_old_dump_uploaded_again_is_no_new_one(self):
        s = self.server()
        self.fill(s, days=5)
        s.objects["database/shop_20250106_020000.sql.gz"] = (time.time(), 1000, "STANDARD")
        r = self.poll(s, "rpo", "26h")
        self.assertEqual(r["state"], "down", r)
        self.assertIn("its name tells another day", r["reason"])

    def test_a_wrong_key_is_ours(self):
        s = self.server()
        self.fill(s)
        r = self.poll(s, "rpo", "26h", secret="another")
        self.assertEqual((r["state"], r["fault"]), ("unknown", "credentials"), r)
        self.assertEqual(r["reason"], "credentials: 403 SignatureDoesNotMatch: The request signature we "
                                      "calculated does not match.")
        r = self.poll(s, "rpo", "26h", key="AKIDNOBODY")
        self.assertIn("403 InvalidAccessKeyId", r["reason"])
        r = self.poll(s, "rpo", "26h", "region", "us-east-1")
        self.assertIn("400 AuthorizationHeaderMalformed: the region 'us-east-1' is wrong", r["reason"])
        self.assertNotIn(s.secret, str(r))

    def test_a_session_token_is_sent_and_signed(self):
        s = self.server(session="FwoGZXIvYXdzE+/=")
        self.fill(s)
        self.assertEqual(self.poll(s, "rpo", "26h", "session_token", "env:S3_SESSION")["state"], "up")
        self.assertIn("400 InvalidToken", self.poll(s, "rpo", "26h")["reason"])

    def test_no_bucket_is_down(self):
        s = self.server()
        r = self.poll(s, "rpo", "26h", where="s3://nobodys/database/")
        self.assertEqual(r["state"], "down", r)
        self.assertEqual(r["reason"], "404 NoSuchBucket: The specified bucket does not exist")

    def test_another_region_is_named(self):
        s = self.server()
        s.answer = lambda h: s.send(h, 301, "<Error><Code>PermanentRedirect</Code></Error>",
                                    [("x-amz-bucket-region", "ap-northeast-1")])
        r = self.poll(s, "rpo", "26h")
        self.assertEqual((r["state"], r["reason"]),
                         ("unknown", "local: 301: the bucket is in region ap-northeast-1"), r)

    def test_what_is_slow_ends_at_the_limit(self):
        s = self.server()
        over = threading.Event()
        self.addCleanup(over.set)

        def drip(h):
            h.send_response(200)
            h.send_header("Content-Length", "100000")
            h.end_headers()
            h.wfile.write(b"<ListBucketResult>")
            while not over.wait(0.02):
                h.wfile.write(b" ")
        s.answer = drip
        began = time.monotonic()
        r = self.poll(s, "rpo", "26h", "timeout", "500ms")
        self.assertEqual((r["state"], r["fault"]), ("down", "timeout"), r)
        self.assertLess(time.monotonic() - began, 10)

    def test_a_huge_bucket_is_refused_and_not_half_read(self):
        s = self.server()
        body = "<ListBucketResult><IsTruncated>true</IsTruncated>" \
               "<NextContinuationToken>%d</NextContinuationToken>" + \
               "<Contents><Key>database/x</Key><LastModified>2026-01-29T02:13:47Z</LastModified>" \
               "<Size>1</Size></Contents>" * 1000 + "</ListBucketResult>"
        s.answer = lambda h: s.send(h, 200, body % len(s.asked))
        r = self.poll(s, "rpo", "26h", "timeout", "60s")
        self.assertEqual((r["state"], r["values"][AGE]["known"]), ("down", False), r)
        self.assertEqual(r["reason"], "more than 100 000 objects: name a longer prefix")
        self.assertEqual(len(s.asked), 100)

    def test_hostile_listings_are_refused(self):
        s = self.server()
        good = "<Contents><Key>database/x</Key><LastModified>2026-01-29T02:13:47Z</LastModified>" \
               "<Size>1</Size></Contents>"
        laughs = "<!DOCTYPE l [<!ENTITY a \"" + "ha" * 1000 + "\">" + "".join(
            f"<!ENTITY {chr(98 + i)} \"" + f"&{chr(97 + i)};" * 10 + "\">" for i in range(9)) + \
            "]><ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>&j;</Key>"
        for body, why in (
                (laughs, "a DTD, which no listing has"),
                ("<html><body>Sign in to the wireless network</body></html>", "not a listing but html"),
                (f"<ListBucketResult>{good}</ListBucketResult>", "whether there is more"),
                (f"<ListBucketResult><IsTruncated>false</IsTruncated>{good}", "not XML"),
                ("<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t"
                 f"</NextContinuationToken>{good}</ListBucketResult>", "the same page again and again"),
                ("<ListBucketResult><IsTruncated>false</IsTruncated>" +
                 good.replace("database", "elsewhere") + "</ListBucketResult>", "the prefix"),
                ("<ListBucketResult>" + "<a>" * 1000, "too deep"),
                ("<ListBucketResult a='" + "x" * 200000, "a tag of more than 64 KiB"),
                ("<ListBucketResult><IsTruncated>false</IsTruncated>" + good * 1001 +
                 "</ListBucketResult>", "more objects than were asked for"),
                ("<x>" + "y" * (1 << 20), "not a listing but x"),
                ("<ListBucketResult><Name>" + "y" * (5 << 20), "too big: more than 4 MB"),
                ("\x00" * 1000, "not XML"),
                ("", "not XML")):
            s.answer = lambda h, b=body: s.send(h, 200, b)
            r = self.poll(s, "rpo", "26h", "timeout", "20s")
            self.assertEqual((r["state"], r["values"][AGE]["known"]), ("down", False), (body[:80], r))
            self.assertIn(why, r["reason"], body[:80])

    def test_what_a_name_holds_is_shown_clean(self):
        s = self.server()
        self.fill(s, days=3)
        s.objects["database/\u202e\x1b[31mgz.lqs"] = (time.time() - 60, 1000, "STANDARD")
        r = self.poll(s, "rpo", "26h")
        self.assertEqual(r["table"][1][0], "^[[31mgz.lqs")


if __name__ == "__main__":
    unittest.main()
