"""What an operator does on the command line."""


def run_ok(house, *arguments, **rest):
    done = house.cli(*arguments, **rest)
    assert done.returncode == 0, f"gatehouse {' '.join(arguments)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def one_sentence(text):
    """True for a single line that ends as a sentence does; what explains it further is indented below."""
    lines = [line for line in text.strip().splitlines() if line.strip() and not line.startswith("  ")]
    return len(lines) == 1 and lines[0].rstrip().endswith((".", "?")) and "terminate called" not in text
