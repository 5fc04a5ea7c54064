"""How often programs may ask, and who may ask from a browser."""

import pytest
from limits.storage import MemoryStorage

from crm import create_app
from tests.api.programs import Program


@pytest.fixture
def limited(app, monkeypatch):
    monkeypatch.setitem(app.config, "RATELIMIT_ENABLED", True)
    monkeypatch.setitem(app.config, "CRM_API_LIMIT", 3)
    monkeypatch.setitem(app.config, "CRM_API_ADDRESS_LIMIT", 2)
    monkeypatch.setattr("crm.web.limits.time.time", lambda: 1_800_000_010.0)
    return app


def test_a_token_has_so_many_requests_a_minute(limited, program_of, boris, vera, monkeypatch):
    program, other = program_of(boris), program_of(vera)
    answers = [program.get("/me") for _time in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[0].headers["RateLimit-Policy"] == '"default";q=3;w=60'
    assert answers[0].headers["RateLimit"] == '"default";r=2;t=50'
    assert (answers[3].headers["RateLimit"], answers[3].headers["Retry-After"]) == ('"default";r=0;t=50', "50")
    assert answers[3].mimetype == "application/problem+json" and answers[3].json["status"] == 429
    assert other.get("/me").status_code == 200
    monkeypatch.setattr("crm.web.limits.time.time", lambda: 1_800_000_060.0)
    assert program.get("/me").status_code == 200


def test_a_process_takes_a_share_and_all_of_them_no_more_than_there_is(limited, program_of, boris, redis, monkeypatch):
    monkeypatch.setitem(limited.config, "CRM_API_LIMIT", 400)
    program = program_of(boris)
    left = [program.get("/me").headers["RateLimit"] for _time in range(6)]
    assert left == [f'"default";r={rest};t=50' for rest in (399, 398, 397, 396, 395, 394)]
    (key,) = redis.keys("crm:asked:*")
    assert int(redis.get(key)) == 8
    redis.set(key, 399)  # other processes
    assert [program.get("/me").status_code for _time in range(5)] == [200, 200, 200, 429, 429]


def test_who_guesses_tokens_is_counted_by_address(limited, program_of, boris):
    guesses = [Program(limited, f"crm_{number}").get("/me").status_code for number in range(3)]
    assert guesses == [401, 401, 429]
    assert program_of(boris).get("/me").status_code == 200


def test_without_redis_each_process_counts_by_itself(limited, program_of, boris, monkeypatch):
    monkeypatch.setattr("crm.web.limits._alone", MemoryStorage())
    monkeypatch.setattr("crm.web.limits.ask", lambda _call, otherwise: otherwise)
    program = program_of(boris)
    assert [program.get("/me").status_code for _time in range(4)] == [200, 200, 200, 429]


def test_pages_from_elsewhere_are_told_nothing(app, manager):
    answer = manager.get("/me", Origin="https://shop.example.com")
    assert not [name for name, _value in answer.headers if name.startswith("Access-Control")]


def test_pages_that_are_named_may_call(app, boris, program_of):
    named = create_app(app.config | {"CRM_CORS_ORIGINS": ["https://shop.example.com", "https://b.example.com"]})
    asks = {"Access_Control_Request_Method": "PATCH", "Access_Control_Request_Headers": "authorization,if-match"}
    with named.app_context():
        preflight = Program(named).call("OPTIONS", "/customers/1", Origin="https://shop.example.com", **asks)
        assert preflight.status_code == 200
        assert preflight.headers["Access-Control-Allow-Origin"] == "https://shop.example.com"
        assert "PATCH" in preflight.headers["Access-Control-Allow-Methods"]
        assert "Access-Control-Allow-Credentials" not in preflight.headers
        foreign = Program(named).call("OPTIONS", "/customers/1", Origin="https://evil.example.com", **asks)
        assert "Access-Control-Allow-Origin" not in foreign.headers
        page = named.test_client().get("/login", headers={"Origin": "https://shop.example.com"})
        assert "Access-Control-Allow-Origin" not in page.headers
