# SPDX-License-Identifier: MIT
"""What GET /metrics says, read by a parser of our own that takes nothing but the text format.

Source: Prometheus, "Exposition formats".
"""
import re

from http_api import Client

LINE = re.compile(r'([a-z_][a-z0-9_]*)(?:\{(.*)\})? (\S+)')
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)')
UNESCAPED = {r"\"": '"', r"\\": "\\", r"\n": "\n"}


def _labels(text):
    found, at = {}, 0
    while at < len(text):
        match = LABEL.match(text, at)
        assert match, f"no label at {text[at:]!r}"
        assert match[1] not in found, text
        found[match[1]] = re.sub(r'\\["\\n]', lambda one: UNESCAPED[one[0]], match[2])
        at = match.end()
    return found


class Figures:
    """One answer: `types` by name, `series` as {(name, ((label, value), ...)): number}."""

    def __init__(self, text):
        self.text, self.types, self.helps, self.series = text, {}, {}, {}
        assert text.endswith("\n")
        for line in text[:-1].split("\n"):
            word, _, rest = line.partition(" ")
            if word == "#":
                kind, name, about = rest.split(" ", 2)
                noted = {"HELP": self.helps, "TYPE": self.types}[kind]
                assert name not in noted, line
                noted[name] = about
            else:
                self._note(line)

    def _note(self, line):
        match = LINE.fullmatch(line)
        assert match, line
        key = (match[1], tuple(sorted(_labels(match[2] or "").items())))
        assert key not in self.series, f"twice: {line}"
        assert self.family(match[1]) == list(self.types)[-1], f"not below its TYPE: {line}"
        self.series[key] = float(match[3])

    def family(self, name):
        base = re.sub("_(bucket|sum|count)$", "", name)
        return base if self.types.get(base) == "histogram" else name

    def value(self, name, **labels):
        """One series, 0 if it is not there; with fewer labels than it has, the sum of all such."""
        wanted = set(labels.items())
        return sum(value for (each, theirs), value in self.series.items()
                   if each == name and wanted <= set(theirs))

    def has(self, name):
        return any(each == name for each, _ in self.series)

    def label_values(self, label):
        return {value for _, labels in self.series for key, value in labels if key == label}

    def steady(self):
        """The series that may never go backwards or away."""
        return {key: value for key, value in self.series.items()
                if self.types[self.family(key[0])] in ("counter", "histogram")}


class Operator:
    """Who may read them: by the operator's listener of one nginx."""

    def __init__(self, front):
        self.client = Client(f"http://127.0.0.1:{front.metrics_port}")

    def read(self):
        answer = self.client.request("GET", "/metrics")
        assert answer.status == 200, answer
        assert answer.header("Content-Type") == "text/plain; version=0.0.4; charset=utf-8", answer
        return Figures(answer.body.decode("utf-8"))
