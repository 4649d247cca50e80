"""HTTP/1.1 on the wire: framing, methods, caching, CORS, compression, pipelining."""
import gzip
import json
import socket

import pytest
from support import spec
from support.http import raw, read_all, statuses
from support.people import PASSWORD, fresh_name

ME = "/api/v1/users/me"
HEAD = b"Host: localhost\r\n"


def get(path=b"/.well-known/jwks.json", fields=HEAD):
    return b"GET %s HTTP/1.1\r\n%s\r\n" % (path, fields)


def test_a_connection_serves_many_requests_and_closes_when_asked(house):
    with socket.create_connection(house.address(), timeout=5) as connection:
        for _ in range(20):
            connection.sendall(get())
            assert b" 200 " in connection.recv(65536)
        connection.sendall(get(fields=HEAD + b"Connection: close\r\n"))
        assert b"<silence>" not in read_all(connection)


def test_pipelined_requests_are_answered_in_order(house, ada):
    token = f"Authorization: Bearer {ada.access}\r\n".encode()
    wanted = [get(), get(b"/nope"), get(ME.encode(), HEAD + token), get(ME.encode()), get(fields=HEAD + b"Connection: close\r\n")]
    assert statuses(raw(house.address(), b"".join(wanted))) == [200, 404, 200, 401, 200]


def test_a_request_may_arrive_octet_by_octet(house, ada):
    with socket.create_connection(house.address(), timeout=5) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for octet in get(ME.encode(), HEAD + f"Authorization: Bearer {ada.access}\r\nConnection: close\r\n".encode()):
            connection.send(bytes([octet]))
        assert statuses(read_all(connection)) == [200]


def test_S64_head_is_get_without_the_body(house, ada):
    for path, token in (("/.well-known/jwks.json", None), (ME, ada.access), ("/openapi.json", None)):
        left, right = house.client().get(path, token=token), house.client().request("HEAD", path, token=token)
        assert right.status == left.status and right.body == b""
        for name in ("content-type", "etag", "cache-control", "content-length"):
            assert left.header(name) == right.header(name), (path, name)


def test_S64_other_methods_are_refused_with_what_is_allowed(house, ada):
    answer = house.client().request("PUT", "/api/v1/auth/login", json={})
    assert answer.status == 405 and set(answer.header("allow").replace(" ", "").split(",")) == {"POST", "OPTIONS"}
    for method in ("TRACE", "CONNECT", "PROPFIND", "get", "QUERY"):
        received = raw(house.address(), b"%s /.well-known/jwks.json HTTP/1.1\r\n%sConnection: close\r\n\r\n" % (method.encode(), HEAD))
        assert statuses(received)[0] in (400, 405, 501), (method, received)
    for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        assert ada.get(ME, headers={name: "DELETE"}).status in (405, 501)
    assert ada.me().status == 200


def test_options_says_what_is_allowed(house):
    answer = house.client().request("OPTIONS", ME)
    assert answer.status == 204 and {"GET", "PATCH", "DELETE"} <= set(answer.header("allow").replace(" ", "").split(","))


def test_S70_cors_answers_configured_origins_only(own_house):
    house = own_house({"server": {"cors_origins": ["https://app.example.com"]}})
    preflight = {"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "authorization,content-type"}
    good = house.client().request("OPTIONS", ME, headers={"Origin": "https://app.example.com", **preflight})
    assert good.status == 204 and good.header("access-control-allow-origin") == "https://app.example.com"
    assert "PATCH" in good.header("access-control-allow-methods") and "origin" in good.header("vary").lower()
    simple = house.client().get("/.well-known/jwks.json", headers={"Origin": "https://app.example.com"})
    assert simple.header("access-control-allow-origin") == "https://app.example.com"
    large = b"POST /api/v1/auth/login HTTP/1.1\r\nHost: a\r\nOrigin: https://app.example.com\r\nContent-Length: 99999\r\n\r\n"
    assert b"access-control-allow-origin: https://app.example.com\r\n" in raw(house.address(), large), "nor does a page read why it was refused"
    for origin in ("https://evil.example.com", "https://app.example.com.evil.test", "http://app.example.com", "null", "https://APP.example.com",
                   "https://app.example.com:444"):
        for answer in (house.client().request("OPTIONS", ME, headers={"Origin": origin, **preflight}),
                       house.client().get("/.well-known/jwks.json", headers={"Origin": origin})):
            assert answer.header("access-control-allow-origin") is None, origin
            assert answer.header("access-control-allow-credentials") is None


def test_large_json_is_compressed_for_those_who_take_it(house):
    plain = house.client().get("/openapi.json")
    packed = house.client().get("/openapi.json", headers={"Accept-Encoding": "br, gzip"})
    assert plain.header("content-encoding") is None and packed.header("content-encoding") == "gzip"
    assert json.loads(gzip.decompress(packed.body)) == plain.json() and len(packed.body) < len(plain.body) / 3
    assert "accept-encoding" in packed.header("vary").lower()
    assert house.client().get("/openapi.json", headers={"Accept-Encoding": "gzip;q=0, identity"}).header("content-encoding") is None


def test_S67_answers_carry_what_protects_them(house, ada):
    for answer in (ada.me(), ada.get("/nope"), ada.refresh(), ada.get("/api/v1/sessions"), house.client().get("/openapi.json")):
        assert answer.header("x-content-type-options") == "nosniff", answer.fields
        assert "gatehouse" not in (answer.header("server") or "").lower() and answer.header("x-powered-by") is None
    assert "no-store" in ada.me().header("cache-control")


@pytest.mark.parametrize("request_bytes, status, detail, instance", [
    (b"POST /api/v1/auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: 16385\r\n\r\n", 413, "The body may have at most 16384 bytes.", "/api/v1/auth/login"),
    (b"GET /api/v1/users/me HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 33000, 431, "The header may have at most 32768 bytes.", "/api/v1/users/me"),
    (b"GET /nope HTTP/1.1\r\nHost: a\r\n" + b"X: 1\r\n" * 101, 431, "The header may have at most 100 fields.", "/nope"),
    (b"GET /" + b"x" * 9000, 414, "The request line may have at most 8192 bytes.", None),
    (b"GET /nope HTTP/1.1\r\n\r\n", 400, "The Host header is missing.", "/nope"),
    (b"GET /nope?<> HTTP/1.1\r\nHost: a\r\n\r\n", 400, "The query holds a character that must be percent-encoded, or a broken escape.", "/nope"),
    (b"GET /a/../b HTTP/1.1\r\nHost: a\r\n\r\n", 400, "The path has a segment of dots: write what it leads to.", None),
    (b"GET /nope HTTP/1.1\r\nHost: a\r\nExpect: more\r\n\r\n", 417, "The one expectation the server can meet is 100-continue.", "/nope"),
    (b"BREW /pot HTTP/1.1\r\nHost: a\r\n\r\n", 501, "The server does not know this method.", None),
    (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505, "The server speaks HTTP 1.1 and 1.0.", None)])
def test_what_is_no_request_is_told_why(house, request_bytes, status, detail, instance):
    head, body = raw(house.address(), request_bytes).split(b"\r\n\r\n", 1)
    problem = json.loads(body.replace(b"<reset>", b""))
    assert statuses(head) == [status]
    assert (problem["detail"], problem.get("instance"), problem["status"]) == (detail, instance, status)
    assert not spec.problems_of(spec.SPEC["components"]["schemas"]["Problem"], problem)
    assert problem["code"] in spec.TRANSPORT["x-codes"] and status in spec.TRANSPORT["x-statuses"]


def test_options_of_the_server_as_a_whole(house):
    received = raw(house.address(), b"OPTIONS * HTTP/1.1\r\n" + HEAD + b"Connection: close\r\n\r\n")
    assert statuses(received) == [204] and b"allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n" in received


def login_body():
    return b'{"username":"%s","password":"%s"}' % (fresh_name().encode(), PASSWORD.encode())


def test_a_chunked_body_is_a_body(house):
    body = login_body()
    chunks = b"5\r\n%s\r\n%x;ext=1\r\n%s\r\n0\r\nx-trailer: 1\r\n\r\n" % (body[:5], len(body) - 5, body[5:])
    request = (b"POST /api/v1/auth/login HTTP/1.1\r\n" + HEAD + b"Content-Type: application/json\r\nConnection: close\r\n"
               b"Transfer-Encoding: chunked\r\n\r\n" + chunks)
    assert statuses(raw(house.address(), request)) == [401]


def test_S76_expect_100_is_answered_before_the_body(house):
    body = login_body()
    with socket.create_connection(house.address(), timeout=5) as connection:
        connection.sendall(b"POST /api/v1/auth/login HTTP/1.1\r\n" + HEAD + b"Content-Type: application/json\r\nExpect: 100-continue\r\n"
                           b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body))
        assert connection.recv(1000).startswith(b"HTTP/1.1 100 ")
        connection.sendall(body)
        assert statuses(read_all(connection)) == [401]
    with socket.create_connection(house.address(), timeout=5) as connection:
        connection.sendall(b"POST /api/v1/auth/login HTTP/1.1\r\n" + HEAD + b"Content-Type: application/json\r\nExpect: 100-continue\r\n"
                           b"Content-Length: 99999999\r\n\r\n")
        assert statuses(read_all(connection)) == [413], "without asking for the body first"


def test_http_1_0_is_answered_and_closed(house):
    received = raw(house.address(), b"GET /.well-known/jwks.json HTTP/1.0\r\n\r\n")
    assert statuses(received)[0] in (200, 400, 505) and b"<silence>" not in received


@pytest.mark.parametrize("target", [b"/../etc/passwd", b"/api/v1/users/me/..", b"/api/v1/users/%2e%2e/me", b"/api/v1//users/me", b"/api/v1/users%2fme", b"/api/v1/users/me;x=1",
                                    b"/api/v1/users/me%00", b"/api/v1/users/me%", b"/api/v1/users/me%zz", b"/api\\v1\\users\\me", b"/api/v1/users/me/", b"/api/v1/users/%252e%252e/me",
                                    b"/api/v1/users/me%c0%af", b"*", b"http://evil.test/api/v1/users/me", b"//evil.test/api/v1/users/me", b"api/v1/users/me",
                                    b"/api/v1/users/me#x", b"/internal/../api/v1/users/me", b"/API/v1/users/me", b"/api/v1/users/me.", b"/api/v1/users/me%20"])
def test_S62_only_the_canonical_path_is_that_path(house, ada, target):
    request = b"GET %s HTTP/1.1\r\n%sAuthorization: Bearer %s\r\nConnection: close\r\n\r\n" % (target, HEAD, ada.access.encode())
    received = raw(house.address(), request)
    assert statuses(received)[0] in (400, 404), received[:200]


def test_a_character_that_needs_no_encoding_may_be_encoded(house, ada):
    assert ada.get("/api/v1/users/m%65").status in (200, 400, 404)


@pytest.mark.parametrize("name", ["X-User-Id", "x_user_id", "X.User.Id", "X-Session-Id", "X-Roles", "X-Forwarded-User", "X-Service-Auth", "X-Internal-Auth",
                                  "X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Prefix"])
def test_S58_S61_headers_that_claim_to_be_somebody_do_nothing(house, ada, name):
    from support.people import person
    eve = person(house)
    assert house.client().get(ME, headers={name: ada.id}).status in (400, 401)
    answer = eve.me(headers={name: ada.id, "Connection": f"keep-alive, {name}"})
    assert answer.status == 400 or answer.json()["id"] == eve.id
    forged = eve.get(f"/api/v1/users/{ada.id}", headers={name: ada.id})
    assert forged.status in (400, 403)


def test_S61_the_source_shown_is_the_sockets(house, ada):
    answer = house.client().post("/api/v1/auth/login", {"username": ada.username, "password": PASSWORD},
                                 headers={"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9"})
    sources = {s["source"] for s in house.client().get("/api/v1/sessions", token=answer.json()["access_token"]).json()["sessions"]}
    assert sources == {"127.0.0.1"}


def test_S23_a_trusted_proxy_is_believed_from_the_right(own_house):
    from support.people import Person, register
    house = own_house({"server": {"trusted_proxies": ["127.0.0.1/32"]}})
    answer = register(house, headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.9"})
    someone = Person(house, answer.json()["user"], answer.json()["tokens"], PASSWORD)
    assert someone.get("/api/v1/sessions").json()["sessions"][0]["source"] == "203.0.113.9"
