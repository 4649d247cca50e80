"""Files near 300 lines, functions near 40: what is larger stands in size_baseline.txt with its size, and may only shrink.

`tests/house/check --shrink` writes the smaller sizes down. A new line in the baseline is written by hand, where a reviewer sees it.
"""
import pathlib

from source import Finding, functions, line_of

FILE_LINES, FUNCTION_LINES = 300, 40
_FILES = (".h", ".cpp", ".py", ".sql", ".proto")


def measure(tree):
    """What is above its target: {"path" or "path function": lines}."""
    large = {}
    for name in tree.files:
        if not (name.startswith(("src/", "tests/", "bench/", "migrations/", "api/")) and name.endswith(_FILES)) and name != "dev":
            continue
        lines = tree.text(name).count("\n")
        if lines > FILE_LINES:
            large[name] = lines
        if not name.endswith((".h", ".cpp")):
            continue
        code = tree.code(name)
        for function in functions(code):
            length = line_of(code, function.end) - line_of(code, function.begin) + 1
            if length > FUNCTION_LINES:
                key = f"{name} {function.name}"
                large[key] = max(length, large.get(key, 0))
    return large


def read_baseline(path):
    baseline = {}
    for line in pathlib.Path(path).read_text().splitlines() if pathlib.Path(path).exists() else []:
        words = line.split("#")[0].split()
        if words:
            baseline[" ".join(words[1:])] = int(words[0])
    return baseline


def check(tree, folder):
    baseline = read_baseline(folder / "size_baseline.txt")
    large, findings = measure(tree), []
    for what, lines in large.items():
        path, _, function = what.partition(" ")
        target = FUNCTION_LINES if function else FILE_LINES
        name = f"{function}() has" if function else "has"
        if what not in baseline:
            findings.append(Finding("size", path, 1, f"{name} {lines} lines, the target is {target}: split it where a reader would take a breath"))
        elif lines > baseline[what]:
            findings.append(Finding("size", path, 1, f"{name} {lines} lines, {baseline[what]} are in the baseline: what is large may only shrink"))
    for what, lines in baseline.items():
        if large.get(what, 0) < lines:
            now = f"{large[what]}" if what in large else "gone"
            findings.append(Finding("size", what.split()[0], 1, f"the baseline says {lines} for `{what}`, it is {now}: run tests/house/check --shrink"))
    return findings


def shrink(tree, folder):
    baseline, large = read_baseline(folder / "size_baseline.txt"), measure(tree)
    kept = {what: min(lines, large[what]) for what, lines in baseline.items() if what in large}
    write_baseline(folder / "size_baseline.txt", kept)


def write_baseline(path, sizes):
    head = "# What is larger than its target (file 300, function 40 lines). It may only shrink: tests/house/sizes.py.\n"
    pathlib.Path(path).write_text(head + "".join(f"{lines:5} {what}\n" for what, lines in sorted(sizes.items())))
