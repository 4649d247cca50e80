"""Calls that are banned, each with what to use instead and why. A rule names the places where it does not hold."""
import re
from dataclasses import dataclass

from source import Finding, line_of


@dataclass(frozen=True)
class Ban:
    name: str
    pattern: str
    instead: str
    allowed: tuple = ()       # path prefixes
    only: tuple = ("src/", "tests/", "bench/")


BANS = [
    Ban("detached", r"\basio::detached\b|\bthen?\.detach\(\)|\bthread_?\.detach\(\)",
        "spawn it in a Scope: work without an owner outlives what it uses"),
    Ban("clock", r"\b(?:system_clock|steady_clock|high_resolution_clock)::now\b|(?<![\w.>:])(?:::|std::)?time\((?:nullptr|NULL|0|&)"
        r"|\bgettimeofday\(|\bclock_gettime\(",
        "take a const Clock&: a decision that reads the time itself cannot be tested with a clock that jumps",
        allowed=("src/base/", "src/runtime/", "bench/", "tests/e2e/", "tests/faults/")),
    Ban("random", r"\bstd::random_device\b|\bstd::mt19937|(?<![\w:.>])s?rand\(|\bRAND_bytes\(|\brandombytes_buf\(|\bgetrandom\(",
        "take a Random&: randomness from outside is one source to audit, and repeats itself in tests",
        allowed=("src/base/",)),
    Ban("sleep", r"\bstd::this_thread::sleep_(?:for|until)\b|(?<![\w:.>])u?sleep\(|\bnanosleep\(",
        "co_await sleep_for() of runtime/timer.h on a shard, or wait for a condition: a sleeping thread serves nobody",
        allowed=("bench/",)),
    Ban("stdout", r"\bstd::cout\b|(?<![\w:.>])(?:std::)?(?:printf|puts|putchar)\(|\bfmt::print\(\s*[^\s\w]|\bfmt::print\(stdout|\bstd::print(?:ln)?\(",
        "telemetry/log.h: stdout belongs to the commands of app/",
        allowed=("src/app/", "tests/", "bench/")),
    Ban("debug_string", r"\b(?:Short)?DebugString\(|\bUtf8DebugString\(",
        "log ids: a message printed whole shows passwords and addresses"),
    Ban("beast_whole", r"#include\s*<boost/(?:beast|asio|json)\.hpp>",
        "the narrow headers: the whole of Beast costs 3.4 s a file"),
    Ban("volatile_time", r"\bstd::(?:localtime|gmtime|ctime|asctime)\(|(?<![\w:.>])(?:localtime|gmtime|ctime|asctime)\(",
        "to_rfc3339() of base/clock.h: these share one static buffer"),
    Ban("unbounded_c", r"(?<![\w:.>])(?:strcpy|strcat|sprintf|gets|strtok|alloca|system|popen)\(",
        "std::string, fmt::format: no bound, no call"),
    Ban("number_parsing", r"\bstd::(?:stoi|stol|stoll|stoul|stoull|stod)\(|(?<![\w:.>])(?:atoi|atol|strtol|strtoul)\(",
        "std::from_chars: these skip white space, take signs and throw", only=("src/",)),
    Ban("c_random_uuid", r"\buuid_generate\b", "Uuid::make_v7"),
    Ban("new_thread", r"\bstd::(?:thread|jthread|async)\b",
        "a Shard, the CpuPool or a driver's own threads: threads are counted when the process is built",
        allowed=("src/runtime/", "src/drivers/", "src/app/process", "src/app/watchdog", "tests/", "bench/"), only=("src/",)),
    Ban("unfinished", r"\bTO" r"DO\b|\bFIX" r"ME\b|\bXX" r"X\b", "finish it, or open an issue"),
]

# Where a secret's value may be seen: the code that hashes, seals, compares or sends it, and nobody else.
REVEAL_FILES = "reveal_files.txt"
# Files with coroutines that may hold a mutex all the same; each says why.
MUTEX_FILES = {
    "src/runtime/cpu_pool.h": "its lock guards the queue of its own threads; run() only submits",
    "src/runtime/cpu_pool.cpp": "as its header",
}


def check(tree, folder):
    reveal_files = _listed(folder / REVEAL_FILES)
    findings = []
    for name in tree.cpp("src/", "tests/", "bench/"):
        code = tree.code(name)
        with_comments = tree.text(name)
        is_test = name.endswith("_test.cpp") or name.startswith(("tests/", "bench/"))
        for ban in BANS:
            if not name.startswith(ban.only) or name.startswith(ban.allowed or ("\0",)):
                continue
            if ban.name in ("new_thread", "number_parsing") and is_test:
                continue
            text = with_comments if ban.name == "unfinished" else code
            for match in re.finditer(ban.pattern, text):
                findings.append(Finding(ban.name, name, line_of(text, match.start()), f"`{match.group().strip()}`: use {ban.instead}"))
        if not is_test and name.startswith("src/") and name not in reveal_files and name != "src/base/secret.h":
            for match in re.finditer(r"\breveal\(\)", code):
                findings.append(Finding("reveal", name, line_of(code, match.start()),
                                        f"reveal() only in the files of tests/house/{REVEAL_FILES}: pass the Secret on to one of them"))
        if re.search(r"\bco_(?:await|return)\b", code) and name not in MUTEX_FILES and not is_test:
            for match in re.finditer(r"\bstd::(?:shared_|recursive_)?mutex\b|\bstd::(?:lock_guard|unique_lock|scoped_lock|shared_lock)\b", code):
                findings.append(Finding("mutex_in_coroutine_file", name, line_of(code, match.start()),
                                        "no lock beside coroutines: one held across co_await stops a shard; state belongs to one shard"))
    return findings


def _listed(path):
    if not path.exists():
        return set()
    return {line.split("#")[0].strip() for line in path.read_text().splitlines()} - {""}
