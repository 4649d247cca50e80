"""The tree as the house rules see it: files, and C++ text with comments and literals blanked out."""
import functools
import pathlib
import re
import subprocess
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    rule: str
    path: str
    line: int
    text: str

    def __str__(self):
        return f"{self.path}:{self.line}: [{self.rule}] {self.text}"


class Tree:
    """All files of the repository: tracked, or new and not ignored."""

    def __init__(self, root):
        self.root = pathlib.Path(root).resolve()

    @functools.cached_property
    def files(self):
        listed = subprocess.run(
            ["git", "-c", f"safe.directory={self.root}", "-C", str(self.root), "ls-files", "--cached", "--others", "--exclude-standard",
             "-z"],
            capture_output=True, check=False)
        if listed.returncode == 0:
            names = listed.stdout.decode().split("\0")
        else:  # not a repository: an unpacked archive, or the tests of these rules
            names = [str(p.relative_to(self.root)) for p in self.root.rglob("*") if "build" not in p.parts]
        return sorted(n for n in names if n and (self.root / n).is_file())

    def cpp(self, *folders):
        return [f for f in self.files if f.endswith((".h", ".cpp")) and (not folders or f.startswith(folders))]

    @functools.lru_cache(maxsize=None)
    def text(self, name):
        return (self.root / name).read_text(encoding="utf-8", errors="replace")

    @functools.lru_cache(maxsize=None)
    def code(self, name):
        return blank(self.text(name))


_TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<tag>[^()\s]*)\(.*?\)(?P=tag)"|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'", re.DOTALL)


def blank(text):
    """Comments and literals become spaces of the same shape, so that offsets and lines stay; #include lines keep theirs."""
    def cover(match):
        start = text.rfind("\n", 0, match.start()) + 1
        if text[start:match.start()].lstrip().startswith("#include"):
            return match.group()
        return re.sub(r"[^\n]", " ", match.group())
    return _TOKEN.sub(cover, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def matching(code, opening):
    """Offset of the bracket that closes the one at `opening` (len(code) when it never closes)."""
    pairs = {"(": ")", "{": "}", "[": "]"}
    opener, closer = code[opening], pairs[code[opening]]
    depth = 0
    for i in range(opening, len(code)):
        if code[i] == opener:
            depth += 1
        elif code[i] == closer:
            depth -= 1
            if depth == 0:
                return i
    return len(code)


@dataclass(frozen=True)
class Function:
    name: str
    begin: int  # offsets of the braces
    end: int


_NOT_FUNCTIONS = {"if", "for", "while", "switch", "catch", "return", "sizeof", "decltype", "requires", "alignas", "constexpr"}
_HEAD = re.compile(r"([A-Za-z_~][\w:~]*|operator\s*\S{1,3}|operator\(\))\s*\(")


def functions(code):
    """Outermost function bodies, by brackets: a `)` and perhaps qualifiers before a `{`. Lambdas belong to their function."""
    found, at = [], 0
    while True:
        match = _HEAD.search(code, at)
        if not match:
            return found
        at = match.end()
        if match.group(1).split("::")[-1] in _NOT_FUNCTIONS:
            continue
        closing = matching(code, match.end() - 1)
        tail = re.compile(r"\s*(?:const|noexcept|override|final|mutable|&&|&|->\s*[^{;=()]+|\s)*").match(code, closing + 1)
        end = tail.end() if tail else closing + 1
        if code[end:end + 1] == ":" and code[end:end + 2] != "::":  # constructor's initialisers
            end = _skip_initialisers(code, end + 1)
        if code[end:end + 1] != "{":
            continue
        last = matching(code, end)
        found.append(Function(match.group(1), end, last))
        at = last


def _skip_initialisers(code, at):
    one = re.compile(r"\s*[\w:]+(?:<[^;{}()]*>)?\s*([({])")
    while True:
        match = one.match(code, at)
        if not match:
            return at
        at = matching(code, match.start(1)) + 1
        comma = re.compile(r"\s*(\.\.\.)?\s*(,?)\s*").match(code, at)
        at = comma.end()
        if not comma.group(2):
            return at
