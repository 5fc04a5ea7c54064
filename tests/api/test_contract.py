"""Whatever the description of the API allows and forbids is sent, and each answer is one that it describes."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import positive_data_acceptance

from crm.db import db
from crm.models import Role
from tests import databases, money, people
from tests.api.programs import token_of
from tests.conftest import person

EXAMPLES = 6  # of each call, allowed and forbidden ones


@pytest.fixture(scope="module")
def office(app_on: Callable[[str], Flask], run: Path) -> Iterator[tuple[Flask, str]]:
    """An office with a little of everything, and the administrator's token."""
    app = app_on("sqlite")
    databases.empty(app, run)
    with app.app_context():
        token = token_of(person("Alice", Role.ADMIN))
        money.wallet_of(people.add("Anna", phone="+79123456789", tags=["vip"]).id, balance=100_000)
        db.session.remove()
    yield app, token


def calls(app: Flask) -> Iterator[APIOperation]:
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app).exclude(path_regex="/ws$")
    return (found.ok() for found in schema.get_all_operations())


def ask(call: APIOperation, mode: GenerationMode, headers: dict[str, str]) -> None:
    """Send what the description allows, or forbids, and hold each answer against it.

    That all is taken which has the right shape is left out: a phone that is none, or a link that was used, is a 422.
    """

    @given(case=call.as_strategy(generation_mode=mode))
    @settings(max_examples=EXAMPLES, deadline=None, database=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    def each(case: Case) -> None:
        case.call_and_validate(headers=headers, excluded_checks=[positive_data_acceptance])

    each()


def described(error: BaseException) -> str:
    inner = error.exceptions if isinstance(error, BaseExceptionGroup) else [error]
    return "\n".join(f"{type(one).__name__}: {one}" for one in inner)


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_every_answer_is_as_described(office, mode):
    app, token = office
    wrong = []
    for call in calls(app):
        try:
            ask(call, mode, {"Authorization": f"Bearer {token}"})
        except Unsatisfiable:
            continue  # nothing is forbidden there
        except (Exception, BaseExceptionGroup) as error:
            wrong.append(f"{call.label}: {described(error)}")
    assert not wrong, "\n\n".join(wrong)
