"""Google's discovery document as the judge of every request and every answer."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import httpx
import jsonschema

PATTERNS = {"uint64": r"^\d+$", "int64": r"^-?\d+$", "byte": r"^[A-Za-z0-9_=-]*$"}
ERROR = {
    "type": "object",
    "required": ["error"],
    "additionalProperties": False,
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "errors", "status"],
            "additionalProperties": False,
            "properties": {
                "code": {"type": "integer"},
                "message": {"type": "string", "minLength": 1},
                "status": {"type": "string", "pattern": "^[A-Z_]+$"},
                "errors": {
                    "type": "array",
                    "minItems": 1,
                    "items": {"required": ["domain", "reason", "message"]},
                },
                "details": {"type": "array", "items": {"required": ["@type", "reason"]}},
            },
        }
    },
}


@cache
def discovery():
    spec = find_spec("googleapiclient")
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parent / "discovery_cache" / "documents"
    return json.loads((folder / "gmail.v1.json").read_text())


def closed(schema):
    """Google's dialect as JSON Schema in which nothing undeclared may appear."""
    if "$ref" in schema:
        return {"$ref": f"#/$defs/{schema['$ref']}"}
    kind = {"type": schema["type"]}
    if kind["type"] == "object":
        properties = schema.get("properties", {})
        kind["properties"] = {name: closed(one) for name, one in properties.items()}
        kind["additionalProperties"] = False
    elif kind["type"] == "array":
        kind["items"] = closed(schema["items"])
        kind["minItems"] = 1  # Gmail leaves an empty list out
    elif "enum" in schema:
        kind["enum"] = schema["enum"]
    elif schema.get("format") in PATTERNS:
        kind["pattern"] = PATTERNS[schema["format"]]
    return kind


@cache
def validator(name):
    definitions = {one: closed(schema) for one, schema in discovery()["schemas"].items()}
    return jsonschema.Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": definitions})


def methods(resource):
    yield from resource.get("methods", {}).values()
    for inner in resource.get("resources", {}).values():
        yield from methods(inner)


def pattern(path):
    return re.compile("/" + re.sub(r"\{[^}]+\}", "[^/]+", path.lstrip("/")))


@cache
def calls():
    """(HTTP method, path pattern, is upload, the method's document), fixed words before ids."""
    found = []
    for one in methods(discovery()):
        found.append((one["httpMethod"], pattern(one.get("flatPath", one["path"])), False, one))
        if "mediaUpload" in one:
            simple = one["mediaUpload"]["protocols"]["simple"]
            found.append((one["httpMethod"], pattern(simple["path"]), True, one))
    return sorted(found, key=lambda call: call[1].pattern.count("[^/]+"))


def find_call(request):
    sent_path = request.url.raw_path.decode().partition("?")[0]
    for method, path, is_upload, document in calls():
        if method == request.method and path.fullmatch(sent_path):
            return document, is_upload
    raise AssertionError(f"Gmail has no call {request.method} {sent_path}")


def check_request(request):
    """Fail unless Gmail documents this request: path, parameters, body."""
    document, is_upload = find_call(request)
    known = {**document.get("parameters", {}), **discovery()["parameters"]}
    names = [name for name, _ in request.url.params.multi_items()]
    for name, value in request.url.params.multi_items():
        assert name in known, f"{document['id']} has no parameter {name}"
        assert known[name].get("repeated") or names.count(name) == 1, f"{name} is not repeatable"
        if "enum" in known[name]:
            assert value in known[name]["enum"], f"{name}={value}"
    content = request.read()
    if is_upload:
        content = described_part(request)
    if "request" in document and content:
        validator(document["request"]["$ref"]).validate(json.loads(content))
    return document


def described_part(request):
    boundary = request.headers["content-type"].partition("boundary=")[2].encode()
    before, described, email, after = request.read().split(b"--" + boundary)
    assert (before, after) == (b"", b"--\r\n")
    assert b"Content-Type: application/json" in described[:200]
    assert b"Content-Type: message/rfc822" in email[:200]
    return described.partition(b"\r\n\r\n")[2]


def check_answer(document, response):
    """Fail unless this is how Gmail answers that call."""
    content = response.read()
    if response.status_code >= 400:
        jsonschema.validate(json.loads(content), ERROR)
    elif "response" in document:
        validator(document["response"]["$ref"]).validate(json.loads(content))
    else:
        assert (response.status_code, content) == (204, b"")


class JudgedTransport(httpx.BaseTransport):
    """Passes everything on, and lets the discovery document judge what goes and what comes."""

    def __init__(self, inner):
        self.inner = inner
        self.judged = []

    def handle_request(self, request):
        document = check_request(request) if "/gmail/v1/" in request.url.path else None
        response = self.inner.handle_request(request)
        if document:
            check_answer(document, response)
            self.judged.append(document["id"])
        return response

    def close(self):
        self.inner.close()
