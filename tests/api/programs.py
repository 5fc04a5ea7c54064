"""A program that calls the API with a token, and tokens for tests."""

import json
from contextvars import Context
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from crm.db import db
from crm.models import User
from crm.services import tokens
from tests import people


class Program:
    """`Program(app, token).get("/customers")`: each request in a context of its own, as a server would run it."""

    def __init__(self, app: Flask, token: str | None = None) -> None:
        self.app, self.token = app, token

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        """Send the body as JSON (bytes as they are); a header's name has `_` for `-`."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token is not None:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body)
        if data is not None:
            sent.setdefault("Content-Type", "application/json")
        client = self.app.test_client(use_cookies=False)
        url = path if path.startswith("/api/") else f"/api/v1{path}"
        answer = Context().run(
            lambda: super(type(client), client).open(url, method=method, data=data, headers=sent, buffered=True)
        )
        db.session.rollback()  # the test's own session sees what the request has changed
        return answer

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> TestResponse:
        return self.call("POST", path, {} if body is None else body, **headers)

    def patch(self, path: str, body: Any, **headers: str) -> TestResponse:
        return self.call("PATCH", path, body, **headers)

    def delete(self, path: str, **headers: str) -> TestResponse:
        return self.call("DELETE", path, **headers)

    def all_of(self, path: str, limit: int) -> list[dict[str, Any]]:
        """What is on all pages of a list."""
        mark, items, cursor = "&" if "?" in path else "?", [], ""
        while True:
            answer = self.get(f"{path}{mark}limit={limit}{cursor}")
            assert answer.status_code == 200, answer.text
            assert len(answer.json["items"]) <= limit
            items += answer.json["items"]
            if answer.json["next_cursor"] is None:
                return items
            cursor = f"&cursor={answer.json['next_cursor']}"


def token_of(user: User, *scopes: str, **more: Any) -> str:
    """The secret of a new token of the user."""
    return tokens.create(people.CLI, user.id, "test", scopes, **more)[1]
