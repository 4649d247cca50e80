"""What a newcomer pastes: the lines that serve prints, as they are printed."""
import re
import subprocess
import time


def printed_commands(house):
    until = time.monotonic() + 5
    while b"users/me" not in house.log():
        assert time.monotonic() < until, house.log_tail()
        time.sleep(0.01)
    return [line.strip() for line in house.log().decode().splitlines() if re.match(r"  (curl|TOKEN=)", line)]


def pasted(commands):
    return subprocess.run(["bash", "-c", "\n".join(commands)], capture_output=True, text=True, timeout=30).stdout


def test_the_three_printed_lines_work_as_printed(make_house):
    house = make_house()
    house.start(arguments=["--welcome"])
    register, login, whoami = printed_commands(house)
    assert '"username":"ada"' in pasted([register])
    assert "username_taken" in pasted([register]), "pasted again it says what is wrong"
    assert '"username":"ada"' in pasted([login, whoami])
    program = re.search(r"^  commands +(.+) help$", house.log().decode(), re.M).group(1)
    assert "usage: gatehouse" in pasted([f"{program} help"])
    assert str(house.data).encode() in house.log() and f"http://127.0.0.1:{house.ports['public']}".encode() in house.log()
