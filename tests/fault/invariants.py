"""The eight invariants, as pure functions of what was recorded while a row ran.

Each takes a Record and yields one sentence per violation; check() gathers them by name. Times are Unix
milliseconds. Bounds of real time are those of a release build; `slack` widens them for a build with
sanitizers, where they say nothing about midwatch.
"""
import base64
import urllib.parse
from dataclasses import dataclass, field

MIB = 1024


@dataclass
class Sample:
    """One look at the debug file: `at_ms` is when we looked, `data` what midwatch had written."""
    at_ms: int
    data: dict
    screen_green: bool = False  # the faulty service's row was drawn as up


@dataclass
class Record:
    faulty: list = field(default_factory=list)   # ids of the faulted probes: "faulty.probe"
    healthy: list = field(default_factory=list)
    every_ms: dict = field(default_factory=dict)
    timeout_ms: dict = field(default_factory=dict)
    states: set = field(default_factory=set)     # the faulty ones must be one of these; empty = any
    started_ms: int = 0
    injected_ms: int = 0
    healed_ms: int = 0                           # 0 = never
    ended_ms: int = 0
    recover_ms: int = None
    lag_ms: int = 50
    settle_ms: int = 5000                        # descriptors and children come back within
    baseline: dict = None                        # data of the last sample before the injection
    samples: list = field(default_factory=list)
    key_ms: list = field(default_factory=list)   # key to paint during the fault; None = no answer
    exit: dict = None                            # {"status", "signal"}
    stty: dict = None                            # after the end
    reports: list = field(default_factory=list)  # of sanitizers
    evidence: dict = field(default_factory=dict)  # name -> bytes of everything the run produced
    canaries: list = field(default_factory=list)
    slack: float = 1.0

    def during(self, after=0):
        end = self.healed_ms or self.ended_ms
        return [s for s in self.samples if self.injected_ms + after <= s.data["at_ms"] <= end]


def readings(data):
    """{"service.probe": reading} of one debug document."""
    return {f"{s['id']}.{r['name']}": r for s in data["board"]["services"] for r in s["readings"]}


def slots(data):
    return {s["probe"]: s for s in data["slots"]}


def alive(r):
    # each file tells of its own second; of the seconds of a row one may be bad (but not very bad)
    seconds = {s.data["at_ms"]: s.data["lag"]["max_ms"] for s in r.during()}
    worst = sorted(seconds.values(), reverse=True)
    if worst and worst[0] > 250 * r.slack:
        yield f"loop lag max {worst[0]} ms"
    if len(worst) > 1 and worst[1] > r.lag_ms * r.slack:
        yield f"loop lag above {r.lag_ms} ms in more than one second: {worst[:4]}"
    for s in r.during():
        if s.at_ms - s.data["at_ms"] > 3000 * r.slack:
            yield f"nothing was written for {s.at_ms - s.data['at_ms']} ms"
    for ms in r.key_ms:
        if ms is None or ms > 100 * r.slack:
            yield f"key to paint: {'no answer' if ms is None else f'{ms:.0f} ms'}"


def isolated(r):
    if not r.samples:
        return
    first = slots(r.baseline) if r.baseline else {}
    last = slots(r.samples[-1].data)
    for p in r.healthy:
        if p not in last:
            yield f"{p}: no slot is recorded"
            continue
        missed = last[p]["missed"] - first.get(p, {"missed": 0})["missed"]
        if missed:
            yield f"{p}: {missed} missed"
        if last[p]["late_max_ms"] > 250 * r.slack:
            yield f"{p}: {last[p]['late_max_ms']} ms late"
    for s in r.during():
        for p, reading in readings(s.data).items():
            if p in r.healthy and reading["state"] != "up":
                yield f"{p}: {reading['state']}: {reading['reason']}"


def truthful(r):
    for s in r.samples:
        for p, reading in readings(s.data).items():
            age = s.data["at_ms"] - reading["good_ms"]
            if reading["state"] == "up" and age > 2 * r.every_ms.get(p, 10**9) + 250 * r.slack:
                yield f"{p}: green on an answer {age} ms old"
            asked = reading["good_ms"] or reading.get("evidence_ms") or reading.get("failing")
            if asked and reading["state"] not in ("up", "disabled") and not reading["reason"]:
                yield f"{p}: {reading['state']} without a reason"
    if not r.injected_ms or not r.states or "up" in r.states:
        return
    for p in r.faulty:
        limit = (r.timeout_ms[p] + r.every_ms[p] + 250) * r.slack
        late = [s for s in r.during(after=limit) if readings(s.data)[p]["state"] == "up"]
        if late:
            yield f"{p}: still green {late[-1].data['at_ms'] - r.injected_ms} ms into the fault"
        for s in r.during():
            state = readings(s.data)[p]["state"]
            if state != "up":
                since = readings(s.data)[p]["since_ms"] - r.injected_ms
                if since > limit:
                    yield f"{p}: left green after {since} ms, the limit is {limit:.0f}"
                break
        # the screen is painted after the board: a second more
        if any(s.screen_green for s in r.during(after=limit + 1000)):
            yield f"{p}: drawn green while it is not"


def bounded(r):
    if not r.baseline or not r.samples:
        return
    base = r.baseline
    most = max(s.data["rss_kb"] for s in r.samples)
    if r.slack == 1.0 and most - base["rss_kb"] > 32 * MIB:
        yield f"memory grew by {most - base['rss_kb']} KB"
    if r.slack == 1.0 and most > 256 * MIB:
        yield f"memory {most} KB"
    if not r.healed_ms:
        return
    after = [s for s in r.samples if s.data["at_ms"] <= r.healed_ms + (r.recover_ms or 0) +
             r.settle_ms + 4000]
    for name in ("fds", "children"):
        # a kept connection more or less is one descriptor of the faulty probe itself
        if after and after[-1].data[name] > base[name]:
            yield f"{name}: {after[-1].data[name]}, {base[name]} before the fault"


def lossless(r):
    if not r.samples:
        return
    last = r.samples[-1].data
    for p, s in slots(last).items():
        under_way = s["due"] - s["done"] - s["missed"]
        if under_way not in (0, 1):
            yield f"{p}: {s['due']} slots, {s['done']} results, {s['missed']} missed"
        if r.started_ms and p in r.every_ms:
            owed = (last["at_ms"] - r.started_ms) / r.every_ms[p]
            if abs(s["due"] - owed) > 2 + 2 * r.slack:
                yield f"{p}: {s['due']} slots in {owed:.1f} intervals"


def clean(r):
    for text in r.reports:
        yield f"sanitizer: {text[:200]}"
    if r.exit is None:
        yield "it did not end"
    elif r.exit.get("signal"):
        yield f"ended by SIG{r.exit['signal']}"
    elif r.exit.get("status") != 0:
        yield f"exit status {r.exit['status']}"
    if r.stty is not None:
        if r.stty["alternate"]:
            yield "the alternate screen was left on"
        if not r.stty["as_at_start"]:
            yield "the terminal's settings were not restored"


def encodings(secret):
    raw = secret.encode()
    # base64 hides the secret at three offsets; the middle of each is the same whatever stands around
    for shift in range(3):
        whole = base64.b64encode(b"x" * shift + raw)
        yield whole[4 if shift else 0:len(whole) - 4]
    yield raw
    yield urllib.parse.quote(secret, safe="").encode()
    yield "".join(f"%{b:02x}" for b in raw).encode()


def secretless(r):
    for secret in r.canaries:
        for name, data in r.evidence.items():
            if any(e in data for e in set(encodings(secret)) if len(e) >= 8):
                yield f"a secret stands in {name}"


def recovers(r):
    if not r.healed_ms or r.recover_ms is None:
        return
    limit = (r.recover_ms + 250) * r.slack
    for p in r.faulty:
        after = [s for s in r.samples if s.data["at_ms"] >= r.healed_ms]
        good = [s for s in after if readings(s.data)[p]["state"] == "up"]
        if not good:
            last = readings(after[-1].data)[p] if after else {"state": "unseen", "reason": ""}
            yield f"{p}: still {last['state']} ({last['reason']}) after the fault was gone"
            continue
        took = readings(good[0].data)[p]["since_ms"] - r.healed_ms
        if took > limit:
            yield f"{p}: right again after {took} ms, the limit is {limit:.0f}"


ALL = {"I1 alive": alive, "I2 isolated": isolated, "I3 truthful": truthful, "I4 bounded": bounded,
       "I5 lossless": lossless, "I6 clean": clean, "I7 secretless": secretless, "I8 recovers": recovers}


def check(record, skip=()):
    """{invariant: [sentences]} of those that do not hold."""
    out = {}
    for name, fn in ALL.items():
        if name.split()[0] in skip:
            continue
        found = list(dict.fromkeys(fn(record)))
        if found:
            out[name] = found
    return out
