#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""cruddur.conf(5), conf/cruddur.env.example and the code name the same settings, with the same
defaults.

The code's names are the variables that it looks up; its defaults are what the program SHOW_SETTINGS
(default: tests/unit/show_settings in the build folder) prints, and for AWS credentials the text of
the file that uses them. Needs nothing but Python."""

import os
import re
import subprocess
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("SHOW_SETTINGS", "tests/unit/show_settings")
REGION = "us-east-1"

# Looked up, but no settings of ours: cruddur-fcgi(8) and cruddur-stream(8) have them.
OF_THE_PROCESS = {"HOME", "RES_OPTIONS"}

# Where a default is that settings_load does not know, and how it is spelt there.
ELSEWHERE = {
    "AWS_PROFILE": ("src/aws/credentials_file.c", 'named_profile : "default"'),
    "AWS_SHARED_CREDENTIALS_FILE": ("src/aws/credentials_file.c", '"/.aws/credentials"'),
    "AWS_EC2_METADATA_DISABLED": ("src/aws/credentials_imds.c", 'strcasecmp(disabled, "true")'),
    "AWS_EC2_METADATA_SERVICE_ENDPOINT": ("src/aws/credentials_imds.c", '"http://169.254.169.254"'),
    "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": ("src/aws/credentials_imds.c",
                                               'strcasecmp(mode, "IPv6")'),
    "CRUDDUR_SHARED_MEMORY": (None, '"/dev/shm/cruddur-'),
}
DOCUMENTED_ELSEWHERE = {
    "AWS_PROFILE": "default", "AWS_SHARED_CREDENTIALS_FILE": "~/.aws/credentials",
    "AWS_EC2_METADATA_DISABLED": "false",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://169.254.169.254",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv4",
    "CRUDDUR_SHARED_MEMORY": "/dev/shm/cruddur-UID-DIGEST",
}


def sources():
    """The C files of the two programs; the Lambda function is configured by Lambda."""
    return [path for path in sorted((ROOT / "src").rglob("*.c"))
            if "lambda" not in path.relative_to(ROOT).as_posix()]


def without_comments(text):
    return re.sub(r"/\*.*?\*/", " ", text, flags=re.S)


def names_in_code():
    """Every variable that is looked up. Where a file looks up by a name that is in a variable, all its
    literals that look like names count."""
    names = set()
    for path in sources():
        text = without_comments(path.read_text("utf-8"))
        names |= set(re.findall(r'\b(?:getenv|setenv|lookup|credentials_setting)\('
                                r'(?:lookup, )?"([A-Z0-9_]+)"', text))
        if re.search(r"\b(settings_getenv|aws_getenv)\b", text):
            names |= set(re.findall(r'"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)"', text))
    return names - OF_THE_PROCESS | set(unit_defaults())


def unit_defaults():
    """{name: default} of what the systemd units themselves take from the file, as ${NAME}."""
    found = {}
    for path in sorted((ROOT / "conf" / "systemd").glob("*.service")):
        text = path.read_text("utf-8")
        for name in re.findall(r"^Exec\w+=.*\$\{(\w+)\}", text, re.M):
            found[name] = re.search(rf"^Environment={name}=(.*)$", text, re.M)[1]
    return found


def manual():
    """{name: (default or None, required, who reads it)} of cruddur.conf(5)."""
    text = (ROOT / "man" / "cruddur.conf.5").read_text("utf-8")
    found = {}
    for item in re.split(r"^\.It Ev ", text, flags=re.M)[1:]:
        item = re.split(r"^\.(?:El|It|Sh)\b", item, flags=re.M)[0]
        name = item.split("\n", 1)[0].strip()
        default = re.search(r"^Default:\n\.Ql (\S+) \.$", item, re.M)
        required = re.search(r"^Required\b", item, re.M)
        none = re.search(r"^Default: none\.$", item, re.M)
        readers = re.search(r"^Read by (cruddur-[a-z.]*[a-z])(?: and (cruddur-[a-z]+))?[.;]", item, re.M)
        assert [bool(default), bool(required), bool(none)].count(True) == 1, (name, item)
        assert readers, f"{name}: who reads it?"
        assert name not in found, f"{name} is there twice"
        found[name] = (default[1] if default else None, bool(required),
                       {who for who in readers.groups() if who})
    return found


def unquoted(value):
    """What systemd, a shell and scripts/lib/common.sh all read: cruddur.conf(5) has the rule."""
    match = re.fullmatch(r"([A-Za-z0-9_./:@%=+,-]*)|'([^']*)'", value)
    assert match, f"single quotes: {value}"
    return match[1] if match[1] is not None else match[2]


def example():
    """{name: (value, commented out)} of conf/cruddur.env.example."""
    found = {}
    for line in (ROOT / "conf" / "cruddur.env.example").read_text("utf-8").splitlines():
        match = re.fullmatch(r"(#?)([A-Z][A-Z0-9_]*)=(.*)", line)
        if match:
            assert match[2] not in found, f"{match[2]} is there twice"
            found[match[2]] = (unquoted(match[3]), match[1] == "#")
        else:
            assert not line or line.startswith("#"), line
    return found


def code_defaults():
    required = {"CONNECTION_URL": "postgresql://localhost/x", "AWS_REGION": REGION,
                "AWS_COGNITO_USER_POOL_ID": "pool", "AWS_COGNITO_USER_POOL_CLIENT_ID": "client"}
    done = subprocess.run([PROGRAM], env=required, check=True, capture_output=True, text=True)
    values = dict(line.split("=", 1) for line in done.stdout.splitlines())
    issuer = values.pop("issuer")
    assert issuer.endswith("/pool"), issuer
    values["AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER"] = issuer.removesuffix("/pool")
    return {**values, **unit_defaults()}


class Settings(unittest.TestCase):
    def test_manual_and_code_name_the_same(self):
        self.assertEqual(sorted(manual()), sorted(names_in_code()))

    def test_example_and_code_name_the_same(self):
        self.assertEqual(sorted(example()), sorted(names_in_code()))

    def test_example_sets_what_is_required_and_nothing_else(self):
        required = {name for name, (_, is_required, _) in manual().items() if is_required}
        self.assertEqual({name for name, (_, off) in example().items() if not off}, required)

    def test_example_is_the_same_to_a_shell(self):
        """As are all its values if they are uncommented."""
        text = (ROOT / "conf" / "cruddur.env.example").read_text("utf-8")
        lines = "\n".join(re.sub(r"^#(?=[A-Z][A-Z0-9_]*=)", "", line) for line in text.splitlines())
        done = subprocess.run(["env", "-i", "HOME=/nowhere", "sh", "-c", f"set -a\n{lines}\nexec env"],
                              check=True, capture_output=True, text=True)
        found = dict(line.split("=", 1) for line in done.stdout.splitlines())
        self.assertEqual({name: found[name] for name in example()},
                         {name: value for name, (value, _) in example().items()})

    def test_manual_and_example_have_the_same_defaults(self):
        for name, (default, required, _) in manual().items():
            if not required:
                shown = (default or "").replace("REGION", REGION)
                self.assertEqual(example()[name][0], shown, name)

    def test_defaults_are_the_codes(self):
        known = code_defaults()
        documented = {name: default for name, (default, _, _) in manual().items()}
        for name, value in known.items():
            self.assertEqual((documented[name] or "").replace("REGION", REGION), value, name)
        for name, default in documented.items():
            if name in ELSEWHERE:
                self.assertEqual(default, DOCUMENTED_ELSEWHERE[name])
                where, spelt = ELSEWHERE[name]
                files = [ROOT / where] if where else sources()
                self.assertTrue(any(spelt in path.read_text("utf-8") for path in files), name)
            elif name not in known:
                self.assertIsNone(default, f"{name}: nothing proves this default")

    def test_what_is_required_is_missed_by_the_program(self):
        full = {name: value for name, (value, off) in example().items() if not off}
        subprocess.run([PROGRAM], env=full, check=True, capture_output=True)
        for name in full:
            without = {key: value for key, value in full.items() if key != name}
            done = subprocess.run([PROGRAM], env=without, check=False, capture_output=True)
            self.assertNotEqual(done.returncode, 0, name)
            self.assertIn(name.encode(), done.stderr)

    def test_help_names_no_setting_that_is_none_and_every_one_of_ours(self):
        """--help says `AWS_ACCESS_KEY_ID, ...` for the credentials."""
        for program, path in (("cruddur-fcgi", "src/fcgi_main.c"),
                              ("cruddur-stream", "src/stream_main.c")):
            text = (ROOT / path).read_text("utf-8")
            usage = re.search(r"\busage\[\] =(.*?)\";\n", text, re.S)[1]
            named = set(re.findall(r"\b[A-Z]+(?:_[A-Z0-9]+)+\b", usage))
            self.assertLessEqual(named, set(manual()), path)
            ours = {name for name, (_, _, readers) in manual().items()
                    if program in readers and not name.startswith("AWS_")}
            self.assertEqual(ours - named - {"SSL_CERT_FILE"}, set(), path)


if __name__ == "__main__":
    unittest.main()
