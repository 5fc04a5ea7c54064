"""The customer list, 50 rows with everything a page has, beside bare Flask and Core showing the same rows."""

from collections import defaultdict
from typing import Any

from flask import Flask, render_template
from jinja2 import DictLoader
from sqlalchemy import create_engine, func, select

from bench.measure import interleaved, milliseconds
from bench.people import admin_client
from crm.db import db
from crm.models import AccountBalance, Customer, CustomerTag, Tag

ROUNDS = 60
BARE_PAGE = """<!doctype html><title>Customers</title><table>
{% for row in rows %}<tr><td>{{ row.name }}<td>{{ row.company }}<td>{{ row.phone_key }}<td>{{ row.email_key }}
<td>{{ row.city }}<td>{{ row.updated_at }}</tr>{% endfor %}</table>"""
SAME_CELLS = """<!doctype html><title>Customers</title><table>
{% for row in rows %}<tr id="customer-row-{{ row.id }}"><td class="col-name">
<a class="row-link" href="{{ url_for('customer', pk=row.id) }}">{{ row.name }}</a>
{% if row.company %}<div class="text-secondary">{{ row.company }}</div>{% endif %}
<td class="col-phone"><a href="tel:{{ row.phone_key }}">{{ row.phone_key }}</a>
<td class="col-email"><a href="mailto:{{ row.email_key }}">{{ row.email_key }}</a><td class="col-city">{{ row.city }}
<td class="col-tags">{% for tag in tags[row.id] %}<a class="tag" href="{{ url_for('page', tag=tag) }}">{{ tag }}</a>
{% endfor %}<td class="col-balance">{{ '%.2f' | format(balances[row.id] / 100) if row.id in balances }}
<td class="col-updated"><time datetime="{{ row.updated_at.isoformat() }}">{{ row.updated_at.strftime('%x %X') }}</time>
<td class="col-created">{{ row.created_at.strftime('%x') }}</tr>{% endfor %}</table>"""


def run(app: Flask, engine: str) -> list[dict[str, Any]]:
    """One row for each of the two pages."""
    with app.app_context():
        bare, client = _bare(app).test_client(), admin_client(app)
    part = {"HX-Request": "true"}
    ways = {  # outside of the context, which would keep the person and the session from page to page
        "bare Flask and Core": lambda path: bare.get("/"),
        "bare, the same cells": lambda path: bare.get("/cells"),
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
    plain.jinja_loader = DictLoader({"page.html": BARE_PAGE, "cells.html": SAME_CELLS})  # compiled once, as ours are
    engine = create_engine(db.engine.url)
    first = select(Customer.__table__).order_by(Customer.name_key, Customer.id).limit(50)

    @plain.get("/")
    def page() -> str:
        with engine.connect() as connection:
            return render_template("page.html", rows=connection.execute(first).all())

    @plain.get("/cells")
    def cells() -> str:
        with engine.connect() as connection:
            rows = connection.execute(first).all()
            ids = [row.id for row in rows]
            held = select(AccountBalance.customer_id, func.sum(AccountBalance.balance)).where(
                AccountBalance.customer_id.in_(ids), AccountBalance.currency == "RUB"
            )
            balances = dict(connection.execute(held.group_by(AccountBalance.customer_id)).tuples().all())
            tags = defaultdict(list)
            named = select(CustomerTag.customer_id, Tag.name).join(Tag, Tag.id == CustomerTag.tag_id)
            for pk, name in connection.execute(named.where(CustomerTag.customer_id.in_(ids))):
                tags[pk].append(name)
        return render_template("cells.html", rows=rows, tags=tags, balances=balances)

    plain.add_url_rule("/customers/<int:pk>/", "customer", page)
    return plain
