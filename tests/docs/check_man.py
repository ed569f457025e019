"""The man pages hold what the program can do: every option with its type and default, every
command, key, exit code and key of the board's JSON, and examples that the program accepts.

    check_man.py SOURCE_ROOT MIDWATCH
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT, MIDWATCH = sys.argv[1:3]
ENV = dict(os.environ, MIDWATCH_CORE="1")
faults = []


def source(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


def plain(page):
    return re.sub(r"\\(.)", r"\1", page)


def want(page, section, line, why):
    """A whole line of a section, escapes aside."""
    if line not in SECTIONS[page].get(section, "").split("\n"):
        faults.append(f"{page}: section '{section}' lacks the line '{line}' ({why})")


def want_word(page, section, word, why):
    if word not in SECTIONS[page].get(section, ""):
        faults.append(f"{page}: section '{section}' lacks '{word}' ({why})")


def sections(page):
    """Text by heading; a part of a part stands under its own name and its parent's."""
    parts, names = {"": ""}, [""]
    for line in plain(source(f"doc/{page}")).split("\n"):
        head = re.match(r"(#+) (.*)", line)
        if head:
            names = ([head[2]] if len(head[1]) == 1 else [names[0], head[2]])
            parts.setdefault(names[-1], "")
        else:
            for name in names:
                parts[name] += line + "\n"
    return parts


def run(*args, **more):
    return subprocess.run([MIDWATCH, *args], env=ENV, capture_output=True, text=True, timeout=60,
                          **more)


def option_line(name, kind, default):
    """How an option begins in a page: *every* _duration_, default *10s*."""
    kind = "one of " + ", ".join(kind[5:].split("|")) if kind.startswith("word:") else kind
    line = f"*{name}* _{kind}_"
    if default == "(required)":
        return line + ", required"
    return line if default == "-" else f"{line}, default *{default}*"


def check_options():
    count = 0
    for row in run("--list-options").stdout.splitlines():
        block, name, kind, default, _ = row.split("\t")
        if name.startswith("--"):
            section = f"midwatch {block}" if block != "midwatch" else "midwatch"
            lines = SECTIONS["midwatch.1.scd"].get(section, "").split("\n")
            if not any(re.match(r"(\*-\w\*, )?\*%s\*( _[^_]+_)?$" % name, l) for l in lines):
                faults.append(f"midwatch.1.scd: '{section}' lacks {name}")
        else:
            line, page = option_line(name, kind, default), "midwatch.yaml.5.scd"
            own = SECTIONS[page].get(block, "")
            # what all kinds of backup take stands once, in the part that their own names
            shared = "backup options" if "*backup options*" in own else block
            if line not in own.split("\n"):
                want(page, shared, line, f"--list-options, for {block}")
        count += 1
    assert count > 60, "the program lists no options"


def check_commands():
    table = source("app/cli.c")
    rows = re.findall(r'^    \{ "([\w][\w-]*)", CLI_', table, re.M)
    assert len(rows) >= 8, rows
    for name in rows:
        if f"midwatch {name}" not in SECTIONS["midwatch.1.scd"]:
            faults.append(f"midwatch.1.scd has no section 'midwatch {name}'")
    for alone in re.findall(r'^    \{ "(-[\w-]+)", CLI_', table, re.M):
        want_word("midwatch.1.scd", "OPTIONS", f"*{alone}*", "app/cli.c")
    verbs = re.findall(r'^    \{ "\w+", VERB_\w+, ARG_\w+, \w+, "([^"]+)"', source("tui/cmdline.c"),
                       re.M)
    assert len(verbs) >= 9, verbs
    for usage in verbs:
        name, _, arg = usage.partition(" ")
        want("midwatch.1.scd", "COMMAND LINE", f"*:{name}*" + (f" _{arg}_" if arg else ""),
             "tui/cmdline.c")


def check_keys():
    places = {"console": "Everywhere", "overview": "Overview", "services": "Services", "alerts": "Alerts", "queues": "Queues", "backups": "Backups",
              "timeline": "Timeline",
              "detail": "Detail", "before": "Changes", "help": "Help"}
    found = set()
    for name in sorted(os.listdir(os.path.join(ROOT, "tui"))):
        if not name.endswith(".c"):
            continue
        for table, body in re.findall(r"struct key (\w+)_keys\[\] = \{\n(.*?)\n\};",
                                      source(f"tui/{name}"), re.S):
            found.add(table)
            if table not in places:
                faults.append(f"tui/{name}: no section of the man page is known for {table}_keys")
                continue
            for key in re.findall(r'^    \{ "([^"]+)",', body, re.M):
                heads = [l for l in SECTIONS["midwatch.1.scd"].get(places[table], "").split("\n")
                         if l.startswith("*")]
                if not any(f"*{key}*" in l.split(", ") for l in heads):
                    faults.append(f"midwatch.1.scd: '{places[table]}' lacks the key {key}")
    assert found >= set(places), found


def check_codes():
    codes = re.findall(r"\bCLI_[A-Z_]+ = (\d+)", source("app/cli.h"))
    assert len(codes) >= 4, codes
    numbers = set(codes) | set("0123")
    numbers |= set(re.findall(r"main_fail\((\d+),", source("app/main.c")))
    for number in sorted(numbers, key=int):
        want("midwatch.1.scd", "EXIT STATUS", f"*{number}*", "app/cli.h, app/main.c")


def check_environment():
    names = set()
    for folder in ("app", "tui"):
        for name in os.listdir(os.path.join(ROOT, folder)):
            if name.endswith(".c") and name != "guilty.c":
                names |= set(re.findall(r'getenv\("(\w+)"\)', source(f"{folder}/{name}")))
    assert "NO_COLOR" in names, names
    for name in sorted(names):
        want_word("midwatch.1.scd", "ENVIRONMENT", f"*{name}*", "getenv")


def check_board():
    names = set(re.findall(r'(?:bjson_\w+|jsonw_key)\(&?w, "(\w+)"',
                           source("core/board_json.c")))
    assert len(names) > 60, names
    page = plain(source("doc/midwatch-board.5.scd"))
    for name in sorted(names):
        if f"*{name}*" not in page:
            faults.append(f"midwatch-board.5.scd lacks the key {name}")
    for path in ("core/board.c", "core/fault.c", "core/unit.c"):
        for word in re.findall(r'\[(?:STATE|FAULT|UNIT)_\w+\] = "([^"]+)"', source(path)):
            if word not in page:
                faults.append(f"midwatch-board.5.scd lacks the word '{word}'")


def check_examples():
    blocks = re.findall(r"^```\n(.*?)^```$", source("doc/midwatch.yaml.5.scd"), re.S | re.M)
    seen = set()
    with tempfile.TemporaryDirectory() as folder:
        for i, block in enumerate(blocks):
            path = os.path.join(folder, f"example-{i + 1}.yaml")
            with open(path, "w", encoding="utf-8") as f:
                f.write(block)
            for name in re.findall(r"env:(\w+)", block):
                ENV.setdefault(name, "127.0.0.1")
            done = run("check", path)
            if done.returncode != 0:
                faults.append(f"midwatch.yaml.5.scd: example {i + 1}: {done.stderr.strip()}")
            seen |= set(re.findall(r"\b(http|metrics|postgres|redis):[ ]", block))
    kinds = {"http", "metrics", "postgres", "redis"}
    if seen != kinds:
        faults.append(f"midwatch.yaml.5.scd has no example of {sorted(kinds - seen)}")


def check_scdoc():
    scdoc = shutil.which("scdoc")
    for page in PAGES:
        if not scdoc:
            print(f"scdoc is not installed; {page} was not rendered")
            continue
        done = subprocess.run([scdoc], input=source(f"doc/{page}"), capture_output=True, text=True,
                              timeout=60)
        if done.returncode != 0 or ".TH" not in done.stdout:
            faults.append(f"{page}: scdoc: {done.stderr.strip()}")


PAGES = ("midwatch.1.scd", "midwatch.yaml.5.scd", "midwatch-board.5.scd")
SECTIONS = {page: sections(page) for page in PAGES}
for check in (check_options, check_commands, check_keys, check_codes, check_environment,
              check_board, check_examples, check_scdoc):
    check()
for fault in faults:
    print(fault)
print(f"{len(faults)} faults in the man pages")
sys.exit(1 if faults else 0)
