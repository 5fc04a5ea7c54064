"""Search at 100,000 customers: our query beside the bare trigram query, and the whole answer with its HTML."""

import random
from functools import partial
from typing import Any

from flask import Flask
from sqlalchemy import text

from bench.measure import interleaved, milliseconds
from bench.people import admin_client
from crm.db import db
from crm.services import search

QUERIES = (
    "иванов", "ов анна", "smith", "jos", "robert", "ромашка", "acme", "фёд", "соко мар", "linda b", "9123", "8912",
    "+7 912 3", "2125", "c000123", "example.ru", "петров 4", "кузн", "жч", "ми", "zo", "лебед", "9.org", "walker",
)  # fmt: skip
ROUNDS = 5
BARE = {
    "postgresql": """
        SELECT id, name FROM customers WHERE search_text LIKE :like
        ORDER BY name_key, id LIMIT 20""",
    "sqlite": """
        SELECT id, name FROM customers
        WHERE id IN (SELECT rowid FROM customer_search WHERE customer_search MATCH :match)
        ORDER BY name_key, id LIMIT 20""",
}


def run(app: Flask, engine: str) -> list[dict[str, Any]]:
    """One row per way of searching."""
    queries = list(QUERIES)
    random.Random(7).shuffle(queries)
    with app.app_context():
        client = admin_client(app)
        ways = {
            "bare trigram query": partial(_bare, engine),
            "search.find, 20 hits": lambda query: search.find(
                search.Criteria(q=query, status=""), limit=20, tags=False
            ),
            "whole HTMX answer": partial(answered, client),
        }
        seconds = interleaved(ways, queries, ROUNDS)
        db.session.rollback()
    limit = milliseconds(seconds["bare trigram query"])["p95_ms"]
    return [
        {"engine": engine, "way": name, **figures, "p95_to_limit": round(figures["p95_ms"] / limit, 2)}
        for name, figures in ((name, milliseconds(times)) for name, times in seconds.items())
    ]


def _bare(engine: str, query: str) -> None:
    word = search.Criteria(q=query).phone_digits or max(search.Criteria(q=query).terms, key=len)
    word = word if len(word) > 2 else f"{' ' * (3 - len(word))}{word}"
    db.session.execute(text(BARE[engine]), {"like": f"%{word}%", "match": f'"{word}"'}).all()


def answered(client: Any, query: str) -> None:
    """What a person gets who types it."""
    response = client.get("/customers/api/search/", query_string={"q": query}, headers={"HX-Request": "true"})
    if response.status_code != 200:
        raise RuntimeError(response.status)
