"""Fixtures of the fault rows that are backups: a folder of nightly dumps that is well, and then lies: the
newest is there and of the right age, and holds nothing, less, half, or what its checksum never was.
"""
import gzip
import hashlib
import os
import pathlib
import subprocess
import time

from .sources import Source

HOUR = 3600
NIGHTS = 8
# half of it does not pack, so that sizes stay what they are made to be
BODY = os.urandom(30000).hex()[:30000]
WHOLE = f"-- PostgreSQL database dump\n{BODY}\n-- PostgreSQL database dump complete\n"


class Dumps(Source):
    timeout_ms = 900
    hold_s = 4.0

    def start(self):
        self.folder = None

    def put(self, night, data, age_s=None, checksum_of=None):
        path = self.folder / f"db-{night}.sql.gz"
        fresh = path.with_suffix(".part")
        fresh.write_bytes(data)
        at = time.time() - (HOUR + night * 24 * HOUR if age_s is None else age_s)
        os.utime(fresh, (at, at))
        os.replace(fresh, path)
        name = f"db-{night if checksum_of is None else checksum_of}.sql.gz"
        (self.folder / (path.name + ".sha256")).write_text(
            f"{hashlib.sha256(data).hexdigest()}  {name}\n")

    def probes(self, directory):
        self.folder = pathlib.Path(directory, "dumps")
        self.folder.mkdir()
        self.whole = gzip.compress(WHOLE.encode())
        for night in range(NIGHTS):
            self.put(night, self.whole)
        return {"dumps": self.probe("files", f"{self.folder}/db-*.sql.gz", rpo="24h", keep=NIGHTS - 1,
                                    verify=["gzip", "-dc"])}

    def inject(self, words):
        getattr(self, "do_" + words[0])(*words[1:])

    def heal(self):
        self.put(0, self.whole)

    def do_empty(self):
        self.put(0, b"")

    def do_small(self):
        """A whole dump of a database that lost most of itself."""
        less = WHOLE.replace(BODY, BODY[:len(BODY) * 4 // 10])
        self.put(0, gzip.compress(less.encode()))

    def do_cut(self):
        self.put(0, self.whole[:len(self.whole) * 9 // 10])

    def do_broken_off(self):
        self.put(0, gzip.compress(WHOLE[:-30].encode()))

    def do_checksum(self):
        """The one of the day before was copied."""
        self.put(0, self.whole, checksum_of=1)

    def do_job(self):
        """The job says that all went well, and nothing came."""
        (self.folder / "db-0.sql.gz").unlink()
        assert subprocess.run(["/bin/sh", "-c", "pg_dump_of_nobody 2>/dev/null | cat >/dev/null"],
                              check=False).returncode == 0

    def do_future(self):
        self.put(0, self.whole, age_s=-3 * HOUR - 60)

    def do_all_gone(self):
        for path in self.folder.iterdir():
            path.unlink()

    def do_folder_gone(self):
        os.rename(self.folder, self.folder.with_name("away"))


class Away(Dumps):
    """The folder itself goes, and comes back."""

    def heal(self):
        os.rename(self.folder.with_name("away"), self.folder)


class Gone(Dumps):
    def heal(self):
        for night in range(NIGHTS):
            self.put(night, self.whole)


FIXTURES = {"dumps": Dumps, "gone": Gone, "away": Away}
