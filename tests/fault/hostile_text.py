"""What a stranger may put into a string to reach the terminal: more than 400 texts, and health bodies
that carry one in every field. Bytes, not str: some are no UTF-8.
"""
import csv
import json
import os
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

C0 = [bytes([c]) for c in range(0x20)] + [b"\x7f"]
C1 = [bytes([0xc2, c]) for c in range(0x80, 0xa0)] + [bytes([c]) for c in range(0x80, 0xa0)]
CSI = [f"\x1b[{p}{f}".encode() for f in "@ABCDEFGHIJKLMPSTXZ`abcdefghilmnpqrstuvwxyz"
       for p in ("", "1", "31", "2;5", "?1049", "?25", ">0")]
OSC = [f"\x1b]{n};{t}{e}".encode() for n in (0, 1, 2, 4, 7, 8, 9, 10, 11, 52, 99, 104, 133, 777, 1337)
       for t in ("owned", "c;aGVsbG8=", ";http://evil.example/", "?") for e in ("\x07", "\x1b\\", "")]
STRINGS = [f"\x1b{c}data{e}".encode() for c in "PX^_k" for e in ("\x1b\\", "\x07", "")]
BIDI = [c.encode() for c in "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"]
HIDDEN = [c.encode() for c in "\u00ad\u200b\u200c\u200d\u2060\u2061\u2062\u2063\ufeff\ufff9\ufffa\ufffb"
          "\u2028\u2029\U000e0001\U000e0041\U000e007f\ufe0f\U000e0100\u180e\u115f\u3164"]
LONG = [("e" + "\u0301" * 1000).encode(), b"x" * 100000, "\u5bbd".encode() * 3000,
        "\U0001f468\u200d\U0001f469\u200d\U0001f467".encode() * 50, b"\t" * 500, b"a\r\n" * 300]
BROKEN = [b"\xff", b"\xc0\xaf", b"\xe0\x80\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc3", b"\xe2\x80",
          b"\xf0\x9f\x98", b"\xfe\xff", b"\xf8\x88\x80\x80\x80"]
TRICKS = [b"a\rB\bC", b"ok\r\x1b[2K\xe2\x97\x8f postgres up", b"x\n\xe2\x97\x8f api up 2 ms", b"%s%n%x",
          b"\x1b[2J\x1b[H", b"\x1bc", b"\x1b#8", b"\x1b(0lqqk", b"\x0e\x0f", b"\x1b[6n\x1b[c\x1b[21t",
          b"\x1b[?2004h", b"\x1b[200~rm\x1b[201~", b"\x1b]0;\x1b[31m\x07", b"\x9b2J", b"\x90q\x9c",
          b"$(reboot)", b"`reboot`", b"'; DROP TABLE services --", b"<script>alert(1)</script>"]


def shared():
    """Sequences of a terminal emulator's own tests, where the collection lies at hand."""
    root = pathlib.Path(os.environ.get("MIDWATCH_SHARED", ROOT.parent / "shared"))
    path = root / "corpus/conformance/libvterm-pushed-sequences.tsv"
    if not path.exists():
        return []
    out = []
    with path.open(encoding="utf-8", errors="replace", newline="") as f:
        for row in csv.reader(f, delimiter="\t", quoting=csv.QUOTE_NONE):
            for cell in row:
                if "\\" in cell:
                    out.append(unescape(cell.strip('"')))
    return out


def unescape(text):
    """The escapes of a C string: \\e \\x1b \\033 \\n ..."""
    plain = {"e": 27, "n": 10, "r": 13, "t": 9, "a": 7, "b": 8, "f": 12, "v": 11}
    out = b""
    for m in re.finditer(r"\\x([0-9a-fA-F]{1,2})|\\([0-7]{1,3})|\\(.)|([^\\]+)", text, re.S):
        if m[1] or m[2]:
            out += bytes([int(m[1], 16) if m[1] else int(m[2], 8) & 255])
        elif m[3]:
            out += bytes([plain[m[3]]]) if m[3] in plain else m[3].encode()
        else:
            out += m[4].encode()
    return out


def corpus():
    out = C0 + C1 + CSI + OSC + STRINGS + BIDI + HIDDEN + LONG + BROKEN + TRICKS + shared()
    return list(dict.fromkeys(t for t in out if t))


def header(text):
    """As much of it as fits on a header line."""
    return bytes(b for b in text[:2000] if b not in (0x0a, 0x0d, 0x00))


def quoted(text):
    """A JSON string with the text inside: escaped where JSON demands it, raw bytes elsewhere."""
    out = b'"'
    for b in text:
        if b < 0x20:
            out += b"\\u%04x" % b
        elif b in b'"\\':
            out += b"\\" + bytes([b])
        else:
            out += bytes([b])
    return out + b'"'


def body(text, n):
    """A health body with the text in each field in turn, and in all of them every tenth time."""
    fields = ["status", "version", "name", "component", "note", "output", "time", "key"]
    here = set(fields) if n % 10 == 0 else {fields[n % len(fields)]}

    def field(name, plain):
        return quoted(text) if name in here else json.dumps(plain).encode()
    key = quoted(text) if "key" in here else b'"queue"'
    return (b'{"status":' + field("status", "down") + b',"version":' + field("version", "1.4.2") +
            b',"service":' + field("name", "svc") + b',"time":' + field("time", "now") +
            b',"checks":{"db":{"status":' + field("component", "down") + b',"note":' +
            field("note", "full") + b',"output":' + field("output", "no") + b"}," + key +
            b':{"status":"down"}}}')
