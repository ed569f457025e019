#!/usr/bin/env python3
"""The JSON Schema of the program, judged by somebody else's validator.

The schema is a valid one; every example fits it; what `check` refuses for its shape does not. Exits 77
without jsonschema and PyYAML (Debian: python3-jsonschema, python3-yaml).
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

try:
    import jsonschema
    import yaml
except ImportError:
    if sys.executable != "/usr/bin/python3" and os.path.exists("/usr/bin/python3"):
        os.execv("/usr/bin/python3", ["/usr/bin/python3", *sys.argv])
    sys.exit(77)

MIDWATCH = os.environ["MIDWATCH"]
EXAMPLES = pathlib.Path(os.environ["MIDWATCH_SOURCE"]) / "examples"

FINE = """
watch: w
services:
  a:
    probes:
      p: { http: http://h, expect: [200, 2xx], warn: 5, every: $every, timeout: 1m30s }
"""
BAD = [  # each differs from something fine in one place
    "watch: w\n",
    "services: {a: {probes: {p: {http: 'http://h'}}}}",
    "{watch: w, services: {}}",
    "{watch: w, services: {a: {}}}",
    "{watch: w, services: {a: {probes: {}}}}",
    "{watch: w, services: {a: {probes: {p: {every: 10s}}}}}",
    "{watch: w, services: {a: {probes: {p: {http: 'http://h', evry: 10s}}}}}",
    "{watch: w, services: {a: {probes: {p: {http: 'http://h', every: 10}}}}}",
    "{watch: w, services: {a: {probes: {p: {http: 'http://h', every: 10x}}}}}",
    "{watch: w, services: {a: {probes: {p: {http: 'http://h', fail_after: 0}}}}}",
    "{watch: w, services: {a: {probes: {p: {http: 'http://h', fail_after: '3'}}}}}",
    "{watch: w, services: {a: {probes: {p: {http: 'http://h', judge: bdy}}}}}",
    "{watch: w, services: {a: {probes: {p: {http: 'http://h', bearer: hunter2}}}}}",
    "{watch: w, services: {a: {probes: {p: {http: 'http://h', headers: [a]}}}}}",
    "{watch: w, services: {a: {probes: {p: {http: 'http://h', postgres: 'host=h'}}}}}",
    "{watch: w, services: {a: {probes: {p: {metrics: 'http://h', unit: furlong}}}}}",
    "{watch: w, services: {'-rf': {probes: {p: {http: 'http://h'}}}}}",
    "{watch: w, services: {a: {critical: maybe, probes: {p: {http: 'http://h'}}}}}",
    "{watch: w, words: {upp: x}, services: {a: {probes: {p: {http: 'http://h'}}}}}",
    "{watch: w, vars: {1a: x}, services: {a: {probes: {p: {http: 'http://h'}}}}}",
    "{watch: w, vars: {a: [x]}, services: {a: {probes: {p: {http: 'http://h'}}}}}",
]


def run(*args):
    return subprocess.run([MIDWATCH, *args], capture_output=True, text=True, timeout=30)


class SchemaTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        done = run("schema")
        assert done.returncode == 0, done.stderr
        cls.schema = json.loads(done.stdout)
        cls.validator = jsonschema.Draft202012Validator(cls.schema)
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)

    def test_it_is_a_schema(self):
        jsonschema.Draft202012Validator.check_schema(self.schema)

    def test_every_example_fits(self):
        files = sorted(EXAMPLES.rglob("*.yaml"))
        self.assertGreaterEqual(len(files), 3)
        for path in files:
            with self.subTest(path=path.name):
                self.validator.validate(yaml.safe_load(path.read_text()))

    def test_what_is_fine_passes(self):
        self.validator.validate(yaml.safe_load(FINE))

    def test_what_check_refuses_for_its_shape_does_not_fit(self):
        for text in BAD:
            with self.subTest(text=text):
                path = pathlib.Path(self.folder.name) / "bad.yaml"
                path.write_text(text)
                self.assertEqual(run("check", str(path)).returncode, 2)
                self.assertFalse(self.validator.is_valid(yaml.safe_load(text)))

    def test_every_listed_option_is_in_it(self):
        done = run("--list-options")
        self.assertEqual(done.returncode, 0, done.stderr)
        seen = 0
        for line in done.stdout.splitlines():
            section, name, _type, _default, help_line = line.split("\t")
            if name.startswith("--"):
                continue
            where = {
                "watch": [self.schema["properties"]],
                "words": [self.schema["properties"]["words"]["properties"]],
                "history": [self.schema["properties"]["history"]["properties"]],
                "service": [self.schema["$defs"]["service"]["properties"]],
                "probe": [
                    self.schema["$defs"][r["$ref"].rsplit("/", 1)[1]]["properties"]
                    for r in self.schema["$defs"]["probe"]["oneOf"]
                ],
            }.get(section) or [self.schema["$defs"][section]["properties"]]
            for properties in where:
                self.assertIn(name, properties)
                self.assertEqual(properties[name]["description"], help_line)
            seen += 1
        self.assertGreater(seen, 40)


if __name__ == "__main__":
    unittest.main()
