"""S-71 … S-76: a corpus of requests that two parsers could read differently. Each must be refused with 400 (or 501, 417, 431) and the connection closed,
and the request hidden behind it must never be answered."""
import pytest
from support.http import raw, statuses

HIDDEN = b"GET /.well-known/jwks.json HTTP/1.1\r\nHost: hidden\r\n\r\n"
POST = b"POST /api/v1/auth/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
GET = b"GET /.well-known/jwks.json HTTP/1.1\r\n"
CHUNK = b"2\r\n{}\r\n0\r\n\r\n"


def post(fields, body=b""):
    return POST + fields + b"\r\n\r\n" + body


CORPUS = {
    # S-71: two framings at once
    "S71_cl_te": post(b"Content-Length: 5\r\nTransfer-Encoding: chunked", b"0\r\n\r\n"),
    "S71_te_cl": post(b"Transfer-Encoding: chunked\r\nContent-Length: 5", b"0\r\n\r\n"),
    "S71_cl_te_unknown": post(b"Content-Length: 2\r\nTransfer-Encoding: x", b"{}"),
    # S-72: what is not exactly `chunked`
    "S72_xchunked": post(b"Transfer-Encoding: xchunked", CHUNK),
    "S72_identity": post(b"Transfer-Encoding: identity", b"{}"),
    "S72_chunked_identity": post(b"Transfer-Encoding: chunked, identity", CHUNK),
    "S72_gzip_chunked": post(b"Transfer-Encoding: gzip, chunked", CHUNK),
    "S72_chunked_chunked": post(b"Transfer-Encoding: chunked, chunked", CHUNK),
    "S72_two_fields": post(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", CHUNK),
    "S72_two_different": post(b"Transfer-Encoding: chunked\r\nTransfer-encoding: x", CHUNK),
    "S72_vertical_tab": post(b"Transfer-Encoding: chunked\x0b", CHUNK),
    "S72_leading_vt": post(b"Transfer-Encoding: \x0bchunked", CHUNK),
    "S72_folded": post(b"Transfer-Encoding:\r\n chunked", CHUNK),
    "S72_space_colon": post(b"Transfer-Encoding : chunked", CHUNK),
    "S72_quoted": post(b'Transfer-Encoding: "chunked"', CHUNK),
    "S72_empty": post(b"Transfer-Encoding:", CHUNK),
    "S72_param": post(b"Transfer-Encoding: chunked;q=1", CHUNK),
    "S72_nul": post(b"Transfer-Encoding: chunked\x00", CHUNK),
    "S72_http10": POST.replace(b"1.1", b"1.0") + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNK,
    # S-73: lengths
    "S73_empty": post(b"Content-Length:", b"{}"),
    "S73_plus": post(b"Content-Length: +2", b"{}"),
    "S73_minus": post(b"Content-Length: -2", b"{}"),
    "S73_hex": post(b"Content-Length: 0x2", b"{}"),
    "S73_list": post(b"Content-Length: 2,2", b"{}"),
    "S73_list_other": post(b"Content-Length: 2, 3", b"{}"),
    "S73_semicolon": post(b"Content-Length: 2;", b"{}"),
    "S73_form_feed": post(b"Content-Length: 2\x0c", b"{}"),
    "S73_space_inside": post(b"Content-Length: 2 2", b"{}"),
    "S73_point": post(b"Content-Length: 2.0", b"{}"),
    "S73_same_twice": post(b"Content-Length: 2\r\nContent-Length: 2", b"{}"),
    "S73_two_values": post(b"Content-Length: 2\r\nContent-Length: 3", b"{}"),
    "S73_overflow": post(b"Content-Length: 18446744073709551618", b"{}"),
    "S73_huge": post(b"Content-Length: 99999999999999999999999999", b"{}"),
    "S73_unicode_digits": post("Content-Length: \u0662".encode(), b"{}"),
    # S-74: fields
    "S74_space_before_colon": GET + b"Host : a\r\n\r\n",
    "S74_tab_before_colon": GET + b"Host: a\r\nX\t: 1\r\n\r\n",
    "S74_obs_fold": GET + b"Host: a\r\nX: 1\r\n 2\r\n\r\n",
    "S74_leading_fold": GET + b" Host: a\r\n\r\n",
    "S74_bare_lf_line": GET + b"Host: a\n\r\n",
    "S74_bare_lf_all": GET.replace(b"\r\n", b"\n") + b"Host: a\n\n",
    "S74_bare_cr": GET + b"Host: a\r\nX: 1\r2\r\n\r\n",
    "S74_cr_cr_lf": GET + b"Host: a\r\r\n\r\n",
    "S74_nul_in_value": GET + b"Host: a\r\nX: 1\x002\r\n\r\n",
    "S74_nul_in_name": GET + b"Host: a\r\nX\x00: 1\r\n\r\n",
    "S74_control_in_value": GET + b"Host: a\r\nX: \x01\r\n\r\n",
    "S74_delete_in_value": GET + b"Host: a\r\nX: \x7f\r\n\r\n",
    "S74_empty_name": GET + b"Host: a\r\n: 1\r\n\r\n",
    "S74_no_colon": GET + b"Host: a\r\nX\r\n\r\n",
    "S74_space_in_name": GET + b"Host: a\r\nX Y: 1\r\n\r\n",
    "S74_bracket_in_name": GET + b"Host: a\r\nX[]: 1\r\n\r\n",
    "S74_high_octet_in_name": GET + b"Host: a\r\nX\xe9: 1\r\n\r\n",
    "S74_lf_cr": GET + b"Host: a\n\r\n\r",
    # S-75: chunks
    "S75_0x": post(b"Transfer-Encoding: chunked", b"0x2\r\n{}\r\n0\r\n\r\n"),
    "S75_sign": post(b"Transfer-Encoding: chunked", b"+2\r\n{}\r\n0\r\n\r\n"),
    "S75_space": post(b"Transfer-Encoding: chunked", b" 2\r\n{}\r\n0\r\n\r\n"),
    "S75_overflow": post(b"Transfer-Encoding: chunked", b"FFFFFFFFFFFFFFFF1\r\n{}\r\n0\r\n\r\n"),
    "S75_overflow_wrap": post(b"Transfer-Encoding: chunked", b"10000000000000002\r\n{}\r\n0\r\n\r\n"),
    "S75_empty_size": post(b"Transfer-Encoding: chunked", b"\r\n{}\r\n0\r\n\r\n"),
    "S75_bad_digit": post(b"Transfer-Encoding: chunked", b"g\r\n{}\r\n0\r\n\r\n"),
    "S75_no_crlf_after": post(b"Transfer-Encoding: chunked", b"2\r\n{}0\r\n\r\n"),
    "S75_lf_only": post(b"Transfer-Encoding: chunked", b"2\n{}\n0\n\n"),
    "S75_lf_after_size": post(b"Transfer-Encoding: chunked", b"2\n{}\r\n0\r\n\r\n"),
    "S75_extension_lf": post(b"Transfer-Encoding: chunked", b"2;a\nb\r\n{}\r\n0\r\n\r\n"),
    "S75_huge_extension": post(b"Transfer-Encoding: chunked", b"2;" + b"a" * 5000 + b"\r\n{}\r\n0\r\n\r\n"),
    "S75_bad_trailer": post(b"Transfer-Encoding: chunked", b"2\r\n{}\r\n0\r\nbad trailer\r\n\r\n"),
    "S75_negative": post(b"Transfer-Encoding: chunked", b"-1\r\n{}\r\n0\r\n\r\n"),
    # S-76: Host and request line
    "S76_no_host": GET + b"\r\n",
    "S76_two_hosts": GET + b"Host: a\r\nHost: b\r\n\r\n",
    "S76_same_host_twice": GET + b"Host: a\r\nHost: a\r\n\r\n",
    "S76_host_list": GET + b"Host: a,b\r\n\r\n",
    "S76_host_space": GET + b"Host: a b\r\n\r\n",
    "S76_host_path": GET + b"Host: a/b\r\n\r\n",
    "S76_host_user": GET + b"Host: x@a\r\n\r\n",
    "S76_host_port": GET + b"Host: a:99999\r\n\r\n",
    "S76_absolute_other_host": b"GET http://evil/.well-known/jwks.json HTTP/1.1\r\nHost: a\r\n\r\n",
    "S76_expect_other": post(b"Content-Length: 2\r\nExpect: y 100-continue", b"{}"),
    "S76_expect_unknown": post(b"Content-Length: 2\r\nExpect: 200-ok", b"{}"),
    "S76_two_spaces": b"GET  /.well-known/jwks.json HTTP/1.1\r\nHost: a\r\n\r\n",
    "S76_tab": b"GET\t/.well-known/jwks.json HTTP/1.1\r\nHost: a\r\n\r\n",
    "S76_trailing_space": b"GET /.well-known/jwks.json HTTP/1.1 \r\nHost: a\r\n\r\n",
    "S76_lower_version": b"GET /.well-known/jwks.json http/1.1\r\nHost: a\r\n\r\n",
    "S76_http09": b"GET /.well-known/jwks.json\r\n\r\n",
    "S76_http2": b"GET /.well-known/jwks.json HTTP/2.0\r\nHost: a\r\n\r\n",
    "S76_http12": b"GET /.well-known/jwks.json HTTP/1.2\r\nHost: a\r\n\r\n",
    "S76_version_junk": b"GET /.well-known/jwks.json HTTP/1.1x\r\nHost: a\r\n\r\n",
    "S76_nul_in_target": b"GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n",
    "S76_high_octet_in_target": b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n",
    "S76_preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "S76_tls_hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 40 + b"\r\n\r\n",
    "S76_junk": b"\x00\x01\x02\x03\r\n\r\n",
    "S76_leading_junk": b"xyz\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
}


@pytest.mark.parametrize("name", CORPUS)
def test_ambiguous_framing_is_refused_and_the_connection_closed(house, name):
    received = raw(house.address(), CORPUS[name] + HIDDEN, timeout_s=2)
    found = statuses(received)
    assert b"<silence>" not in received, f"the connection stayed open: {received[:300]!r}"
    assert len(found) == 1 and found[0] in (400, 413, 417, 431, 501, 505), received[:400]
    assert b"hidden" not in received and b'"keys"' not in received


def test_S76_a_body_left_unread_is_not_the_next_request(house):
    """A refused upload: whatever its body holds is never taken for a request."""
    evil = HIDDEN + b"x" * 200000
    request = b"POST /api/v1/auth/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(evil)
    received = raw(house.address(), request + evil)
    assert statuses(received)[:2] == [413] and b'"keys"' not in received


def test_S76_a_get_with_a_body_leaves_no_desync(house):
    request = GET + b"Host: a\r\nContent-Length: %d\r\n\r\n" % len(HIDDEN) + HIDDEN + GET + b"Host: a\r\nConnection: close\r\n\r\n"
    found = statuses(raw(house.address(), request))
    assert found in ([200, 200], [400], [413]), found


def test_S83_upgrades_are_not_tunnels(house):
    for upgrade in (b"h2c", b"websocket", b"TLS/1.0"):
        request = (GET + b"Host: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: " + upgrade + b"\r\nHTTP2-Settings: AAMAAABk\r\n\r\n"
                   + GET + b"Host: a\r\nConnection: close\r\n\r\n")
        assert statuses(raw(house.address(), request)) == [200, 200], upgrade


def test_S75_a_trailer_never_becomes_a_field(house, ada):
    body = b"2\r\n{}\r\n0\r\nAuthorization: Bearer " + ada.access.encode() + b"\r\n\r\n"
    request = b"PATCH /api/v1/users/me HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert statuses(raw(house.address(), request + body))[0] in (400, 401)


def test_S75_a_trailer_never_changes_the_framing(house):
    request = post(b"Transfer-Encoding: chunked", b"2\r\n{}\r\n0\r\nContent-Length: 7\r\nTransfer-Encoding: x\r\n\r\n")
    found = statuses(raw(house.address(), request + GET + b"Host: a\r\nConnection: close\r\n\r\n"))
    assert found in ([400], [422, 200]), found  # two requests, two answers


@pytest.mark.parametrize("request_, expected", [
    (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", (414,)),
    (GET + b"Host: a\r\nX: " + b"a" * 40000 + b"\r\n\r\n", (431,)),
    (GET + b"Host: a\r\n" + b"".join(b"X%d: 1\r\n" % i for i in range(150)) + b"\r\n", (431,)),
    (b"G" * 9000, (400, 414, 501))])
def test_S69_sizes_are_bounded(house, request_, expected):
    found = statuses(raw(house.address(), request_, timeout_s=3))
    assert found and found[0] in expected, found
