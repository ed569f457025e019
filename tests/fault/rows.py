"""The rows of the fault driver as data: rows.tsv, one fault a line.

id        the fault's id in the catalogue, with a variant after a dot: H4.body
fixture   what is set up: a name in FIXTURES of sources, databases, commands, logs, dumps, terminal or
          configs
injection what is done to it; its first word is looked up there, the rest are its arguments
state     what the faulty probe must be: down, unknown, up ... with | between; - = not judged
reason    regular expression that its fault and reason ("refused: ...") must match; - = not judged
figure    comparisons on what was measured: sent<=4456448 followed==0; - = the invariants alone
recover   ms until it is right again after the fault is gone; - = one interval and a second;
          none = the row ends broken
issue     the issue that closes the row
"""
import operator
import pathlib
import re
from dataclasses import dataclass

PATH = pathlib.Path(__file__).resolve().parent / "rows.tsv"
STATES = {"up", "degraded", "down", "unknown", "stale", "disabled"}
COMPARE = {"<=": operator.le, ">=": operator.ge, "==": operator.eq, "<": operator.lt, ">": operator.gt}


def ids(text):
    """'H1-H8 H10' -> {"H1", ... "H8", "H10"}"""
    out = set()
    for part in text.split():
        m = re.fullmatch(r"([A-Z])(\d+)(?:-[A-Z](\d+))?", part)
        out |= {f"{m[1]}{n}" for n in range(int(m[2]), int(m[3] or m[2]) + 1)}
    return out


# What each issue promised to survive. A promise without a row is a failing test.
PROMISED = {
    2: ids("H1-H8 H10 H12-H20 H22 H23 P1-P5 P7 P9-P14 R1 R2 R5 R6 R8 R10 "
           "T1-T7 T9 T13-T16 C1-C3 C5 C7 C9 C10"),
    3: ids("H9 H11 H21 H24 P15 R3 R4 R7 R9 R12 X1-X6 X9-X12 S14 C4 C6"),
}


@dataclass
class Row:
    id: str
    fixture: str
    injection: str
    state: str
    reason: str
    figure: str
    recover: str
    issue: int
    line: int

    @property
    def base(self):
        return self.id.split(".")[0]

    @property
    def states(self):
        return set() if self.state == "-" else set(self.state.split("|"))

    @property
    def figures(self):
        """[(name, operator, number)]"""
        out = []
        for part in () if self.figure == "-" else self.figure.split():
            m = re.fullmatch(r"(\w+)(<=|>=|==|<|>)(-?[\d.]+)", part)
            if not m:
                raise ValueError(f"rows.tsv:{self.line}: figure: '{part}' is not NAME<=NUMBER")
            out.append((m[1], m[2], float(m[3])))
        return out

    def recover_ms(self, every_ms):
        if self.recover == "none":
            return None
        return every_ms + 1000 if self.recover == "-" else int(self.recover)


def load(path=PATH):
    out = []
    for n, line in enumerate(path.read_text().splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        cells = line.split("\t")
        if len(cells) != 8:
            raise ValueError(f"rows.tsv:{n}: {len(cells)} cells instead of 8")
        row = Row(*cells[:7], int(cells[7]), n)
        if not re.fullmatch(r"[A-Z]\d+(\.[a-z0-9-]+)?", row.id):
            raise ValueError(f"rows.tsv:{n}: id: '{row.id}'")
        if not row.states <= STATES:
            raise ValueError(f"rows.tsv:{n}: state: '{row.state}'")
        if row.reason != "-":
            re.compile(row.reason)
        if row.recover not in ("-", "none") and not row.recover.isdigit():
            raise ValueError(f"rows.tsv:{n}: recover: '{row.recover}'")
        row.figures
        out.append(row)
    seen = [r.id for r in out]
    if len(set(seen)) != len(seen):
        raise ValueError(f"rows.tsv: twice: {sorted({i for i in seen if seen.count(i) > 1})}")
    return out


def judge(row, measured):
    """What of the row's own figure does not hold, as sentences."""
    out = []
    for name, how, wanted in row.figures:
        value = measured.get(name)
        if value is None:
            out.append(f"{name} was not measured")
        elif not COMPARE[how](value, wanted):
            out.append(f"{name} is {value}, not {how} {wanted:g}")
    return out
