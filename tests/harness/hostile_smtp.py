"""A sink for mail that can be told to misbehave at any command.

    with Smtp(certificate=certs["good"]) as s: ... s.url ...; s.mails[0].message["Subject"]; s["RCPT"] = "451 later"

What stands for a command (CONNECT, EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA, END): a reply line, a function(conn), HANG,
DROP, or a list of these, one per use, the last one for ever; nothing = as an honest server does.
"""
import base64
import email
import email.policy

from .hostile_server import Gone, Server

HANG, DROP = "hang", "drop"
HONEST = {"CONNECT": "220 sink", "STARTTLS": "220 go", "MAIL": "250 ok", "RCPT": "250 ok", "DATA": "354 go on", "END": "250 taken",
          "QUIT": "221 bye", "RSET": "250 ok", "NOOP": "250 ok"}


class Mail:
    def __init__(self, sender, to, data, tls, login):
        self.sender, self.to, self.data, self.tls, self.login = sender, to, data, tls, login
        self.message = email.message_from_bytes(data, policy=email.policy.default)

    @property
    def text(self):
        return self.message.get_content()


class Smtp(Server):
    scheme = "smtp"

    def __init__(self, script=None, certificate=None, at_once=False, login=None, **more):
        """`certificate`: offers STARTTLS, or speaks TLS from the first byte with `at_once`. `login`: (user, password)."""
        self.script, self.mails, self.login = dict(script or {}), [], login
        self.context = certificate.server() if certificate else None
        if at_once:
            self.scheme = "smtps"
        super().__init__(tls=self.context if at_once else None, **more)

    def __setitem__(self, verb, what):
        self.script[verb] = what

    def next(self, verb):
        what = self.script.get(verb, HONEST.get(verb, "502 what?"))
        if isinstance(what, list):
            what = what.pop(0) if len(what) > 1 else what[0]
        return what

    def say(self, conn, verb):
        what = self.next(verb)
        if callable(what):
            what = what(conn)
        if what == HANG:
            conn.hang()
        if what == DROP:
            conn.reset()
        self.count(verb)
        conn.send(what.encode() + b"\r\n")
        return what[:1] in "23"

    def hello(self, conn, tls):
        if "EHLO" in self.script:
            return self.say(conn, "EHLO")
        more = (["STARTTLS"] if self.context and not tls else []) + (["AUTH PLAIN"] if self.login else [])
        lines = ["sink", "SIZE 1000000", *more]
        conn.send("".join(f"250{'-' if i < len(lines) - 1 else ' '}{line}\r\n" for i, line in enumerate(lines)).encode())
        return True

    def auth(self, conn, line):
        if "AUTH" in self.script:
            return self.say(conn, "AUTH") and None
        words = line.split()
        if len(words) < 3:
            conn.send(b"334 \r\n")
            words.append(conn.read_until(b"\r\n").decode().strip())
        who = tuple(base64.b64decode(words[2]).decode().split("\0")[1:])
        conn.send(b"235 ok\r\n" if who == self.login else b"535 no\r\n")
        return who if who == self.login else None

    def handle(self, conn):
        tls, login, sender, to = self.tls is not None, None, None, []
        if not self.say(conn, "CONNECT"):
            return
        while True:
            line = conn.read_until(b"\r\n").decode().strip()
            verb = line.split(" ")[0].upper().split(":")[0]
            if verb == "EHLO":
                self.hello(conn, tls)
            elif verb == "STARTTLS" and self.context:
                if self.say(conn, verb):
                    self.start_tls(conn, self.context)
                    tls = True
            elif verb == "AUTH":
                login = self.auth(conn, line)
            elif verb == "MAIL":
                sender, to = line, []
                self.say(conn, verb)
            elif verb == "RCPT":
                if self.say(conn, verb):
                    to.append(line[line.index("<") + 1:line.index(">")])
            elif verb == "DATA":
                if not self.say(conn, verb):
                    continue
                data = conn.read_until(b"\r\n.\r\n")[:-3].replace(b"\r\n..", b"\r\n.")
                if self.say(conn, "END"):
                    self.mails.append(Mail(sender, to, data, tls, login))
                    self.count("mails")
            else:
                self.say(conn, verb)
                if verb == "QUIT":
                    raise Gone
