"""The customer list, 50 rows with everything a page has, beside bare Flask and Core showing the same table."""

from collections import defaultdict
from typing import Any

from flask import Flask, abort, render_template, session
from flask.testing import FlaskClient
from jinja2 import DictLoader
from sqlalchemy import bindparam, create_engine, func, select

from bench.measure import interleaved, milliseconds
from bench.people import admin_client
from crm.db import db
from crm.models import AccountBalance, Customer, CustomerTag, Tag, User

ROUNDS = 60
BARE_PAGE = """<!doctype html><title>Customers</title><table>
{% for row in rows %}<tr><td>{{ row.name }}<td>{{ row.company }}<td>{{ row.phone_key }}<td>{{ row.email_key }}
<td>{{ row.city }}<td>{{ row.updated_at }}</tr>{% endfor %}</table>"""
SAME_TABLE = """<!doctype html><title>Customers</title><p>{{ total }}</p><table>
{% for row in rows %}<tr id="customer-row-{{ row.id }}"><td class="col-name">
<a class="row-link" href="/customers/{{ row.id }}/">{{ row.name }}</a>
{% if row.company %}<div class="text-secondary">{{ row.company }}</div>{% endif %}
<td class="col-phone"><a href="tel:{{ row.phone_key }}">{{ row.phone_key }}</a>
<td class="col-email"><a href="mailto:{{ row.email_key }}">{{ row.email_key }}</a><td class="col-city">{{ row.city }}
<td class="col-tags">
{% for tag in tags[row.id] %}<a class="tag" href="/customers/?tag={{ tag | urlencode }}">{{ tag }}</a>{% endfor %}
<td class="col-balance">{{ '%.2f' | format(balances[row.id] / 100) if row.id in balances }}
<td class="col-updated"><time datetime="{{ row.updated_at.isoformat() }}">{{ row.updated_at.strftime('%x %X') }}</time>
<td class="col-created">{{ row.created_at.strftime('%x') }}</tr>{% endfor %}</table>"""

# Statements are put together once, as ours are, and links are written by hand: `url_for` would take half the time.
_IDS = bindparam("ids", expanding=True)
_PERSON = select(User.__table__).where(User.__table__.c.id == bindparam("pk"))
_CUSTOMERS = Customer.__table__.c
_SHOWN = ("id", "name", "company", "phone_key", "email_key", "city", "updated_at", "created_at")
_FIRST = (
    select(*(_CUSTOMERS[name] for name in _SHOWN))
    .where(_CUSTOMERS.status == "active")
    .order_by(_CUSTOMERS.name_key, _CUSTOMERS.id)
    .limit(50)
)
_TOTAL = select(func.count()).select_from(select(Customer.id).where(Customer.status == "active").limit(1001).subquery())
_HELD = (
    select(AccountBalance.customer_id, func.sum(AccountBalance.balance))
    .where(AccountBalance.customer_id.in_(_IDS), AccountBalance.currency == "RUB")
    .group_by(AccountBalance.customer_id)
)
_NAMED = (
    select(CustomerTag.customer_id, Tag.name)
    .join(Tag, Tag.id == CustomerTag.tag_id)
    .where(CustomerTag.customer_id.in_(_IDS))
    .order_by(Tag.key)
)


def run(app: Flask, engine: str) -> list[dict[str, Any]]:
    """One row for each page, ours and the bare ones."""
    with app.app_context():
        client = admin_client(app)
        bare = _bare_client(app)
    part = {"HX-Request": "true"}
    ways = {  # outside of the context, which would keep the person and the session from page to page
        "bare Flask and Core": lambda path: bare.get("/"),
        "bare, the same table": lambda path: bare.get("/table"),
        "customer list": lambda path: client.get("/customers/"),
        "customer list, HTMX part": lambda path: client.get("/customers/", headers=part),
        "sorted by balance, HTMX part": lambda path: client.get("/customers/?sort=-balance", headers=part),
        "who owes, HTMX part": lambda path: client.get("/customers/?debt=1", headers=part),
    }
    seconds = interleaved(ways, ["/"], ROUNDS)
    figures = {name: milliseconds(times) for name, times in seconds.items()}
    text, table = (figures[name]["median_ms"] for name in ("bare Flask and Core", "bare, the same table"))
    return [
        {
            "engine": engine,
            "way": name,
            **one,
            "pages_per_second": round(1000 / one["median_ms"]),
            "to_plain_text": round(text / one["median_ms"], 2),
            "to_same_table": round(table / one["median_ms"], 2),
        }
        for name, one in figures.items()
    ]


def _bare(app: Flask) -> Flask:
    plain = Flask("plain")
    plain.secret_key = app.secret_key
    plain.jinja_loader = DictLoader({"page.html": BARE_PAGE, "table.html": SAME_TABLE})  # compiled once, as ours are
    engine = create_engine(db.engine.url)

    @plain.get("/")
    def page() -> str:
        with engine.connect() as connection:
            return render_template("page.html", rows=connection.execute(_FIRST).all())

    @plain.get("/table")
    def table() -> str:
        with engine.connect() as connection:
            who = connection.execute(_PERSON, {"pk": session.get("person", 0)}).one_or_none()
            if who is None or not who.active:
                abort(403)
            total = connection.scalar(_TOTAL)
            rows = connection.execute(_FIRST).all()
            ids = {"ids": [row.id for row in rows]}
            balances = dict(connection.execute(_HELD, ids).tuples().all())
            tags = defaultdict(list)
            for pk, name in connection.execute(_NAMED, ids):
                tags[pk].append(name)
        return render_template("table.html", rows=rows, tags=tags, balances=balances, total=total)

    return plain


def _bare_client(app: Flask) -> FlaskClient:
    """A browser that the bare pages remember as signed in."""
    client = _bare(app).test_client()
    with client.session_transaction() as remembered:
        remembered["person"] = db.session.scalar(select(User.id).limit(1))
    return client
