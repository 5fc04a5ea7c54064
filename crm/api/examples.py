"""An example of whatever a schema describes, put together from the examples of its fields."""

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]
_BY_TYPE: dict[str, Any] = {"string": "text", "integer": 1, "number": 1, "boolean": True, "null": None}
_BY_FORMAT = {"date-time": "2026-01-31T09:00:00Z", "date": "2026-01-31", "uuid": "01a213d1-5274-728a-999e-32b360ccb5cf"}
_PREFIX = "#/components/schemas/"


def example_of(schema: Schema, schemas: Mapping[str, Schema], wanted: bool = False) -> Any:
    """A value that fits the schema; `wanted` leaves out what need not be sent and has no example."""
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].removeprefix(_PREFIX)], schemas, wanted)
    for name in ("examples", "enum"):
        if schema.get(name):
            return schema[name][0]
    if "example" in schema:
        return schema["example"]
    if "const" in schema:
        return schema["const"]
    if "anyOf" in schema:
        return example_of(schema["anyOf"][0], schemas, wanted)
    if schema.get("type") == "object":
        return _object(schema, schemas, wanted)
    if schema.get("type") == "array":
        return [example_of(schema["items"], schemas, wanted)]
    return _BY_FORMAT.get(schema.get("format", ""), _BY_TYPE.get(schema.get("type", ""), "text"))


def _object(schema: Schema, schemas: Mapping[str, Schema], wanted: bool) -> dict[str, Any]:
    fields = schema.get("properties", {})
    needed = schema.get("required", ())
    kept = {name: one for name, one in fields.items() if not wanted or name in needed or one.get("examples")}
    return {name: example_of(one, schemas, wanted) for name, one in kept.items()}
