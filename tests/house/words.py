"""Words that describe the tree are true: the map of ARCHITECTURE.md, the commands in the documents, links, and no trace of a workplace."""
import re

from source import Finding, line_of

# What must not stand in any file: a home or workplace of one machine. Written in pieces, so as not to find itself.
_PLACES = re.compile(r"(?<![\w./-])/(?:wor" r"k|roo" r"t|far" r"m)/|(?<![\w.])/ho" r"me/(?!user\b|you\b|gatehouse\b)[a-z]|/Us" r"ers/[a-z]")
_BINARY = (".png", ".ico", ".gz", ".db", ".woff2")


def check(tree):
    return _map(tree) + _commands(tree) + _links(tree) + _places(tree)


def _documents(tree):
    return [f for f in tree.files if f.endswith(".md")]


def _map(tree):
    """ARCHITECTURE.md's block after "<!-- map -->": one path a line, and every folder of the tree is there."""
    name = "ARCHITECTURE.md"
    if name not in tree.files:
        return [Finding("map", name, 1, "missing")]
    text = tree.text(name)
    block = re.search(r"<!-- map -->\s*```\w*\n(.*?)```", text, re.DOTALL)
    if not block:
        return [Finding("map", name, 1, "has no map: a fenced block after <!-- map -->")]
    findings, named = [], set()
    for offset, line in enumerate(block.group(1).splitlines()):
        match = re.match(r"([\w./-]+)(?:\s|$)", line)
        if not match:
            continue
        path = match.group(1)
        named.add(path.rstrip("/"))
        exists = any(f.startswith(path) for f in tree.files) if path.endswith("/") else path in tree.files
        if not exists:
            findings.append(Finding("map", name, line_of(text, block.start(1)) + offset, f"{path} is on the map and not in the tree"))
    for folder in sorted(_folders(tree) - named):
        findings.append(Finding("map", name, 1, f"{folder}/ is in the tree and not on the map"))
    return findings


def _folders(tree):
    folders = {f.split("/")[0] for f in tree.files if "/" in f}
    for parent in ("src", "tests", "docs", "src/drivers"):
        deeper = parent.count("/") + 1
        folders |= {"/".join(f.split("/")[:deeper + 1]) for f in tree.files if f.startswith(parent + "/") and f.count("/") > deeper}
    return {f for f in folders if not f.startswith(".")}


def _commands(tree):
    """`./dev x` and `gatehouse x` in a document name commands that exist."""
    dev = set(re.findall(r"^  ([a-z]+)(?:\|[\w-]+)*\)", tree.text("dev"), re.MULTILINE)) if "dev" in tree.files else set()
    table = "src/app/command_line.cpp"
    ours = set(re.findall(r'\{"([a-z]+)[" ]', tree.text(table))) if table in tree.files else None
    findings = []
    for name in _documents(tree):
        if name == "CHANGELOG.md":
            continue
        text = tree.text(name)
        for match in re.finditer(r"(?<![\w/])\./dev ([a-z]+)", text):
            if match.group(1) not in dev:
                findings.append(Finding("commands", name, line_of(text, match.start()), f"`./dev {match.group(1)}` does not exist"))
        for match in re.finditer(r"(?:^|`|\$ |run/|bin/)gatehouse ([a-z]+)\b", text, re.MULTILINE):
            if ours is not None and match.group(1) not in ours:
                findings.append(Finding("commands", name, line_of(text, match.start()), f"`gatehouse {match.group(1)}` does not exist"))
    return findings


def _links(tree):
    """Relative links of documents lead somewhere, and so do paths in `code` that begin with a folder of ours."""
    findings = []
    for name in _documents(tree):
        text = tree.text(name)
        base = name.rsplit("/", 1)[0] + "/" if "/" in name else ""
        for match in re.finditer(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", text):
            parts = []
            for part in (base + match.group(1)).split("/"):
                if part == "..":
                    parts = parts[:-1]
                elif part not in ("", "."):
                    parts.append(part)
            target = "/".join(parts)
            if target not in tree.files and not any(f.startswith(target + "/") for f in tree.files):
                findings.append(Finding("links", name, line_of(text, match.start()), f"{match.group(1)} leads nowhere"))
        for match in re.finditer(r"`((?:src|tests|docs|api|cmake|deploy|migrations|bench)/[\w./-]*\w)`", text):
            target = match.group(1)
            stems = (target, target + ".h", target + ".cpp")
            if not any(f in tree.files for f in stems) and not any(f.startswith(target + "/") for f in tree.files):
                findings.append(Finding("links", name, line_of(text, match.start()), f"{target} is not in the tree"))
    return findings


def _places(tree):
    findings = []
    for name in tree.files:
        if name.endswith(_BINARY) or "/corpus/" in name or name == "tests/house/words.py":
            continue
        for match in _PLACES.finditer(tree.text(name)):
            findings.append(Finding("places", name, line_of(tree.text(name), match.start()), f"`{match.group()}` is a path of one machine: no workplace in the tree"))
    return findings
