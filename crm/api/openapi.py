"""The description of the API (OpenAPI 3.1), made of the calls themselves."""

import copy
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from flask import current_app
from werkzeug.routing import Rule

from crm.api import headers
from crm.api.calls import spec
from crm.api.examples import example_of
from crm.web.guards import PUBLIC

TITLE = "Wallet CRM"
VERSION = "1"
ABOUT = """Customers, their wallets, and the money that moves between them.

Sign in with a token: `Authorization: Bearer crm_…`. Bodies and answers are JSON. Amounts are decimal
strings (`"1250.00"`), moments are RFC 3339 in UTC. What goes wrong is problem+json (RFC 9457) that names the field.
Lists take a filter and an order for every field, and give `next_cursor` until all is read.
"""
_BEARER = {"bearer": {"type": "http", "scheme": "bearer", "description": "A token of yours."}}
_PROBLEM = {"$ref": "#/components/schemas/Problem"}
_KINDS: dict[str, dict[str, Any]] = {
    "int": {"type": "integer", "format": "int64", "minimum": 1},
    "uuid": {"type": "string", "format": "uuid"},
}


@cache
def described() -> Mapping[str, Any]:
    """The whole description; it is the same for as long as the process lives."""
    found = copy.deepcopy(spec.spec)
    schemas = {name: _untitled(schema) for name, schema in sorted(found["components"]["schemas"].items())}
    schemas = {name: schema for name, schema in schemas.items() if not name.endswith("Query")}
    paths: dict[str, Any] = {}
    for path, calls in found["paths"].items():
        for method, operation in calls.items():
            paths.setdefault(path.replace("{pk}", "{id}"), {})[method] = _call(operation, schemas)
    for rule in _sockets():
        paths[_path(rule)] = {"get": _socket(rule)}
    return {
        "openapi": "3.1.0",
        "info": {"title": TITLE, "version": VERSION, "description": ABOUT},
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "tags": [
            {"name": name} for name in sorted({one["tags"][0] for calls in paths.values() for one in calls.values()})
        ],
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": schemas, "headers": headers.TOLD, "securitySchemes": _BEARER},
    }


def _call(operation: dict[str, Any], schemas: Mapping[str, Any]) -> dict[str, Any]:
    view: Any = current_app.view_functions[f"api.{operation['operationId']}"]
    parameters = [_parameter(one) for one in operation["parameters"]]
    parameters += [{"name": name, "in": "header", **headers.SENT[name]} for name in view.sends]
    answers = {
        status: _answer(int(status), answer, view, schemas) for status, answer in sorted(operation["responses"].items())
    }
    called = {**operation, "parameters": parameters, "responses": answers, **_needed(view, operation["description"])}
    if "requestBody" in operation:
        called["requestBody"] = _body(operation["requestBody"], schemas)
    return called


def _needed(view: Any, description: str) -> dict[str, Any]:
    """What a token needs for it, in words too."""
    if view.permission == PUBLIC:
        return {"security": [], "description": description.strip()}
    scope = f"Scope: `{'` or `'.join(view.scopes)}`." if view.scopes else "Any token."
    return {"description": "\n\n".join(filter(None, (description.strip(), scope)))}


def _parameter(parameter: dict[str, Any]) -> dict[str, Any]:
    schema = _untitled(parameter["schema"])
    description = schema.pop("description", "") or parameter.get("description", "")
    if parameter["in"] != "path":
        return {"name": parameter["name"], "in": "query", "description": description, "schema": _without_null(schema)}
    kind = _KINDS.get(
        "uuid" if schema.get("format") == "uuid" else "int" if schema["type"] == "integer" else "", schema
    )
    named = {"name": "id" if parameter["name"] == "pk" else parameter["name"], "in": "path", "required": True}
    return named | {"schema": kind, "example": example_of(kind, {})}


def _body(body: dict[str, Any], schemas: Mapping[str, Any]) -> dict[str, Any]:
    content = {
        kind: {"schema": one["schema"], "example": example_of(one["schema"], schemas, wanted=True)}
        for kind, one in body["content"].items()
    }
    return {"required": True, "content": content}


def _answer(status: int, answer: dict[str, Any], view: Any, schemas: Mapping[str, Any]) -> dict[str, Any]:
    told = {
        "description": answer["description"],
        "headers": headers.told_with(status, view.tells if status < 300 else ()),
    }
    if status >= 400:
        return told | {"content": {"application/problem+json": {"schema": _PROBLEM}}}
    if view.content:
        return told | {"content": {view.content: {"schema": {"type": "string"}}}}
    if "content" not in answer:
        return told
    schema = answer["content"]["application/json"]["schema"]
    return told | {"content": {"application/json": {"schema": schema, "example": example_of(schema, schemas)}}}


def _sockets() -> Iterator[Rule]:
    for rule in current_app.url_map.iter_rules():
        if rule.websocket and rule.endpoint.startswith("api."):
            yield rule


def _socket(rule: Rule) -> dict[str, Any]:
    """A WebSocket has no words of its own in OpenAPI: it is a GET that switches protocols."""
    view: Any = current_app.view_functions[rule.endpoint]
    summary, _blank, rest = (view.__doc__ or "").partition("\n\n")
    problems = {
        str(status): {"description": "A problem.", "content": {"application/problem+json": {"schema": _PROBLEM}}}
        for status in (400, 401, 403, 404, 429, 503)
    }
    name = rule.endpoint.removeprefix("api.")
    return {
        "summary": " ".join(summary.split()),
        "operationId": name,
        "tags": [view.__module__.rpartition(".")[2]],
        "x-websocket": True,
        "parameters": [
            _parameter({"name": one, "in": "path", "schema": _KINDS["uuid"]}) for one in sorted(rule.arguments)
        ],
        "responses": {"101": {"description": "A WebSocket of JSON messages."}, **problems},
        **_needed(view, " ".join(rest.split())),
    }


def _path(rule: Rule) -> str:
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule).replace("{pk}", "{id}")


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """An address has no null: what need not be sent is left out."""
    kinds = [one for one in schema.pop("anyOf", []) if one != {"type": "null"}]
    if schema.get("default", 0) is None:
        del schema["default"]
    return {**(kinds[0] if kinds else {}), **schema}


def _untitled(schema: Any) -> Any:
    """Without the titles that pydantic makes of names."""
    if isinstance(schema, list):
        return [_untitled(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {name: _untitled(one) for name, one in schema.items() if not (name == "title" and isinstance(one, str))}
