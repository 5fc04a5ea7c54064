"""The API described: for programs as OpenAPI, for people as a page."""

import json
import shlex
from typing import Any

from flask import Response, jsonify, make_response, render_template, request

from crm.api import bp
from crm.api.openapi import described
from crm.web.guards import PUBLIC, requires


@bp.get("/openapi.json")
@requires(PUBLIC)
def openapi() -> Response:
    """The description by OpenAPI 3.1."""
    return jsonify(described())


@bp.get("/docs")
@requires(PUBLIC, session=True)
def docs() -> Response:
    """The same to read and to search, with each call as a curl command."""
    query = request.args.get("q", "")[:100]
    found = [one for one in _calls() if _matches(one, query)]
    schemas = described()["components"]["schemas"]
    context = {"query": query, "calls": found, "schemas": schemas, "about": described()["info"]["description"]}
    return make_response(render_template("api/docs.html", **context))


def _calls() -> list[dict[str, Any]]:
    return [
        {"path": path, "method": method.upper(), "curl": _curl(path, method, call), **call}
        for path, calls in described()["paths"].items()
        for method, call in calls.items()
    ]


def _matches(call: dict[str, Any], query: str) -> bool:
    text = f"{call['method']} {call['path']} {call['summary']} {call['description']}".casefold()
    return all(word in text for word in query.casefold().split())


def _curl(path: str, method: str, call: dict[str, Any]) -> str:
    """The call as a command, with the examples filled in."""
    if call.get("x-websocket"):
        return f"websocat -H='Authorization: Bearer '$TOKEN ws://{request.host}{_filled(path, call)}"
    words = ["curl", *(["-X", method.upper()] if method in ("patch", "delete") else [])]
    words += [shlex.quote(f"{request.host_url.rstrip('/')}{_filled(path, call)}")]
    if call.get("security") != []:
        words += ["-H", '"Authorization: Bearer $TOKEN"']
    for one in call["parameters"]:
        if one["in"] == "header":
            words += ["-H", shlex.quote(f"{one['name']}: {one['example']}")]
    for kind, body in call.get("requestBody", {}).get("content", {}).items():
        if kind == "application/json":
            words += [
                "-H",
                "'Content-Type: application/json'",
                "-d",
                shlex.quote(json.dumps(body["example"], ensure_ascii=False)),
            ]
        else:
            words += ["-F", "file=@customers.csv"]
    return " ".join(words)


def _filled(path: str, call: dict[str, Any]) -> str:
    for one in call["parameters"]:
        if one["in"] == "path":
            path = path.replace(f"{{{one['name']}}}", str(one["example"]))
    return path
