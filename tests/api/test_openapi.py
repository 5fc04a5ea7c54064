"""The description of the API has every call, and a page to read it on."""

import json
import re

import pytest

from crm.api.commands import COLLECTION
from crm.api.insomnia import collection
from crm.api.openapi import described
from tests.api.programs import Program

LEFT_OUT = {"/api/v1/openapi.json", "/api/v1/docs"}  # the description itself


def test_every_call_is_described(app):
    routes = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule).replace("{pk}", "{id}"), method.lower())
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/api/") and rule.rule not in LEFT_OUT
    }
    found = described()
    assert routes == {(path, method) for path, calls in found["paths"].items() for method in calls}


def test_every_call_says_what_it_does_and_has_an_example(app):
    for calls in described()["paths"].values():
        for call in calls.values():
            assert call["summary"] and call["tags"] and call["operationId"]
            for one in call["parameters"]:
                assert "schema" in one and (one["in"] == "query" or "example" in one)
            for body in call.get("requestBody", {}).get("content", {}).values():
                assert "example" in body
            assert {"401", "403", "404", "429", "503"} <= set(call["responses"]) or call.get("security") == []


def test_all_that_is_referred_to_is_there(app):
    found = described()
    for kind, name in re.findall(r"'#/components/(\w+)/([\w-]+)'", str(found)):
        assert name in found["components"][kind]


def test_it_is_served_to_anybody(app):
    answer = Program(app).get("/openapi.json")
    assert (answer.status_code, answer.json["openapi"]) == (200, "3.1.0")


@pytest.mark.parametrize("query", ["", "customer", "zzz", "%00", "'\"><b>"])
def test_the_page_has_the_calls_that_are_looked_for(client, query):
    answer = client.get("/api/v1/docs", query_string={"q": query})
    assert answer.status_code == 200 and "'\"><b>" not in answer.text
    assert ("customer_get" in answer.text) == (query in ("", "customer"))


def test_the_page_is_for_who_has_signed_in_too(client_of, vera):
    answer = client_of(vera).get("/api/v1/docs")
    assert "Vera" in answer.text and "Authorization: Bearer $TOKEN" in answer.text


def test_the_collection_for_insomnia_is_up_to_date(app):
    assert COLLECTION.read_text() == collection(), "run: flask --app wsgi api insomnia"
    requests = [one for one in json.loads(collection())["resources"] if one["_type"].endswith("request")]
    assert {one["_id"].partition("_")[2] for one in requests} == {
        call["operationId"] for calls in described()["paths"].values() for call in calls.values()
    }


def test_the_commands_write_what_is_served(app, tmp_path):
    runner = app.test_cli_runner()
    assert runner.invoke(args=["api", "insomnia", "--output", str(tmp_path / "a.json")]).exit_code == 0
    assert (tmp_path / "a.json").read_text() == collection()
    assert json.loads(runner.invoke(args=["api", "openapi"]).stdout) == Program(app).get("/openapi.json").json
