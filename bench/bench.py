"""Runs the figures, prints the table, writes the JSON. Exit code 1 when a bar is missed."""
import argparse
import json
import os
import pathlib
import platform
import shutil
import sys
import time

from figures import FIGURES
from machine import CORES, ROOT


def passes(value, bar):
    sign, limit = bar
    return value <= limit if sign == "<=" else value >= limit


def table(rows):
    lines = [("figure", "value", "bar", "")]
    for row in rows:
        sign, limit = row["bar"]
        lines.append((row["figure"], f"{row['value']:.3g} {row['unit']}" if row["value"] < 1000 else f"{row['value']:.0f} {row['unit']}",
                      f"{'≤' if sign == '<=' else '≥'} {limit:g} {row['unit']}", "pass" if row["passes"] else "FAIL"))
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)


def main():
    parser = argparse.ArgumentParser(prog="bench/run", description="Measures the release build against its peers and its bars, side by side in one run.")
    parser.add_argument("--binary", default=str(ROOT / "build" / "release" / "gatehouse"))
    parser.add_argument("--only", default=",".join(FIGURES), help=f"comma-separated: {', '.join(FIGURES)}")
    parser.add_argument("--json", default=str(ROOT / "build" / "bench.json"), help="where the results go as JSON")
    parser.add_argument("--quick", action="store_true", help="a quarter of the time, for trying things out")
    options = parser.parse_args()
    for tool in ("wrk", "nginx", "taskset"):
        if not shutil.which(tool) and not os.path.exists(f"/usr/sbin/{tool}"):
            sys.exit(f"bench/run needs {tool}; ./dev bench installs it.")
    tools = pathlib.Path(options.binary).resolve().parent / "bench"
    rows, scale = [], 0.25 if options.quick else 1
    for name in options.only.split(","):
        if name not in FIGURES:
            sys.exit(f"There is no figure {name}; choose from {', '.join(FIGURES)}.")
        began = time.monotonic()
        print(f"measuring {name} …", end=" ", flush=True)
        for figure, value, unit, bar, details in FIGURES[name](options.binary, tools, scale):
            rows.append({"name": name, "figure": figure, "value": value, "unit": unit, "bar": bar, "passes": passes(value, bar), "details": details})
        print(f"{time.monotonic() - began:.0f} s")
    print("\n" + table(rows))
    result = {"when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "cores": len(CORES), "kernel": platform.release(), "figures": rows}
    pathlib.Path(options.json).parent.mkdir(parents=True, exist_ok=True)
    pathlib.Path(options.json).write_text(json.dumps(result, indent=2) + "\n")
    print(f"\n{options.json}")
    return 0 if all(row["passes"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
