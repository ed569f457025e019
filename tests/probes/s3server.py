"""An S3 of our own, for tests: it lists one bucket and takes only requests whose signature (Version 4)
it arrives at by itself, from the bytes that came: Amazon's documentation, not the client's library.

    with S3Server(key="AKID", secret="s3cr3t") as s3:
        s3.objects["db/a.sql.gz"] = (time.time(), 1000, "STANDARD")
        s3.url, s3.asked
"""
import datetime
import hashlib
import hmac
import http.server
import threading
import urllib.parse
from xml.sax.saxutils import escape

NOTHING = hashlib.sha256(b"").hexdigest()


def encode(text):
    return urllib.parse.quote(text, safe="-_.~")


def sign(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


class S3Server:
    def __init__(self, bucket="backups", key="AKIDEXAMPLE", secret="wJalrXUtnFEMI/K7MDENG+bPx=",
                 region="eu-west-1", session=None, page=1000):
        self.bucket, self.key, self.secret, self.region = bucket, key, secret, region
        self.session, self.page = session, page
        self.objects = {}  # key -> (unix time, bytes, storage class)
        self.asked = []    # queries, as they came
        self.answer = None  # instead of a listing: a function of the handler
        self.encoding = True  # keys encoded when that is asked for

    def __enter__(self):
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                owner.handle(self)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # who asks may hang up in the middle
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *exc):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    # ---- the signature ----

    def wrong(self, h):
        """None, or the (code, word, message) of what is wrong with the request's signature."""
        auth = h.headers.get("Authorization", "")
        if not auth.startswith("AWS4-HMAC-SHA256 "):
            return 403, "AccessDenied", "Access Denied"
        fields = dict(part.strip().split("=", 1) for part in auth.split(" ", 1)[1].split(","))
        key, date, region, service, end = fields["Credential"].split("/")
        stamp = h.headers.get("x-amz-date", "")
        now = datetime.datetime.now(datetime.timezone.utc)
        then = datetime.datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=now.tzinfo)
        if abs((now - then).total_seconds()) > 900:
            return 403, "RequestTimeTooSkewed", "The difference is too large."
        if key != self.key:
            return 403, "InvalidAccessKeyId", "The key does not exist in our records."
        if region != self.region:
            return (400, "AuthorizationHeaderMalformed",
                    f"the region '{region}' is wrong; expecting '{self.region}'")
        if (service, end, date) != ("s3", "aws4_request", stamp[:8]):
            return 403, "AccessDenied", "another scope"
        signed = fields["SignedHeaders"].split(";")
        body = h.headers.get("x-amz-content-sha256")
        if body is None:
            return 400, "MissingSecurityHeader", "x-amz-content-sha256"
        if body != NOTHING:
            return 400, "XAmzContentSHA256Mismatch", body
        if not {"host", "x-amz-date", "x-amz-content-sha256"} <= set(signed) or signed != sorted(signed):
            return 403, "AccessDenied", f"signed: {signed}"
        if self.session:
            if h.headers.get("x-amz-security-token") != self.session:
                return 400, "InvalidToken", "The provided token is malformed or otherwise invalid."
            if "x-amz-security-token" not in signed:
                return 403, "AccessDenied", "the token is not signed"
        path, _, query = h.path.partition("?")
        pairs = urllib.parse.parse_qsl(query, keep_blank_values=True, strict_parsing=True)
        canonical = "\n".join([
            h.command, urllib.parse.quote(urllib.parse.unquote(path), safe="/-_.~"),
            "&".join(f"{encode(k)}={encode(v)}" for k, v in sorted(pairs)),
            "".join(f"{name}:{' '.join(h.headers[name].split())}\n" for name in signed),
            ";".join(signed), body])
        scope = f"{date}/{region}/s3/aws4_request"
        text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope,
                          hashlib.sha256(canonical.encode()).hexdigest()])
        secret = ("AWS4" + self.secret).encode()
        for word in scope.split("/"):
            secret = sign(secret, word)
        if not hmac.compare_digest(sign(secret, text).hex(), fields["Signature"]):
            return 403, "SignatureDoesNotMatch", "The request signature we calculated does not match."
        return None

    # ---- what it says ----

    def handle(self, h):
        path, _, query = h.path.partition("?")
        self.asked.append(query)
        wrong = self.wrong(h)
        if not wrong and path != f"/{self.bucket}/":
            wrong = 404, "NoSuchBucket", "The specified bucket does not exist"
        if wrong:
            self.error(h, *wrong)
        elif self.answer:
            self.answer(h)
        else:
            self.send(h, 200, self.listing(dict(urllib.parse.parse_qsl(query))))

    def error(self, h, code, word, message):
        self.send(h, code, '<?xml version="1.0" encoding="UTF-8"?>\n'
                           f"<Error><Code>{word}</Code><Message>{escape(message)}</Message></Error>")

    @staticmethod
    def send(h, code, body, headers=()):
        body = body.encode()
        h.send_response(code)
        h.send_header("Content-Type", "application/xml")
        h.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            h.send_header(name, value)
        h.end_headers()
        h.wfile.write(body)

    def listing(self, q):
        """ListObjectsV2, after its API reference; the token is a key with what a token may hold."""
        prefix, after = q.get("prefix", ""), ""
        if "continuation-token" in q:
            after = q["continuation-token"].removeprefix("1/+").removesuffix("==")
        keys = sorted(k for k in self.objects if k.startswith(prefix) and k > after)
        size = min(int(q.get("max-keys", 1000)), self.page)
        page, more = keys[:size], len(keys) > size
        encoded = self.encoding and q.get("encoding-type") == "url"
        out = ['<?xml version="1.0" encoding="UTF-8"?>\n'
               '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
               f"<Name>{self.bucket}</Name><Prefix>{escape(prefix)}</Prefix>"]
        if more:
            out.append(f"<NextContinuationToken>1/+{escape(page[-1])}==</NextContinuationToken>")
        out.append(f"<KeyCount>{len(page)}</KeyCount><MaxKeys>{size}</MaxKeys>"
                   f"<IsTruncated>{'true' if more else 'false'}</IsTruncated>")
        for key in page:
            at, size_bytes, storage = self.objects[key]
            when = datetime.datetime.fromtimestamp(at, datetime.timezone.utc)
            name = urllib.parse.quote_plus(key, safe="/") if encoded else escape(key)
            out.append(f"<Contents><Key>{name}</Key>"
                       f"<LastModified>{when.strftime('%Y-%m-%dT%H:%M:%S.000Z')}</LastModified>"
                       f"<ETag>&quot;d41d8cd98f00b204e9800998ecf8427e&quot;</ETag><Size>{size_bytes}</Size>"
                       f"<StorageClass>{storage}</StorageClass></Contents>")
        if encoded:
            out.append("<EncodingType>url</EncodingType>")
        return "".join(out) + "</ListBucketResult>"
