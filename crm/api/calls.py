"""What a call takes and gives, declared at its view: read strictly before the view runs, and described in OpenAPI."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from flask import Response, current_app, request
from pydantic import BaseModel, ValidationError
from spectree import Response as Answers
from spectree import SpecTree
from spectree.model_adapter.protocol import SchemaMode
from spectree.plugins.base import Context
from spectree.plugins.flask_plugin import FlaskPlugin

from crm.api.body import read, read_form
from crm.api.listing import ListQuery
from crm.api.mistakes import by_field
from crm.api.schemas.problem import Problem
from crm.errors import Invalid
from crm.i18n import gettext as _

View = TypeVar("View", bound=Callable[..., Any])
Model = type[BaseModel]
ALWAYS = (401, 403, 404, 405, 422, 429, 500, 503)
OF_A_BODY = (400, 413, 415)


class Strict(FlaskPlugin):
    """spectree's Flask, with bodies and addresses read by the product's own rules, and mistakes raised as `Invalid`."""

    def request_validation(self, request: Any, query: Any, json: Any, form: Any, headers: Any, cookies: Any) -> None:
        """Read what was sent into the models that the view names."""
        of_query = _query(query) if query is None or not issubclass(query, ListQuery) else None
        request.context = Context(of_query, read(json) if json else None, read_form(form) if form else None, None, None)

    def validate_response(
        self, resp: Any, resp_model: Answers | None, skip_validation: bool, force_resp_serialize: bool
    ) -> tuple[Response, None]:
        """Make the answer; under test it is held against what is declared."""
        response = current_app.make_response(resp)
        if current_app.testing and resp_model:
            _hold(response, resp_model)
        return response, None


class Described(SpecTree):
    """spectree, whose schemas are made when the description is asked for: at every start of every process they would
    cost as much as all else together.
    """

    def __init__(self, *words: Any, **settings: Any) -> None:
        super().__init__(*words, **settings)
        self._named: dict[str, tuple[Model, SchemaMode]] = {}

    def _add_model(self, model: Model, mode: SchemaMode = "validation") -> str:
        key: str = self.naming_strategy(model)
        self._named[key] = model, mode
        return key

    def _generate_spec(self) -> dict[str, Any]:
        for model, mode in self._named.values():
            super()._add_model(model, mode)
        return super()._generate_spec()


spec = Described("flask", backend=Strict, mode="strict", naming_strategy=lambda model: model.__name__,
                nested_naming_strategy=lambda _parent, child: child)  # fmt: skip


def call(
    gives: Mapping[int, Model | None],
    refuses: Sequence[int] = (),
    query: Model | None = None,
    sends: Sequence[str] = (),
    tells: Sequence[str] = (),
    content: str = "",
) -> Callable[[View], View]:
    """Declare what the view answers by status, and which refusals there are beside those that every call has; `sends`
    and `tells` are headers of `headers.py`, of the request and of what it gives; `content` is its kind where it is no
    JSON.

    A body is the view's argument `json: SomeModel` (`form: SomeModel` with a file), an address's parameters are
    `query: SomeModel`; a list gives `query=query_of(LISTING)` here and reads `request.args` through the listing.
    """

    def declare(view: View) -> View:
        has_body = {"json", "form"} & set(view.__annotations__)
        problems = {*ALWAYS, *refuses, *(OF_A_BODY if has_body else ())}
        answers = dict(gives) | dict.fromkeys(sorted(problems), Problem)
        noun = view.__module__.rpartition(".")[2]
        declared: View = spec.validate(
            query=query,
            resp=Answers(**{f"HTTP_{status}": model for status, model in answers.items()}),
            tags=[noun],
            operation_id=view.__name__,
            validation_error_status=422,
        )(view)
        vars(declared).update(sends=tuple(sends), tells=tuple(tells), content=content)
        return declared

    return declare


def _query(model: Model | None) -> BaseModel | None:
    given: dict[str, str] = {}
    errors = {}
    for name, values in request.args.lists():
        if model is None or name not in _names(model):
            errors[name] = [_("There is no such parameter.")]
        elif len(values) > 1:
            errors[name] = [_("This is given more than once.")]
        else:
            given[name] = values[0]
    if errors:
        raise Invalid(errors)
    if model is None:
        return None
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise Invalid(by_field(error)) from error


def _names(model: Model) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


def _hold(response: Response, declared: Answers) -> None:
    """The answer is what the call says that it gives, or the test fails."""
    model = declared.find_model(response.status_code)
    if model is not None:
        model.model_validate_json(response.get_data(), strict=True)
    elif f"HTTP_{response.status_code}" not in declared.codes:
        raise RuntimeError(f"the status {response.status_code} is not declared")
