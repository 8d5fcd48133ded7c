#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""doc/RUNBOOK.md explains each event that the programs log as an error or a warning, and each alert,
and none that does not exist.

An event that is no literal where it is logged is passed to that function by its callers, in the
same file. Needs nothing but Python."""

import re
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUNBOOK = ROOT / "doc" / "RUNBOOK.md"
ALERTS = ROOT / "conf" / "prometheus" / "cruddur-alerts.yml"
FUNCTION = re.compile(r"^(?:[a-z][\w \t*]*?[\s*])(\w+)\([^;{}]*\)\n\{$", re.M)
# A level that is chosen by a variable may be an error.
LOGGED = re.compile(r'\bLOG\(\s*(LOG_ERROR|LOG_WARN|[a-z]\w*),\s*("?)(\w+)"?')


def enclosing_function(text, at):
    names = [match[1] for match in FUNCTION.finditer(text) if match.start() < at]
    assert names, text[at:at + 80]
    return names[-1]


def events_in(text):
    events = set()
    for match in LOGGED.finditer(text):
        if match[2]:
            events.add(match[3])
            continue
        function = enclosing_function(text, match.start())
        passed = re.findall(r"\b" + function + r'\([^;{}]*?"(\w+)"', text)
        assert passed, f"who calls {function}, and with which event?"
        events.update(passed)
    return events


def events():
    found = set()
    for path in sorted((ROOT / "src").rglob("*.c")):
        text = re.sub(r"/\*.*?\*/", " ", path.read_text("utf-8"), flags=re.S)
        found |= events_in(text)
    return found


def explained():
    """The events in the first column of the tables under `## Log events`."""
    text = RUNBOOK.read_text("utf-8")
    section = re.split(r"^## ", text.split("\n## Log events\n", 1)[1], flags=re.M)[0]
    names = []
    for line in section.splitlines():
        cell = re.match(r"\| (`[^|]*) \|", line)
        if cell:
            names += re.findall(r"`(\w+)`", cell[1])
    return names


class Runbook(unittest.TestCase):
    def test_the_scan_finds_each_way_to_log(self):
        text = ('static void say(const struct call *k, const char *event)\n{\n'
                '\tLOG(LOG_WARN, event);\n}\n\nstatic void f(void)\n{\n'
                '\tsay(k, "passed_on");\n\tLOG(LOG_ERROR,\n\t\t"plain", log_int("x", 1));\n'
                '\tLOG(level, "chosen");\n\tLOG(LOG_INFO, "harmless");\n}\n')
        self.assertEqual(events_in(text), {"passed_on", "plain", "chosen"})

    def test_each_event_is_explained_and_no_other(self):
        names = explained()
        self.assertEqual(sorted(names), sorted(set(names)), "one of them twice")
        self.assertEqual(events() - set(names), set(), "not explained")
        self.assertEqual(set(names) - events(), set(), "nothing logs it")

    def test_each_alert_has_its_section(self):
        headings = set(re.findall(r"^### (Cruddur\w+)$", RUNBOOK.read_text("utf-8"), re.M))
        self.assertTrue(headings)
        if ALERTS.exists():
            alerts = set(re.findall(r"^\s*- alert: (\w+)$", ALERTS.read_text("utf-8"), re.M))
            self.assertEqual(headings, alerts)

    def test_links_lead_somewhere(self):
        """Those within the documents, as GitHub and Debian's viewers make anchors of headings."""
        for path in (RUNBOOK, ROOT / "doc" / "API.md"):
            links = re.findall(r"\]\(([^)\s:]+)\)", path.read_text("utf-8"))
            self.assertTrue(links, path)
            for link in links:
                name, _, anchor = link.partition("#")
                target = (path.parent / name).resolve() if name else path
                self.assertTrue(target.exists(), f"{path.name}: {link}")
                if anchor:
                    headings = re.findall(r"^#+ (.+)$", target.read_text("utf-8"), re.M)
                    self.assertIn(anchor, [re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-")
                                           for heading in headings], f"{path.name}: {link}")


if __name__ == "__main__":
    unittest.main()
