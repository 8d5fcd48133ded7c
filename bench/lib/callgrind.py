# SPDX-License-Identifier: MIT
"""Reading what callgrind wrote (Valgrind manual, "Callgrind Format Specification")."""
import re
from collections import Counter
from pathlib import Path

GROUPS = (("libcurl", "libcurl"), ("libcrypto", "OpenSSL"), ("libssl", "OpenSSL"), ("libjson-c", "json-c"),
          ("libpq", "libpq"), ("libfcgi", "libfcgi"), ("libz", "zlib"), ("libc.so", "libc"), ("ld-linux", "libc"),
          ("libm.so", "libc"), ("libnettle", "nettle"), ("libgnutls", "GnuTLS"), ("cruddur-fcgi", "cruddur"))


def total(path):
    """Instructions in a dump; None if it is none."""
    found = re.search(r"^(?:totals|summary): (\d+)", path.read_text(errors="replace"), re.M)
    return int(found.group(1)) if found else None


def by_library(path):
    """Instructions spent in each library itself, not in what it calls."""
    names, counts, library, is_call = {}, Counter(), "?", False
    for line in Path(path).read_text(errors="replace").splitlines():
        found = re.match(r"c?ob=\((\d+)\)(?: (.*))?$", line)
        if found:
            if found.group(2):
                names[found.group(1)] = found.group(2)
            if line.startswith("ob="):
                library = names.get(found.group(1), "?")
        elif line.startswith("calls="):
            is_call = True  # the next line is what the callee took, all in all
        elif re.match(r"[-+*\d]\S* \d+$", line):
            if not is_call:
                name = next((short for part, short in GROUPS if part in library.rpartition("/")[2]), "other")
                counts[name] += int(line.split()[1])
            is_call = False
    return counts


def table(paths):
    """{route: path} as a table: a column for each library, thousands of instructions."""
    counts = {route: by_library(path) for route, path in paths.items()}
    order = [name for name, _ in sum(counts.values(), Counter()).most_common()]
    lines = ["| thousand instructions in | " + " | ".join(order) + " | all |", "|---|" + "--:|" * (len(order) + 1)]
    for route, found in counts.items():
        cells = [f"{found[name] / 1000:.1f}" for name in order]
        lines.append(f"| {route} | " + " | ".join(cells) + f" | {sum(found.values()) / 1000:.1f} |")
    return "\n".join(lines)
