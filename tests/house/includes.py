"""Who may include whom: layers.txt, enforced on every #include "…" of src/."""
import pathlib
import re

from source import Finding, line_of

_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+"([^"]+)"', re.MULTILINE)
_BETWEEN_ROLES = {"api.h", "events.h"}
_GENERATED = re.compile(r"^gatehouse/([a-z]+)/v1/")


def read_table(path):
    table = {}
    for line in pathlib.Path(path).read_text().splitlines():
        words = line.split("#")[0].split()
        if words:
            table[words[0]] = (len(table), words[1])
    return table


def check(tree, table_path=None):
    table = read_table(table_path or pathlib.Path(__file__).with_name("layers.txt"))
    findings = []
    for name in tree.cpp("src/"):
        parts = name.split("/")[1:]
        if len(parts) == 1:
            continue  # main.cpp
        text = tree.text(name)
        if parts[0] not in table:
            findings.append(Finding("layers", name, 1, f"src/{parts[0]}/ stands in no layer: tests/house/layers.txt has no line for it"))
            continue
        includes = [(m.group(1), line_of(text, m.start())) for m in _INCLUDE.finditer(text)]
        for target, line in includes:
            why = refusal(parts, target, table)
            if why:
                findings.append(Finding("layers", name, line, why))
        findings += _own_header_first(tree, name, includes)
    return findings


def refusal(parts, target, table):
    """Why src/<parts> may not include `target`, or None."""
    here, there = parts[0], target.split("/")[0]
    generated = _GENERATED.match(target)
    if generated:
        there = generated.group(1)
        if table[here][0] < table["identity"][0]:
            return f"{here}/ knows no role's messages ({target})"
    if there not in table:
        return None if "/" not in target else f"{target} is in no folder of the house"
    if here == there:
        if here == "drivers" and parts[1] != target.split("/")[1]:
            return f"one driver may not use another ({target})"
        return None
    if table[there][0] > table[here][0]:
        return f"{here}/ stands above {there}/ and may not know it ({target}): turn the need into a port, or the news into an event"
    if table[there][1] == "role" and table[here][1] == "role" and not generated:
        if target.split("/", 1)[1] not in _BETWEEN_ROLES:
            return f"of another role only its api.h or events.h, not {target}"
    if table[there][1] == "driver" and table[here][1] == "role" and not _may_use_drivers(parts):
        return f"a role uses {target} only in its adapters/ and its wire: ask for it in store.h"
    return None


def _may_use_drivers(parts):
    return parts[1] == "adapters" or parts[-1].startswith("wire") or parts[-1].endswith("_test.cpp")


def _own_header_first(tree, name, includes):
    """x.cpp includes x.h before all else: that is what proves that x.h compiles alone."""
    header = re.sub(r"(_test)?\.cpp$", ".h", name)
    if not name.endswith(".cpp") or name.endswith("_test.cpp") or header not in tree.files:
        return []
    first = re.search(r'^[ \t]*#[ \t]*include[ \t]+["<]([^">]+)[">]', tree.text(name), re.MULTILINE)
    if first and first.group(1) == header.removeprefix("src/"):
        return []
    return [Finding("own_header_first", name, 1, f'the first #include must be "{header.removeprefix("src/")}": it proves that the header stands alone')]
