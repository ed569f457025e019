"""Certificates for tests, made once per process with the openssl program: a CA of our own, and server
certificates of it that are good, expired, about to expire, or for another name.

    certs = Certificates.get()
    with Http(certificate=certs["expired"]) as h: ...        # h.url is https://
    ca_file = certs.ca
"""
import atexit
import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import tempfile
import time

from .hostile_server import Server

CONF = """
[ca]
default_ca = own
[own]
dir = .
database = ./index.txt
serial = ./serial
new_certs_dir = .
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
[req]
distinguished_name = dn
prompt = no
[dn]
CN = midwatch test
[v3_ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
"""


class Certificate:
    def __init__(self, certificate, key, ca):
        self.certificate, self.key, self.ca = certificate, key, ca

    def server(self, oldest=None, newest=None, old_ciphers=False):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if old_ciphers:
            context.set_ciphers("ALL:@SECLEVEL=0")
        if oldest is not None:
            context.minimum_version = oldest
        if newest is not None:
            context.maximum_version = newest
        context.load_cert_chain(self.certificate, self.key)
        return context

    @property
    def files(self):
        return (self.certificate, self.key)


class Certificates(dict):
    """good, expired, soon (6 days 23 hours left), early (valid from tomorrow), wrong-host, self-signed, hostile-subject."""
    made = None

    @classmethod
    def get(cls):
        if cls.made is None:
            cls.made = cls()
        return cls.made

    def __init__(self):
        super().__init__()
        self.dir = tempfile.mkdtemp(prefix="midwatch-certs-")
        os.chmod(self.dir, 0o755)
        atexit.register(shutil.rmtree, self.dir, ignore_errors=True)
        pathlib.Path(self.dir, "openssl.cnf").write_text(CONF)
        pathlib.Path(self.dir, "index.txt").write_text("")
        pathlib.Path(self.dir, "serial").write_text("1000\n")
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                     "-keyout", "ca.key", "-out", "ca.crt", "-days", "30", "-config", "openssl.cnf",
                     "-extensions", "v3_ca", "-subj", "/CN=midwatch test CA")
        self.ca = os.path.join(self.dir, "ca.crt")
        now, day = time.time(), 86400
        here = "IP:127.0.0.1,IP:::1,DNS:localhost"
        self.issue("good", here, now - day, now + 30 * day)
        self.issue("expired", here, now - 30 * day, now - day)
        self.issue("soon", here, now - day, now + 7 * day - 3600)
        self.issue("early", here, now + day, now + 30 * day)
        self.issue("wrong-host", "DNS:elsewhere.example", now - day, now + 30 * day)
        # what a stranger may write into a name: ESC [ 31m, CR, a bidi override
        self.issue("hostile-subject", "DNS:elsewhere.example", now - day, now + 30 * day,
                   "/CN=a\x1b[31mb\\\rc\u202ed")
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                     "-keyout", "self.key", "-out", "self.crt", "-days", "30", "-config",
                     "openssl.cnf", "-addext", f"subjectAltName={here}", "-subj", "/CN=self")
        self.add("self-signed", "self.crt", "self.key")

    def add(self, name, certificate, key):
        self[name] = Certificate(os.path.join(self.dir, certificate), os.path.join(self.dir, key),
                                 self.ca)

    def openssl(self, *args):
        done = subprocess.run(["openssl", *args], cwd=self.dir, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"openssl {args[0]}: {done.stderr}")

    def issue(self, name, alternative, start, end, subject="/CN=midwatch"):
        def when(t):
            return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(t))
        pathlib.Path(self.dir, f"{name}.ext").write_text(
            f"[v3]\nsubjectAltName={alternative}\nbasicConstraints=CA:FALSE\n")
        self.openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                     "-keyout", f"{name}.key", "-out", f"{name}.csr", "-config", "openssl.cnf", "-utf8",
                     "-subj", subject)
        self.openssl("ca", "-batch", "-config", "openssl.cnf", "-cert", "ca.crt", "-keyfile", "ca.key",
                     "-in", f"{name}.csr", "-out", f"{name}.crt", "-notext", "-extfile",
                     f"{name}.ext", "-extensions", "v3", "-startdate", when(start), "-enddate",
                     when(end), "-utf8")
        self.add(name, f"{name}.crt", f"{name}.key")


class HandshakeStall(Server):
    """Accepts, reads the ClientHello, and says nothing more."""
    scheme = "https"

    def handle(self, conn):
        conn.hang()


def old_tls(certificate):
    """A context that speaks TLS 1.0 only, or None when this OpenSSL cannot."""
    import warnings
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            context = certificate.server(ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1, old_ciphers=True)
        except (ssl.SSLError, ValueError):
            return None
        mine = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        mine.check_hostname = False
        mine.verify_mode = ssl.CERT_NONE
        mine.set_ciphers("ALL:@SECLEVEL=0")
        mine.minimum_version = mine.maximum_version = ssl.TLSVersion.TLSv1
    with Server(tls=context) as server, socket.create_connection((server.host, server.port)) as s:
        try:
            mine.wrap_socket(s).close()
        except (OSError, ssl.SSLError):
            return None
    return context
