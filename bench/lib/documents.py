# SPDX-License-Identifier: MIT
"""Generated parts of written documents."""


def replace_section(path, name, text):
    """Puts text between the marks <!-- NAME --> and <!-- /NAME --> of a document."""
    whole = path.read_text(encoding="utf-8")
    start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    if start not in whole or end not in whole:
        raise SystemExit(f"{path}: no place for {name}")
    head, rest = whole.split(start, 1)
    path.write_text(f"{head}{start}\n{text.strip()}\n{end}{rest.split(end, 1)[1]}", encoding="utf-8")
