"""Every header compiles alone. A header whose .cpp includes it first is proven by the build; the others are compiled here,
and only when they or what they include have changed."""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from source import Finding

_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+"([^"]+)"', re.MULTILINE)


def compiler():
    return os.environ.get("CXX") or shutil.which("clang++-19") or "clang++"


def check(tree):
    lonely = [h for h in tree.cpp("src/") if h.endswith(".h") and h[:-2] + ".cpp" not in tree.files]
    cache_file = tree.root / "build" / "house" / "headers.json"
    cache = json.loads(cache_file.read_text()) if cache_file.exists() else {}
    keys = {h: _key(tree, h) for h in lonely}
    stale = [h for h in lonely if cache.get(h) != keys[h]]
    findings = []
    if stale:
        with tempfile.TemporaryDirectory() as generated, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            _generate_messages(tree, generated)
            for header, errors in zip(stale, pool.map(lambda h: _compile(tree, h, generated), stale)):
                if errors:
                    findings.append(Finding("header_alone", header, 1, f"does not compile alone:\n{errors}"))
                    keys.pop(header)
    cache_file.parent.mkdir(parents=True, exist_ok=True)
    cache_file.write_text(json.dumps(keys))
    return findings


def _key(tree, header):
    seen, todo, digest = set(), [header], hashlib.sha256(compiler().encode())
    while todo:
        name = todo.pop()
        if name in seen or name not in tree.files:
            continue
        seen.add(name)
        for target in _INCLUDE.findall(tree.text(name)):
            todo.append("src/" + target)
            if target.endswith(".pb.h"):
                todo.append("api/proto/" + target.replace(".pb.h", ".proto"))
    for name in sorted(seen):
        digest.update(name.encode() + b"\0" + tree.text(name).encode())
    return digest.hexdigest()


def _generate_messages(tree, out):
    protos = [f.removeprefix("api/proto/") for f in tree.files if f.startswith("api/proto/") and f.endswith(".proto")]
    if protos:
        subprocess.run(["protoc", f"--cpp_out={out}", "-I", str(tree.root / "api/proto"), *protos], check=True)


def _compile(tree, header, generated):
    command = [compiler(), "-std=c++23", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-Wno-pragma-once-outside-header",
               "-Wno-missing-designated-field-initializers", "-DBOOST_ASIO_NO_DEPRECATED", "-DBOOST_ASIO_DISABLE_BOOST_COROUTINE",
               "-I", str(tree.root / "src"), "-isystem", generated, "-x", "c++", str(tree.root / header)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else "\n".join(done.stderr.splitlines()[:6])
