"""What went wrong, as programs read it: problem details by RFC 9457."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from flask import Response, jsonify

from crm.web.request_ids import request_id


def problem(
    status: int, detail: str, fields: Mapping[str, Sequence[str]] | None = None, more: Mapping[str, Any] | None = None
) -> Response:
    """The answer with this status: `detail` is a sentence, `errors` has the messages by field where there are any, and
    `more` what else there is to say of this kind of trouble.
    """
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    body |= {"request_id": request_id(), **(more or {})}
    response = jsonify(body | {"errors": fields} if fields else body)
    response.status_code, response.mimetype = status, "application/problem+json"
    return response
