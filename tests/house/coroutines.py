"""How a coroutine may be written: name a value, then await with it. Why: CONTRIBUTING.md, "Coroutines"."""
import re

from source import Finding, line_of, matching

_AWAIT = re.compile(r"\bco_await\b")
_HARMLESS = re.compile(r"\b(?:Milliseconds|std::chrono::\w+)\{[^{}]*\}")  # a number with a unit has no destructor
_LAMBDA = re.compile(r"(?<![\w\])])\[([^\[\]]*)\]\s*(?=[({<]|mutable\b)")


def check(tree):
    findings = []
    for name in tree.cpp("src/", "tests/", "bench/"):
        if name.startswith("tests/compiler/"):
            continue  # the self-test does on purpose what is forbidden here
        code = tree.code(name)
        if "co_" not in code:
            continue
        report = lambda rule, at, text: findings.append(Finding(rule, name, line_of(code, at), text))
        for match in _AWAIT.finditer(code):
            end = _end_of_expression(code, match.end())
            if "{" in _HARMLESS.sub("", code[match.end():end]):
                report("brace_in_await", match.start(), "no `{` inside a co_await expression: name the value (or the lambda) first, then await with it")
            if _is_conditional(code, match.start(), end):
                report("conditional_await", match.start(), "no co_await inside ?:, && or ||: use if, so that it is plain when the task runs")
        for at in _capturing_coroutines(code):
            report("capturing_coroutine", at, "a lambda with captures may not be a coroutine: its captures die with the lambda, before the task; "
                   "write a function that takes them as parameters")
    return findings


def _end_of_expression(code, at):
    depth = 0
    for i in range(at, len(code)):
        if code[i] in "([{":
            if code[i] == "{" and depth == 0:
                return i
            depth += 1
        elif code[i] in ")]}":
            depth -= 1
            if depth < 0:
                return i
        elif code[i] == ";" and depth == 0:
            return i
    return len(code)


def _is_conditional(code, at, end):
    """An operator ?: && || of the same statement, at the depth of the co_await or further out."""
    depth, i = 0, at - 1
    while i >= 0 and code[i] not in ";{}":  # backwards to the statement's begin
        if code[i] in ")]":
            depth += 1
        elif code[i] in "([":
            depth -= 1
        if depth <= 0 and _operator_at(code, i):
            return True
        i -= 1
    depth = 0
    for i in range(at, len(code)):  # forwards to its end; what stands deeper are the task's own arguments
        if code[i] in "([":
            depth += 1
        elif code[i] in ")]":
            depth -= 1
        elif i >= end and code[i] in ";{}":
            return False
        if depth <= 0 and _operator_at(code, i):
            return True
    return False


def _operator_at(code, i):
    if code[i] == "?":
        return True
    return code[i - 1:i + 3] in (" && ", " || ")


def _capturing_coroutines(code):
    for match in _LAMBDA.finditer(code):
        if not match.group(1).strip():
            continue
        at = match.end()
        if code[at] == "(":
            at = matching(code, at) + 1
        opening = re.compile(r"[^;{})]*\{").match(code, at)
        if not opening:
            continue
        begin = opening.end() - 1
        body = code[begin + 1:matching(code, begin)]
        if re.search(r"\bco_(?:await|return|yield)\b", _without_lambdas(body)):
            yield match.start()


def _without_lambdas(body):
    """The body with the bodies of the lambdas in it blanked out."""
    out, at = [], 0
    for match in _LAMBDA.finditer(body):
        if match.start() < at:
            continue
        begin = match.end()
        if body[begin] == "(":
            begin = matching(body, begin) + 1
        opening = re.compile(r"[^;{})]*\{").match(body, begin)
        if not opening:
            continue
        end = matching(body, opening.end() - 1)
        out.append(body[at:opening.end()])
        at = end
    return "".join(out) + body[at:]
