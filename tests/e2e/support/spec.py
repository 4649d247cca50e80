"""api/openapi.yaml as a judge: finds the operation of an exchange, validates it, remembers what was seen."""
import collections
import json
import pathlib
import re

import jsonschema
import yaml

SPEC_PATH = pathlib.Path(__file__).resolve().parents[3] / "api" / "openapi.yaml"
SPEC = yaml.safe_load(SPEC_PATH.read_text(encoding="utf-8"))
TRANSPORT = SPEC["components"]["responses"]["Transport"]
METHODS = ("get", "put", "post", "delete", "patch")

seen = collections.Counter()  # (operation_id, status) → how often
seen_codes = collections.Counter()  # (operation_id, status, code)
_validators = {}


def resolve(node):
    while isinstance(node, dict) and "$ref" in node:
        target = SPEC
        for part in node["$ref"].lstrip("#/").split("/"):
            target = target[part]
        node = target
    return node


class Operation:
    def __init__(self, listener, method, path, item, body):
        self.listener, self.method, self.path, self.body = listener, method, path, body
        self.id = body["operationId"]
        self.parameters = [resolve(p) for p in item.get("parameters", []) + body.get("parameters", [])]
        self.responses = {status: resolve(r) for status, r in body["responses"].items()}
        self.pattern = re.compile("^" + re.sub(r"\{\w+\}", "[^/]+", re.escape(path).replace(r"\{", "{").replace(r"\}", "}")) + "$")

    def response_for(self, status):
        exact = self.responses.get(str(status))
        if exact:
            return exact
        transport = self.responses.get("default")
        return transport if transport and status in transport["x-statuses"] else None

    def request_schema(self):
        body = resolve(self.body.get("requestBody"))
        return body["content"]["application/json"]["schema"] if body else None


def _load():
    operations = []
    for path, item in SPEC["paths"].items():
        port = item.get("servers", SPEC["servers"])[0]["url"].rsplit(":", 1)[1]
        listener = {"8080": "public", "8081": "admin", "8082": "internal"}[port]
        operations += [Operation(listener, m, path, item, item[m]) for m in METHODS if m in item]
    return sorted(operations, key=lambda operation: operation.path.count("{"))  # literal paths win


OPERATIONS = _load()


def find(listener, method, path):
    method = "get" if method.lower() == "head" else method.lower()
    for operation in OPERATIONS:
        if operation.listener == listener and operation.method == method and operation.pattern.match(path.split("?")[0]):
            return operation
    return None


def validator(schema):
    key = json.dumps(schema, sort_keys=True)
    if key not in _validators:
        resolver = jsonschema.RefResolver("", SPEC)
        _validators[key] = jsonschema.Draft202012Validator(schema, resolver=resolver, format_checker=jsonschema.FormatChecker())
    return _validators[key]


def problems_of(schema, value):
    return [f"{'/'.join(map(str, e.absolute_path)) or '(root)'}: {e.message}" for e in validator(schema).iter_errors(value)]


def check(listener, method, path, request_body, request_headers, answer):
    """Raises when the exchange is not what the description says."""
    operation = find(listener, method, path)
    where = f"{method} {path} → {answer.status}"
    if operation is None:
        check_unknown(method, answer, where)
        return
    response = operation.response_for(answer.status)
    assert response is not None, f"{where}: this status is not in api/openapi.yaml"
    seen[operation.id, answer.status] += 1
    check_headers(response, answer, where)
    check_body(response, method, answer, where)
    if answer.code:
        seen_codes[operation.id, answer.status, answer.code] += 1
        codes = response.get("x-codes", []) + TRANSPORT["x-codes"]
        assert answer.code in codes, f"{where}: code {answer.code} is not in api/openapi.yaml: {codes}"
    if answer.status < 300 and operation.request_schema() and request_body:
        wrong = problems_of(operation.request_schema(), json.loads(request_body))
        assert not wrong, f"{where}: accepted a body that the description refuses: {wrong}"


def check_unknown(method, answer, where):
    """A path or method that is not described must not be served."""
    if method == "OPTIONS":
        assert answer.status in (204, 404), where
    else:
        assert answer.status in (400, 404, 405, 414, 501), f"{where}: answered, but not in api/openapi.yaml"


def check_headers(response, answer, where):
    for name, header in response.get("headers", {}).items():
        header = resolve(header)
        value = answer.header(name)
        assert value is not None or not header.get("required"), f"{where}: no {name} header"
        if value is not None:
            wrong = problems_of(header["schema"], value)
            assert not wrong, f"{where}: header {name}: {wrong}"
            assert len(answer.headers(name)) == 1, f"{where}: {name} stands twice"


def check_body(response, method, answer, where):
    if method == "HEAD" or "content" not in response:
        assert not answer.body, f"{where}: a body where none may be: {answer.body[:200]!r}"
        return
    media_type = answer.header("content-type", "").split(";")[0]
    assert media_type in response["content"], f"{where}: content type {media_type!r}, described {list(response['content'])}"
    if media_type.endswith("json") and not answer.header("content-encoding"):
        value = json.loads(answer.body)
        wrong = problems_of(response["content"][media_type]["schema"], value)
        assert not wrong, f"{where}: {wrong}\n{answer.body[:600]!r}"
        if media_type == "application/problem+json":
            assert value["status"] == answer.status, f"{where}: status in the body is {value['status']}"
            assert value["correlation_id"] == answer.header("x-correlation-id", value["correlation_id"]), where
