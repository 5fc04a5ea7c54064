"""All calls as a collection that Insomnia imports (its export format 4)."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from crm.api.openapi import TITLE, described

WORKSPACE, ENVIRONMENT = "wrk_crm", "env_crm"
_BEARER = {"type": "bearer", "token": "{{ _.token }}"}
_VARIABLES = {"base_url": "http://127.0.0.1:8000", "token": "crm_…"}


def collection() -> str:
    """The collection as JSON; the same calls give the same text."""
    resources = [
        {"_id": WORKSPACE, "_type": "workspace", "parentId": None, "name": TITLE, "scope": "collection"},
        {"_id": ENVIRONMENT, "_type": "environment", "parentId": WORKSPACE, "name": "Here", "data": _VARIABLES},
    ]
    for tag in described()["tags"]:
        name = tag["name"]
        resources.append({"_id": f"fld_{name}", "_type": "request_group", "parentId": WORKSPACE, "name": name})
    resources += _requests()
    export = {"_type": "export", "__export_format": 4, "__export_source": "crm", "resources": resources}
    return json.dumps(export, ensure_ascii=False, indent=1) + "\n"


def _requests() -> Iterator[dict[str, Any]]:
    for path, calls in described()["paths"].items():
        for method, call in calls.items():
            is_socket = call.get("x-websocket", False)
            request: dict[str, Any] = {
                "_id": f"{'ws-req' if is_socket else 'req'}_{call['operationId']}",
                "_type": "websocket_request" if is_socket else "request",
                "parentId": f"fld_{call['tags'][0]}",
                "name": call["summary"],
                "description": call["description"],
                "url": "{{ _.base_url }}" + _filled(path, call),
                "headers": [_named(one) for one in call["parameters"] if one["in"] == "header"],
                "parameters": [
                    _named(one) for one in call["parameters"] if one["in"] == "query" and "__" not in one["name"]
                ],
                "authentication": {} if call.get("security") == [] else _BEARER,
            }
            yield request if is_socket else request | {"method": method.upper(), "body": _body(call)}


def _filled(path: str, call: Mapping[str, Any]) -> str:
    for one in call["parameters"]:
        if one["in"] == "path":
            path = path.replace(f"{{{one['name']}}}", str(one["example"]))
    return path


def _named(parameter: Mapping[str, Any]) -> dict[str, Any]:
    """A header with its example; a filter is there to be switched on."""
    is_header = parameter["in"] == "header"
    return {"name": parameter["name"], "value": parameter.get("example", ""), "disabled": not is_header}


def _body(call: Mapping[str, Any]) -> dict[str, Any]:
    for kind, body in call.get("requestBody", {}).get("content", {}).items():
        if kind == "application/json":
            return {"mimeType": kind, "text": json.dumps(body["example"], ensure_ascii=False, indent=2)}
        return {"mimeType": kind, "params": [{"name": "file", "type": "file", "fileName": ""}]}
    return {}
