#!/usr/bin/env python3
"""The include-direction test: the folders are the architecture.

Every `#include "folder/..."` must point to a folder that the including one may know, and each outside
library is named only where it belongs. Run from anywhere; exits 1 and lists what points upward.
"""
import pathlib
import re
import sys

MAY = {
    "core": set(),
    "io": {"core"},
    "probes": {"core", "io"},
    "actions": {"core", "io"},
    "store": {"core", "io"},
    "alerts": {"core"},
    "runbooks": {"core", "alerts"},
    "widgets": {"core"},
    "tui": {"core", "alerts", "runbooks", "widgets"},
    "app": {"core", "io", "probes", "actions", "store", "alerts", "runbooks", "widgets", "tui"},
    "examples": set(),
}
MAY["tests"] = set(MAY) | {"tests"}

# header pattern -> the only files (prefixes) that may name it
LIBRARIES = {
    r"cjson/|cJSON": ["tests/"],
    r"uv\.h": ["io/loop.c", "io/child.c", "io/work.c"],
    r"curl/": ["io/http", "io/mail", "io/redis"],
    r"openssl/": ["io/digest", "io/tls", "examples/"],
    r"libpq-fe|postgresql/": ["io/pg", "examples/", "tests/"],
    r"hiredis/": ["io/redis", "examples/", "tests/"],
    r"sqlite3\.h": ["store/"],
    r"zlib\.h": ["store/"],
    r"yaml\.h": ["app/yaml", "tests/"],
    r"ncurses|curses\.h|^term\.h": ["tui/terminfo"],
    r"vterm": ["tests/"],
}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def violations(root):
    for path in sorted(root.rglob("*.[ch]")):
        rel = path.relative_to(root).as_posix()
        top = rel.split("/")[0]
        if top.startswith("build") or top not in MAY:
            continue
        for quote, name in INCLUDE.findall(path.read_text(errors="replace")):
            first = name.split("/")[0]
            if quote == '"':
                local = top in ("examples", "tests") and "/" not in name
                if not local and not name.startswith(rel.rsplit("/", 1)[0] + "/"):
                    if first in MAY and first != top and first not in MAY[top]:
                        yield f"{rel}: includes {name}: {top}/ may not know {first}/"
                    elif first not in MAY:
                        yield f"{rel}: includes {name}: written from the root of the tree?"
            else:
                for pattern, allowed in LIBRARIES.items():
                    if re.search(pattern, name) and top != "tests" and not any(
                            rel.startswith(a) for a in allowed):
                        yield f"{rel}: includes <{name}>: only {', '.join(allowed)} may"


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    found = list(violations(root))
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
