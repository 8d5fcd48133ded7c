# SPDX-License-Identifier: MIT
"""Adds up what the test programs reported into one line, and judges it; it runs no test itself.

usage: count_results.py RESULTS BUILD...

RESULTS holds counts (lines of NAME PASSED FAILED SKIPPED) and JUnit reports (*.xml, pytest's);
each BUILD is searched for Automake's *.trs files. The last line printed is "N passed, N failed,
N skipped"; the exit status is 0 only if something passed, and nothing failed or was skipped.
"""

import pathlib
import re
import sys
import xml.etree.ElementTree

# libcheck's summary, as in "100%: Checks: 12, Failures: 0, Errors: 0"
CHECK = re.compile(r"^\d+%: Checks: (\d+), Failures: (\d+), Errors: (\d+)$", re.MULTILINE)
# Automake's verdict on one test program (its manual, "Log files generation and test results recording")
VERDICT = re.compile(r"^:test-result: (\w+)", re.MULTILINE)


def of_program(trs):
    """The counts of one program of make check: its own if it says them, else one for its verdict."""
    verdicts = VERDICT.findall(trs.read_text(errors="replace"))
    log = trs.with_suffix(".log")
    text = log.read_text(errors="replace") if log.exists() else ""
    passed = failed = skipped = 0
    for checks, failures, errors in CHECK.findall(text):
        bad = int(failures) + int(errors)
        passed += int(checks) - bad
        failed += bad
    if verdicts and all(verdict == "SKIP" for verdict in verdicts):
        return 0, 0, 1
    if passed + failed == 0:
        passed = sum(verdict in ("PASS", "XFAIL") for verdict in verdicts)
        skipped = sum(verdict == "SKIP" for verdict in verdicts)
        failed = len(verdicts) - passed - skipped
    # A crash after the last test, or a sanitizer's complaint at exit, shows in the verdict alone.
    if failed == 0 and any(verdict not in ("PASS", "XFAIL", "SKIP") for verdict in verdicts):
        failed = 1
    return passed, failed, skipped


def of_report(path):
    """The counts of a JUnit report."""
    passed = failed = skipped = 0
    for suite in xml.etree.ElementTree.parse(path).iter("testsuite"):
        bad = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        left_out = int(suite.get("skipped", 0))
        passed += int(suite.get("tests", 0)) - bad - left_out
        failed += bad
        skipped += left_out
    return passed, failed, skipped


def main(results, builds):
    parts = []
    counts = results / "counts"
    if counts.exists():
        for line in counts.read_text().splitlines():
            name, *numbers = line.split()
            parts.append((name, tuple(int(number) for number in numbers)))
    failed_programs = 0
    for build in builds:
        # What a failed distcheck left behind is not counted again.
        programs = [path for path in sorted(build.rglob("*.trs")) if "_build" not in path.parts]
        unit = tuple(map(sum, zip((0, 0, 0), *(of_program(program) for program in programs))))
        failed_programs += unit[1]
        parts.append((build.name, unit))
    # make check's own failure counts only when no program accounts for it.
    if failed_programs:
        parts = [part for part in parts if part[0] != "make-check"]
    parts += [(report.stem, of_report(report)) for report in sorted(results.glob("*.xml"))]
    passed, failed, skipped = (sum(numbers) for numbers in zip(*(part[1] for part in parts)))
    for name, numbers in parts:
        print("%-12s %d passed, %d failed, %d skipped" % (name, *numbers))
    print("%d passed, %d failed, %d skipped" % (passed, failed, skipped))
    return 0 if passed > 0 and failed == 0 and skipped == 0 else 1


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]), [pathlib.Path(path) for path in sys.argv[2:]]))
