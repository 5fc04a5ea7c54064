"""The customer list, 50 rows with everything a page has, beside bare Flask and Core showing the same rows."""

from typing import Any

from flask import Flask, render_template
from jinja2 import DictLoader
from sqlalchemy import create_engine, select

from bench.measure import interleaved, milliseconds
from bench.people import admin_client
from crm.db import db
from crm.models import Customer

ROUNDS = 60
BARE_PAGE = """<!doctype html><title>Customers</title><table>
{% for row in rows %}<tr><td>{{ row.name }}<td>{{ row.company }}<td>{{ row.phone_key }}<td>{{ row.email_key }}
<td>{{ row.city }}<td>{{ row.updated_at }}</tr>{% endfor %}</table>"""


def run(app: Flask, engine: str) -> list[dict[str, Any]]:
    """One row for each of the two pages."""
    with app.app_context():
        bare, client = _bare(app).test_client(), admin_client(app)
    part = {"HX-Request": "true"}
    ways = {  # outside of the context, which would keep the person and the session from page to page
        "bare Flask and Core": lambda path: bare.get("/"),
        "customer list": lambda path: client.get("/customers/"),
        "customer list, HTMX part": lambda path: client.get("/customers/", headers=part),
        "sorted by balance, HTMX part": lambda path: client.get("/customers/?sort=-balance", headers=part),
        "who owes, HTMX part": lambda path: client.get("/customers/?debt=1", headers=part),
    }
    seconds = interleaved(ways, ["/"], ROUNDS)
    fastest = milliseconds(seconds["bare Flask and Core"])["median_ms"]
    return [
        {
            "engine": engine,
            "way": name,
            **figures,
            "pages_per_second": round(1000 / figures["median_ms"]),
            "speed_to_limit": round(fastest / figures["median_ms"], 2),
        }
        for name, figures in ((name, milliseconds(times)) for name, times in seconds.items())
    ]


def _bare(app: Flask) -> Flask:
    plain = Flask("plain")
    plain.jinja_loader = DictLoader({"page.html": BARE_PAGE})  # compiled once, as ours are
    engine = create_engine(db.engine.url)
    columns = (
        Customer.name,
        Customer.company,
        Customer.phone_key,
        Customer.email_key,
        Customer.city,
        Customer.updated_at,
    )

    @plain.get("/")
    def page() -> str:
        with engine.connect() as connection:
            rows = connection.execute(select(*columns).order_by(Customer.name_key, Customer.id).limit(50)).all()
        return render_template("page.html", rows=rows)

    return plain
