"""What went wrong, as programs read it: problem details by RFC 9457."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from flask import Response, jsonify


def problem(status: int, detail: str, fields: Mapping[str, Sequence[str]] | None = None) -> Response:
    """The answer with this status: `detail` is a sentence, `errors` has the messages by field where there are any."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    response = jsonify(body | {"errors": fields} if fields else body)
    response.status_code, response.mimetype = status, "application/problem+json"
    return response
