"""The recording HTTP client: every exchange of a whole run is checked against api/openapi.yaml as it happens."""
import http.client
import json
import socket
import time

from . import spec

REFUSES_CONNECTION = (ConnectionError, socket.timeout, http.client.HTTPException)


class Answer:
    """A response, read to its end."""

    def __init__(self, status, fields, body, elapsed_s):
        self.status, self.fields, self.body, self.elapsed_s = status, fields, body, elapsed_s

    def header(self, name, default=None):
        values = self.headers(name)
        return values[0] if values else default

    def headers(self, name):
        return [value for key, value in self.fields if key.lower() == name.lower()]

    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        """The `code` of a problem document, None for anything else."""
        if not self.body or not self.header("content-type", "").startswith("application/problem+json"):
            return None
        return self.json()["code"]

    @property
    def field_codes(self):
        """{field: code} of a problem document."""
        return {error["field"]: error["code"] for error in self.json().get("errors", [])}

    def __repr__(self):
        return f"<{self.status} {self.body[:300]!r}>"


class Client:
    """One listener of one process. `keeps` keeps one connection open; otherwise each request has its own."""

    def __init__(self, address, listener="public", keeps=False, timeout_s=15):
        self.address, self.listener, self.keeps, self.timeout_s = address, listener, keeps, timeout_s
        self.connection = None

    def connect(self):
        connection = http.client.HTTPConnection(*self.address, timeout=self.timeout_s)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def close(self):
        if self.connection:
            self.connection.close()
            self.connection = None

    def request(self, method, path, json=None, body=None, headers=None, token=None):
        headers = dict(headers or {})
        if json is not None:
            body = dumps(json)
            headers.setdefault("Content-Type", "application/json")
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        connection = self.connection or self.connect()
        self.connection = connection if self.keeps else None
        try:
            started = time.perf_counter()
            connection.request(method, path, body=body, headers=headers)
            response = connection.getresponse()
            content = response.read()
            elapsed_s = time.perf_counter() - started
        except Exception:
            connection.close()
            self.connection = None
            raise
        if not self.keeps or response.will_close:
            connection.close()
            self.connection = None
        answer = Answer(response.status, response.getheaders(), content, elapsed_s)
        spec.check(self.listener, method, path, body, headers, answer)
        return answer

    def get(self, path, **rest):
        return self.request("GET", path, **rest)

    def post(self, path, json=None, **rest):
        return self.request("POST", path, json=json, **rest)

    def put(self, path, json=None, **rest):
        return self.request("PUT", path, json=json, **rest)

    def patch(self, path, json=None, **rest):
        return self.request("PATCH", path, json=json, **rest)

    def delete(self, path, **rest):
        return self.request("DELETE", path, **rest)


def dumps(value):
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


def raw(address, data, timeout_s=5, half_close=False):
    """Sends bytes as they are and returns all that comes back until the other end closes or is silent."""
    with socket.create_connection(address, timeout=timeout_s) as connection:
        connection.sendall(data)
        if half_close:
            connection.shutdown(socket.SHUT_WR)
        return read_all(connection)


def read_all(connection):
    received = b""
    try:
        while chunk := connection.recv(65536):
            received += chunk
    except socket.timeout:
        received += b"<silence>"
    except ConnectionResetError:
        received += b"<reset>"
    return received


def statuses(received):
    """The status codes of the responses in a raw byte stream."""
    found, rest = [], received
    while True:
        at = rest.find(b"HTTP/1.1 ")
        if at < 0:
            return found
        found.append(int(rest[at + 9:at + 12]))
        rest = rest[at + 12:]
