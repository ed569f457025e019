"""One probe of a kind against the real world: a prober (prober.c) and its answers.

    with Prober("redis", "redis", url) as p:
        r = p.poll()   # {"state": ..., "reason": ..., "values": [...], "components": [...]}
"""
import json
import os
import subprocess


class Prober:
    def __init__(self, *words, env=None):
        self.p = subprocess.Popen([os.environ["MIDWATCH_PROBER"], *words], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, text=True,
                                  env=dict(os.environ, **(env or {})))

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.p.stdin.close()
        code = self.p.wait(20)
        self.p.stdout.close()
        if exc[0] is None:
            assert code == 0, f"prober ended with {code}"

    def poll(self):
        self.p.stdin.write("\n")
        self.p.stdin.flush()
        while True:
            got = json.loads(self.p.stdout.readline())
            if "closed" not in got:
                return got
