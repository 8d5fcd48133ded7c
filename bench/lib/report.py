# SPDX-License-Identifier: MIT
"""Results as tables: of one run, or the medians of several of the same shape."""
import os
import platform
import re
import statistics
import subprocess

# What the project wants to reach, as a multiple of another contender's CPU per request in the same run.
TARGETS = {
    "health": {"floor": 1.3}, "short": {"floor": 1.3},
    "groups": {"floor": 2.5, "go-tuned": 0.3},
    "messages": {"floor": 2.3, "go-tuned": 0.25},
    "post": {"floor": 2.2, "go-tuned": 0.35},
}
WAITING_SHARE, WAITING_TIMES = 0.8, 2
FIGURES = ("rps", "p50_us", "p99_us", "cpu_us", "pss_mib", "errors", "cpu_us_min", "cpu_us_max")


def first(pattern, text, otherwise="?"):
    found = re.search(pattern, text, re.M)
    return found.group(1).strip() if found else otherwise


def version(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return None
    return first(r"(\d+(?:\.\d+)+)", done.stdout + done.stderr, None)


def machine():
    """One line about where it ran, and with what."""
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        cpu = first(r"^model name\s*: (.*)$", f.read())
    with open("/etc/os-release", encoding="utf-8") as f:
        system = first(r'^PRETTY_NAME="?([^"\n]*)', f.read())
    with open("/proc/meminfo", encoding="utf-8") as f:
        gib = int(first(r"^MemTotal:\s*(\d+)", f.read(), "0")) / 1024 / 1024
    tools = {"gcc": ("gcc", "-dumpfullversion"), "go": ("go", "version"), "node": ("node", "--version"),
             "nginx": ("/usr/sbin/nginx", "-v")}
    found = {name: version(*command) for name, command in tools.items()}
    return f"{cpu}, {os.cpu_count()} cores, {gib:.0f} GiB, {system}, Linux {platform.release()}; " + ", ".join(
        f"{name} {text}" for name, text in found.items() if text)


def merge(runs):
    """{(route, connections, spec): figures}: the median over the runs of what is in all of them."""
    keyed = [{(r["route"], r["connections"], r["contender"]): r for r in run["results"]} for run in runs]
    return {key: {name: statistics.median(results[key][name] for results in keyed) for name in FIGURES}
            for key in keyed[0] if all(key in results for results in keyed)}


def ratios(runs, route, connections, spec, other):
    """Spec's CPU per request by other's, of each run that has both."""
    found = []
    for run in runs:
        cpu = {r["contender"]: r["cpu_us"] for r in run["results"]
               if (r["route"], r["connections"]) == (route, connections)}
        if cpu.get(spec) and cpu.get(other):
            found.append(cpu[spec] / cpu[other])
    return found


def spread(values):
    """The median, and from where to where."""
    middle = f"{statistics.median(values):.2f}"
    return middle if len(values) == 1 else f"{middle} ({min(values):.2f}–{max(values):.2f})"


def named(results, name):
    """The contender of that name, whatever its number of workers."""
    return next((spec for _, _, spec in results if spec.partition(":")[0] == name), None)


def title(runs):
    about = runs[0]["about"]
    dates = f"{about['date']}" if len(runs) == 1 else f"{runs[0]['about']['date']} to {runs[-1]['about']['date']}"
    each = ", ".join(f"{spec} {n}" for spec, n in about["workers"].items())
    return (f"{dates}; {about['machine']}. DynamoDB answers after {about['delay_ms']:g} ms; {about['rows']} rows in a "
            f"list; {about['tokens']} token(s); {about['rounds']} interleaved rounds of {about['seconds']} s"
            + (f", medians of {len(runs)} such runs" if len(runs) > 1 else "") + f". Processes: {each}."
            + (f" The floor's parameters: {about['floor_params']}." if about.get("floor_params") else ""))


def targets(runs):
    """How far the project is from what it wants, at the smallest number of connections."""
    results = merge(runs)
    ours = named(results, "cruddur")
    out = ["| route | " + " | ".join(("CPU µs", "floor", "x floor", "wanted", "go-tuned", "x go-tuned", "wanted"))
           + " | reached |", "|---|" + "--:|" * 7 + "---|"]
    for route, limits in TARGETS.items():
        counts = [n for r, n, spec in results if r == route and spec == ours]
        if not counts:
            continue
        cells, reached = [f"{results[(route, min(counts), ours)]['cpu_us']:.0f}"], []
        for name in ("floor", "go-tuned"):
            other = named(results, name)
            x = ratios(runs, route, min(counts), ours, other) if (route, min(counts), other) in results else []
            limit = limits.get(name)
            cells += [f"{results[(route, min(counts), other)]['cpu_us']:.0f}" if x else "-",
                      spread(x) if x else "-", f"≤ {limit:g}" if limit else ""]
            if limit:
                reached.append(statistics.median(x) <= limit if x else None)
        out.append(f"| {route} | " + " | ".join(cells) + f" | {verdict(reached)} |")
    return "\n".join(out) + "\n"


def verdict(reached):
    """`no` once a limit is missed; without all that is to be compared with, `yes` can't be said."""
    if False in reached:
        return "no"
    return "-" if None in reached else "yes"


def waiting(runs):
    """What is wanted when DynamoDB takes its time: throughput beside the floor and go, and go's tail."""
    results = merge(runs)
    ours, floor, go = (named(results, name) for name in ("cruddur", "floor", "go-tuned"))
    if not (ours and floor and go):
        return ""
    out = ["| route, connections | req/s | of the floor's | wanted | by go-tuned's | wanted | p99 ms | go-tuned's | reached |",
           "|---|" + "--:|" * 7 + "---|"]
    for route, count in dict.fromkeys((r, n) for r, n, _ in results if r in ("groups", "messages")):
        if any((route, count, spec) not in results for spec in (ours, floor, go)):
            continue
        f, low, peer = (results[(route, count, spec)] for spec in (ours, floor, go))
        share, times = f["rps"] / low["rps"], f["rps"] / peer["rps"]
        good = share >= WAITING_SHARE and times >= WAITING_TIMES and f["p99_us"] <= peer["p99_us"]
        out.append(f"| {route}, {count} | {f['rps']:.0f} | {share:.0%} | ≥ {WAITING_SHARE:.0%} | {times:.2f}x "
                   f"| ≥ {WAITING_TIMES:g}x | {f['p99_us'] / 1000:.1f} | {peer['p99_us'] / 1000:.1f} "
                   f"| {'yes' if good else 'no'} |")
    return "\n".join(out) + "\n"


def tables(runs):
    """Every figure: one table for each route and number of connections."""
    results = merge(runs)
    base_spec = named(results, "cruddur") or named(results, "floor")
    out = []
    for route, count in dict.fromkeys((r, n) for r, n, _ in results):
        base = results.get((route, count, base_spec))
        out += [f"\n**{route}, {count} connections**\n",
                f"| contender | req/s | p50 ms | p99 ms | CPU µs/req (min–max) | PSS MiB | CPU vs {base_spec} "
                f"| req/s vs {base_spec} | errors |", "|---|--:|--:|--:|--:|--:|--:|--:|--:|"]
        for spec in dict.fromkeys(s for r, n, s in results if (r, n) == (route, count)):
            f = results[(route, count, spec)]
            versus = "- | -"
            if base and base["cpu_us"] and base["rps"]:
                versus = f"{f['cpu_us'] / base['cpu_us']:.1f}x | {f['rps'] / base['rps']:.2f}x"
            out.append(f"| {spec} | {f['rps']:.0f} | {f['p50_us'] / 1000:.2f} | {f['p99_us'] / 1000:.2f} | "
                       f"{f['cpu_us']:.0f} ({f['cpu_us_min']:.0f}–{f['cpu_us_max']:.0f}) | {f['pss_mib']:.0f} | "
                       f"{versus} | {f['errors']:.0f} |")
    return "\n".join(out) + "\n"


def summary(runs):
    """What is wanted, and what was reached."""
    if not named(merge(runs), "cruddur"):
        return f"{title(runs)}\n\n"
    return f"{title(runs)}\n\n{waiting(runs) if runs[0]['about']['delay_ms'] else targets(runs)}"


def document(runs):
    return summary(runs) + tables(runs)
