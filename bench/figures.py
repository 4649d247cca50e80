"""The figures and their bars. Each function measures one and returns rows: (figure, value, unit, bar, details)."""
import json
import pathlib
import random
import subprocess
import tempfile
import time

import seed
from machine import (CORES, HOST, PASSWORD, SERVER_CORE, Gatehouse, Nginx, cpu_per_request_us, cpu_s, median, open_loop, person, pinned,
                     thread_cpu_s, wrk)

HERE = pathlib.Path(__file__).resolve().parent
ME = "/api/v1/users/me"
HASH_THREADS = ("hash", "argon2", "password")  # how the names of hashing threads begin


def is_hash_thread(name):
    return name.startswith(HASH_THREADS)


def get_me(binary, tools, scale):
    """(a) CPU per authenticated GET against nginx's static answer of the same body, on one core each, taken in turns."""
    seconds, ours, theirs = 4 * scale, [], []
    with Gatehouse(binary, core=SERVER_CORE) as house:
        someone = person(house)
        body = someone.me().body.decode()
        with Nginx(body, SERVER_CORE) as nginx:
            for _ in range(3):
                ours.append(cpu_per_request_us(house.pid, f"http://{HOST}:{house.ports['public']}{ME}", seconds, token=someone.access))
                theirs.append(cpu_per_request_us(nginx.pid, f"http://{HOST}:{nginx.port}/", seconds, token=someone.access))
    details = {"gatehouse_us": ours, "nginx_us": theirs, "body_bytes": len(body)}
    return [("CPU per GET /users/me ÷ nginx return 200", median(ours) / median(theirs), "×", ("<=", 1.5), details)]


# Many people in turn: one alone would soon be at its limit of sessions, and every login would also end the oldest.
LOGIN_PEOPLE = 40
LOGIN_LUA = """
local names, password, turn = {%s}, "%s", 0
function request()
  turn = turn %% #names + 1
  local body = '{"username":"' .. names[turn] .. '","password":"' .. password .. '"}'
  return wrk.format("POST", nil, {["Content-Type"] = "application/json"}, body)
end
"""


def login_script(house):
    people = [person(house) for _ in range(LOGIN_PEOPLE)]
    path = pathlib.Path(house.folder) / "login.lua"
    path.write_text(LOGIN_LUA % (", ".join(f'"{someone.username}"' for someone in people), PASSWORD))
    return path


def login(binary, tools, scale):
    """(b) CPU per login that is not the hash itself: all threads but the hashing ones, plus what a hashing thread uses above one bare hash."""
    with Gatehouse(binary) as house:
        script, url = login_script(house), f"http://{HOST}:{house.ports['public']}/api/v1/auth/login"
        wrk(url, 1, connections=2, script=script)
        before = thread_cpu_s(house.pid)
        requests, bad, duration, _ = wrk(url, 8 * scale, connections=2, script=script)
        after = thread_cpu_s(house.pid)
    used = {name: after[name] - before.get(name, 0.0) for name in after}
    hashing_s = sum(s for name, s in used.items() if is_hash_thread(name))
    assert hashing_s > 0, f"no thread is named as a hashing one: {sorted(used)}"
    rest_ms = (sum(used.values()) - hashing_s) / requests * 1000
    details = {"logins_per_s": requests / duration, "hash_thread_ms": hashing_s / requests * 1000, "refused": bad,
               "by_thread_ms": {name: round(s / requests * 1000, 4) for name, s in sorted(used.items()) if s}}
    return [("CPU per login, minus its hash", rest_ms, "ms", ("<=", 0.5), details)]


def argon2(binary, tools, scale):
    """(c) One hash in the server against plain crypto_pwhash of the same parameters."""
    out = subprocess.run(pinned([tools / "argon2_bench", "--benchmark_format=json"], SERVER_CORE), capture_output=True, text=True, check=True).stdout
    best = next(b for b in json.loads(out)["benchmarks"] if "ratio" in b)
    details = {key: best[key] for key in ("plain_ms", "server_ms", "huge_page_share") if key in best}
    return [("Argon2id hash in the server ÷ plain crypto_pwhash", best["ratio"], "×", ("<=", 0.75), details)]


def latency(binary, tools, scale):
    """(d) p99 of an open loop of 1,000 GETs a second while logins saturate the hash pool, against the same without."""
    calm, stormy, seconds = [], [], 8 * scale
    with Gatehouse(binary) as house:
        someone = person(house)
        script, port = login_script(house), house.ports["public"]
        login_url = f"http://{HOST}:{port}/api/v1/auth/login"
        open_loop(tools, port, ME, someone.access, 1000, 2)
        for _ in range(3):
            calm.append(open_loop(tools, port, ME, someone.access, 1000, seconds))
            storm = subprocess.Popen(["wrk", "-t1", "-c32", f"-d{round(seconds) + 2}s", "--timeout", "10s", "-s", str(script), login_url], stdout=subprocess.DEVNULL)
            time.sleep(0.7)
            stormy.append(open_loop(tools, port, ME, someone.access, 1000, seconds))
            storm.wait()
    assert not any(r["failed"] or r["answered"] < r["due"] for r in calm + stormy), (calm, stormy)
    ratio = median([r["p99_us"] for r in stormy]) / median([r["p99_us"] for r in calm])
    return [("p99 at 1,000 req/s, with a login storm ÷ without", ratio, "×", ("<=", 3.0), {"calm": calm, "storm": stormy})]


REFRESH_LUA = """
local tokens = {}
for line in io.lines("%s") do tokens[#tokens + 1] = line end
local serial = 0
function setup(thread)
  serial = serial + 1
  thread:set("token", tokens[serial])
end
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
function request()
  return wrk.format(nil, nil, nil, '{"refresh_token":"' .. token .. '"}')
end
function response(status, headers, body)
  local successor = body:match('"refresh_token":"([^"]+)"')
  if successor then token = successor end
end
"""


def refresh(binary, tools, scale):
    """(e) Rotations a second of 64 chains side by side, each durable before it is answered."""
    with Gatehouse(binary) as house, tempfile.TemporaryDirectory() as folder:
        someone = person(house)
        tokens = [someone.login().refresh_token for _ in range(64)]
        file = pathlib.Path(folder) / "tokens"
        file.write_text("\n".join(tokens) + "\n")
        script = pathlib.Path(folder) / "refresh.lua"
        script.write_text(REFRESH_LUA % file)
        url = f"http://{HOST}:{house.ports['public']}/api/v1/auth/refresh"
        before = cpu_s(house.pid)
        requests, bad, duration, errors = wrk(url, 8 * scale, connections=64, threads=64, script=script, core=None)
        used = cpu_s(house.pid) - before
    assert not bad and not errors, f"{bad} of {requests} refreshes failed, {errors} socket errors"
    return [("refresh per second, durable", requests / duration, "/s", (">=", 3000), {"cpu_us_each": used / requests * 1e6, "cores": len(CORES)})]


def scale_out(binary, tools, scale):
    """(f) Each user looked up once, for the first time, among 10,000 and among 1,000,000."""
    results = {count: by_size(binary, count, scale) for count in (10_000, 1_000_000)}
    small, large = results[10_000], results[1_000_000]
    rows = []
    for key, name in (("get_us", "GET /users/{id}"), ("login_us", "login lookup")):
        details = {"10k_us": small[key], "1M_us": large[key], "seeding_s": large["seeding_s"]}
        rows.append((f"time among 1,000,000 users ÷ 10,000, {name}", large[key] / small[key], "×", ("<=", 1.3), details))
    return rows


def by_size(binary, count, scale):
    """Microseconds per GET /users/{id} (wall, one connection) and of everything but the hash per login (CPU), nobody asked for twice."""
    house = Gatehouse(binary)
    house.start()
    admin = person(house, "bench.admin")
    assert house.cli("role", "assign", "bench.admin", "admin").returncode == 0
    assert house.stop() == 0
    began = time.monotonic()
    names_and_ids = seed.users(house.data, "bench.admin", count)
    seeding_s = time.monotonic() - began
    with house:
        chosen = random.Random(7).sample(names_and_ids, min(count, 9000))
        gets, logins = chosen[:int(8000 * scale)], chosen[8000:8000 + int(600 * scale)]
        client = house.client(keeps=True)
        headers = {"Authorization": f"Bearer {admin.access}"}
        connection = client.connect()
        times = [one_get(connection, f"/api/v1/users/{user_id}", headers) for _, user_id in gets]
        get_us = median(times) * 1e6
        before = thread_cpu_s(house.pid)
        for name, _ in logins:
            answer = client.post("/api/v1/auth/login", {"username": name, "password": PASSWORD})
            assert answer.status == 200, answer
        after = thread_cpu_s(house.pid)
    used = sum(after[n] - before.get(n, 0.0) for n in after if not is_hash_thread(n))
    return {"get_us": get_us, "login_us": used / len(logins) * 1e6, "seeding_s": seeding_s}


def one_get(connection, path, headers):
    started = time.perf_counter()
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    response.read()
    assert response.status == 200, response.status
    return time.perf_counter() - started


FIGURES = {"get": get_me, "login": login, "argon2": argon2, "latency": latency, "refresh": refresh, "scale": scale_out}
