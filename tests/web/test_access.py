"""Who may open what: one table of page × role, walked against the URL map."""

import io
import uuid
from urllib.parse import urlsplit

import pytest
from flask import url_for
from sqlalchemy import func, select

from crm.db import atomic, db
from crm.models import AuditEntry, Import, Operation, Role, User
from crm.services import commission_rules, exports, proofs, tokens
from crm.services.audit import Actor
from crm.services.commission_terms import RuleData
from crm.services.exporting.orders import Order
from crm.services.importing.plan import Plan
from crm.services.paying import uploads as payment_uploads
from crm.services.search import Criteria
from tests import money, people, uploads
from tests.web.pages import toast

ROLES = ("anonymous", "viewer", "manager", "admin", "customer")
READ = (302, 200, 200, 200, 404)
WRITE = (302, 403, 200, 200, 404)
ADMIN = (302, 403, 403, 200, 404)
PORTAL = (302, 403, 403, 403, 404)  # Carla signs in, but is nobody's customer yet
PUBLIC = (200, 200, 200, 200, 200)


def posted(status: int, row: tuple[int, ...]) -> tuple[int, ...]:
    """The row with another status for those who are let in: what an empty form is answered with."""
    return tuple(status if one == 200 else one for one in row)


# A POST is sent with an empty form: 422 says that the form was read, 303 that there was nothing to fill in.
TABLE = {
    ("dashboard.index", "GET"): (302, 200, 200, 200, 303),
    ("customers.customer_list", "GET"): READ,
    ("customers.customer_detail", "GET"): READ,
    ("customers.customer_export", "GET"): READ,
    ("customers.customer_duplicates", "GET"): WRITE,
    ("customers.customer_create", "GET"): WRITE,
    ("customers.customer_create", "POST"): posted(422, WRITE),
    ("customers.customer_update", "GET"): WRITE,
    ("customers.customer_update", "POST"): posted(422, WRITE),
    ("customers.customer_delete", "GET"): WRITE,
    ("customers.customer_delete", "POST"): posted(303, WRITE),
    ("customers.customer_invite", "POST"): posted(422, WRITE),
    ("customers.customer_archive", "POST"): posted(303, WRITE),
    ("customers.api_search_customers", "GET"): (401, 200, 200, 200, 404),
    ("customers.api_create_customer", "POST"): (401, 403, 422, 422, 404),
    ("customers.customer_import", "GET"): WRITE,
    ("customers.customer_import", "POST"): posted(422, WRITE),
    ("imports.import_detail", "GET"): READ,
    ("imports.import_recent", "GET"): READ,
    ("imports.import_news", "GET"): READ,
    ("import_setup.setup_form", "GET"): WRITE,
    ("import_setup.setup_save", "POST"): posted(422, WRITE),
    ("import_setup.setup_reading", "POST"): posted(303, WRITE),
    ("import_setup.setup_start", "POST"): posted(303, WRITE),
    ("import_undo.undo_form", "GET"): posted(409, WRITE),  # nothing was stored
    ("import_undo.undo_start", "POST"): posted(409, WRITE),
    ("imports.import_cancel", "POST"): posted(303, WRITE),
    ("imports.import_errors", "GET"): READ,
    ("proof.proof_page", "GET"): READ,
    ("proof.proof_start", "POST"): posted(303, ADMIN),
    ("proof.proof_detail", "GET"): READ,
    ("proof.evidence_csv", "GET"): READ,
    ("proof.evidence_json", "GET"): READ,
    ("proof.operation", "GET"): posted(303, READ),
    ("exports.export_list", "GET"): READ,
    ("exports.export_detail", "GET"): (302, 404, 200, 200, 404),  # it is Boris's, and administrators'
    ("exports.export_file", "GET"): (302, 404, 200, 200, 404),
    ("exports.export_cancel", "POST"): (302, 404, 303, 303, 404),
    ("channels.add_contact_channel", "GET"): WRITE,
    ("channels.add_contact_channel", "POST"): posted(422, WRITE),
    ("channels.delete_contact_channel", "POST"): posted(303, WRITE),
    ("channels.make_primary_channel", "POST"): posted(303, WRITE),
    ("wallet.wallet_panel", "GET"): posted(303, READ),
    ("wallet.wallet_statement", "GET"): READ,
    ("wallet.wallet_statement_csv", "GET"): READ,
    ("wallet.wallet_preview", "GET"): WRITE,
    ("wallet.wallet_payees", "GET"): WRITE,
    ("wallet.wallet_open", "GET"): WRITE,
    ("wallet.wallet_open", "POST"): posted(422, WRITE),
    ("wallet.wallet_settings", "GET"): WRITE,
    ("wallet.wallet_settings", "POST"): posted(422, WRITE),
    ("wallet.wallet_status", "POST"): posted(422, ADMIN),
    ("wallet.wallet_overdraft", "POST"): posted(422, ADMIN),
    ("wallet.wallet_deposit", "GET"): WRITE,
    ("wallet.wallet_deposit", "POST"): posted(422, WRITE),
    ("wallet.wallet_withdraw", "GET"): WRITE,
    ("wallet.wallet_withdraw", "POST"): posted(422, WRITE),
    ("wallet.wallet_spend", "GET"): WRITE,
    ("wallet.wallet_spend", "POST"): posted(422, WRITE),
    ("wallet.wallet_transfer", "GET"): WRITE,
    ("wallet.wallet_transfer", "POST"): posted(422, WRITE),
    ("wallet.wallet_convert", "GET"): WRITE,
    ("wallet.wallet_convert", "POST"): posted(422, WRITE),
    ("wallet.wallet_adjust", "GET"): ADMIN,
    ("wallet.wallet_adjust", "POST"): posted(422, ADMIN),
    ("payment_batches.payment_upload", "GET"): WRITE,
    ("payment_batches.payment_upload", "POST"): posted(422, WRITE),
    ("payment_batches.payment_template_file", "GET"): READ,
    ("payment_batches.payment_check", "GET"): (302, 403, 200, 404, 404),  # it is Boris's alone
    ("payment_batches.payment_accept", "POST"): (302, 403, 303, 404, 404),
    ("payment_batches.payment_problems", "GET"): (302, 403, 200, 404, 404),
    ("payment_batches.batch_list", "GET"): READ,
    ("payment_batches.batch_detail", "GET"): READ,
    ("payment_batches.batch_results", "GET"): READ,
    ("payments.payment_list", "GET"): READ,
    ("payments.payment_export", "GET"): READ,
    ("payments.payment_detail", "GET"): READ,
    ("payments.payment_capture", "GET"): WRITE,
    ("payments.payment_capture", "POST"): posted(422, WRITE),
    ("payments.capture_preview", "GET"): WRITE,
    ("payments.payment_release", "GET"): WRITE,
    ("payments.payment_release", "POST"): posted(409, WRITE),
    ("payments.payment_reverse", "GET"): ADMIN,
    ("payments.payment_reverse", "POST"): posted(422, ADMIN),
    ("payments.reverse_preview", "GET"): ADMIN,
    ("accounts.account_list", "GET"): READ,
    ("accounts.account_detail", "GET"): READ,
    ("accounts.operation_list", "GET"): READ,
    ("accounts.operation_export", "GET"): READ,
    ("accounts.currency_add", "POST"): posted(422, ADMIN),
    ("portal.index", "GET"): (302, 403, 403, 403, 200),
    ("portal.transfer", "GET"): PORTAL,
    ("portal.transfer", "POST"): PORTAL,
    ("portal.preview", "GET"): PORTAL,
    ("portal.statement", "GET"): PORTAL,
    ("portal.statement_file", "GET"): PORTAL,
    ("settings.index", "GET"): (302, 303, 303, 303, 303),
    ("settings.profile", "GET"): (302, 200, 200, 200, 200),
    ("settings.profile", "POST"): (302, 303, 303, 303, 303),
    ("settings.password", "GET"): (302, 303, 303, 303, 303),
    ("settings.password", "POST"): (302, 422, 422, 422, 422),
    ("tokens.token_list", "GET"): (302, 200, 200, 200, 200),
    ("tokens.token_create", "POST"): (302, 422, 422, 422, 422),
    ("tokens.token_revoke", "POST"): (302, 404, 303, 404, 404),  # it is Boris's alone
    ("settings.user_list", "GET"): ADMIN,
    ("settings.user_create", "GET"): ADMIN,
    ("settings.user_create", "POST"): posted(422, ADMIN),
    ("settings.user_update", "GET"): ADMIN,
    ("settings.user_update", "POST"): posted(303, ADMIN),
    ("settings.audit_log", "GET"): ADMIN,
    ("commission_rules.rule_list", "GET"): ADMIN,
    ("commission_rules.rule_add", "GET"): ADMIN,
    ("commission_rules.rule_add", "POST"): posted(422, ADMIN),
    ("commission_rules.rule_preview", "GET"): ADMIN,
    ("commission_rules.rule_end", "GET"): ADMIN,
    ("commission_rules.rule_end", "POST"): posted(303, ADMIN),
    ("rates.rate_list", "GET"): ADMIN,
    ("rates.rate_add", "POST"): posted(422, ADMIN),
    ("rates.rate_upload", "POST"): posted(422, ADMIN),
    ("rates.rate_history", "GET"): ADMIN,
    ("signup.sign_up", "GET"): (200, 303, 303, 303, 303),
    ("signup.sign_up", "POST"): posted(422, PUBLIC),
    ("signup.sent", "GET"): PUBLIC,
    ("signup.resend", "GET"): PUBLIC,
    ("signup.resend", "POST"): posted(422, PUBLIC),
    ("signup.confirm", "GET"): posted(404, PUBLIC),  # a link that nobody was sent
    ("signup.confirm", "POST"): posted(404, PUBLIC),
    ("reset.ask", "GET"): PUBLIC,
    ("reset.ask", "POST"): posted(422, PUBLIC),
    ("reset.sent", "GET"): PUBLIC,
    ("reset.choose", "GET"): posted(404, PUBLIC),
    ("reset.choose", "POST"): posted(404, PUBLIC),
    ("reset.welcome", "GET"): posted(404, PUBLIC),
    ("reset.welcome", "POST"): posted(404, PUBLIC),
    ("auth.login", "GET"): (200, 303, 303, 303, 303),
    ("auth.login", "POST"): (422, 422, 422, 422, 422),
    ("auth.logout", "POST"): (302, 303, 303, 303, 303),
    ("auth.preferences", "POST"): (303, 303, 303, 303, 303),
    ("health.healthz", "GET"): PUBLIC,
    ("health.readyz", "GET"): PUBLIC,
    ("health.metrics", "GET"): PUBLIC,
    ("static", "GET"): PUBLIC,
}
PROTECTED = sorted(row for row, statuses in TABLE.items() if statuses[0] in (302, 401))
POSTS = sorted(endpoint for endpoint, method in TABLE if method == "POST")


@pytest.fixture
def browsers(client, viewer, manager, admin, stranger):
    return dict(zip(ROLES, (client, viewer, manager, admin, stranger), strict=True))


def operation_of(payment: str) -> int:
    return db.session.scalar(select(Operation.id).where(Operation.payment_id == uuid.UUID(payment)).limit(1))


@pytest.fixture
def address(app, vera, boris):
    """`address(endpoint)` leads to a row that is there; to another one each time where the route deletes it."""
    upload, keep = stored_import(), people.add("Anna", telegram="anna_i")
    wallet = money.wallet_of(keep.id)
    payment = money.SERVICE.deposit(wallet, 100).payment_id
    sheet, batch = stored_sheet(boris, wallet)
    token = tokens.create(people.CLI, boris.id, "shop")[0].id
    rule = commission_rules.add(people.CLI, RuleData("transfer")).id
    export = exports.accept(Actor(boris.id, "test"), Order("customers", Criteria())).id
    exports.run(export)
    proof = proofs.request(people.CLI, "full").id

    def make(endpoint: str) -> str:
        deletes = "delete" in endpoint
        customer = people.add("Anna", telegram="anna_i", allow_duplicate=True) if deletes else keep
        noun, arguments = endpoint.partition(".")[0], next(app.url_map.iter_rules(endpoint)).arguments
        pk = {
            "customers": customer.id,
            "wallet": customer.id,
            "accounts": money.technical("cash"),
            "channels": customer.channels[0].id,
            "imports": upload,
            "import_undo": upload,
            "exports": export,
            "proof": operation_of(payment) if endpoint == "proof.operation" else proof,
            "import_setup": uploads.draft("name\nAnna\n").id if noun == "import_setup" else 0,
            "settings": vera.id,
            "payment_batches": batch,
            "commission_rules": rule,
            "payments": uuid.UUID(payment),
            "tokens": token,
        }
        known = {"pk": pk.get(noun), "customer_pk": customer.id, "account_id": wallet, "filename": "app.css"}
        known |= {"token": sheet, "from_currency": "USD", "to_currency": "RUB"}
        with app.test_request_context():
            return urlsplit(url_for(endpoint, **{name: known[name] for name in arguments})).path

    return make


def stored_import() -> int:
    upload = Import(
        filename="a.csv", stored_as="a", size=1, encoding="utf-8", delimiter=",", header_line=0, columns=["name"],
        plan=Plan.of_fields(["name"]).as_json(), locale="en", total_rows=0, status="done",
    )  # fmt: skip
    with atomic() as session:
        session.add(upload)
    return upload.id


def stored_sheet(user: User, wallet: int) -> tuple[str, uuid.UUID]:
    """The token of a spreadsheet that the user has sent, and the batch that it has become."""
    actor, text = Actor(user.id, "test"), f"kind,account,amount\ndeposit,{wallet},1\n"
    token = payment_uploads.keep(actor, io.BytesIO(text.encode()), "a.csv")
    return token, uuid.UUID(payment_uploads.accept(actor, payment_uploads.get(actor, token), False))


def test_every_route_and_method_is_in_the_table(app):
    routes = {
        (rule.endpoint, method)
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if not rule.endpoint.startswith("api.")  # tests/api/test_access.py has those
    }
    assert routes == set(TABLE)


def test_each_role_gets_what_the_table_says(browsers, address):
    got = {
        (endpoint, method): tuple(browsers[role].open(address(endpoint), method=method).status_code for role in ROLES)
        for endpoint, method in TABLE
    }
    assert got == TABLE


def test_a_stranger_is_asked_to_sign_in_in_the_form_that_was_asked_for(client, address):
    for endpoint, method in PROTECTED:
        path = address(endpoint)
        partial = client.open(path, method=method, htmx=True)
        assert (partial.status_code, partial.headers["HX-Redirect"], partial.data) == (401, "/login", b"")
        answer = client.open(path, method=method)
        if "/api/" in path:
            assert answer.status_code == 401 and set(answer.json) & {"error", "detail"}
        else:
            assert answer.status_code == 302 and answer.location.startswith("/login")


@pytest.mark.parametrize("token", [None, "", "wrong"])
def test_a_post_without_its_token_is_refused_and_changes_nothing(browsers, address, nothing_changes, token):
    paths = [address(endpoint) for endpoint in POSTS if TABLE[endpoint, "POST"][3] != 403]
    headers = {} if token is None else {"X-CSRFToken": token}
    with nothing_changes():
        for path in paths:
            answer = browsers["admin"].post(path, csrf=False, headers=headers)
            text = answer.json["error"] if path.startswith("/customers/api/") else answer.text
            assert (path, answer.status_code) == (path, 400) and "Reload" in text
            partial = browsers["admin"].post(path, csrf=False, headers=headers, htmx=True)
            assert (path, partial.status_code) == (path, 400) and "Reload" in toast(partial) and not partial.data


def test_a_token_of_another_session_is_refused(browsers, anna, nothing_changes):
    foreign = browsers["viewer"].get("/settings/profile/").text.partition('csrf-token" content="')[2].partition('"')[0]
    assert len(foreign) > 40
    with nothing_changes():
        headers = {"X-CSRFToken": foreign}
        assert browsers["admin"].post(f"/customers/{anna.id}/archive/", headers=headers).status_code == 400


def test_who_may_not_come_in_learns_nothing_about_tokens(browsers, address):
    for endpoint in POSTS:
        if endpoint.startswith(("signup.", "reset.", "portal.", "tokens.", "exports.")):
            continue  # who may come in finds a link that is not one, or nothing of theirs
        for role, expected in zip(ROLES, TABLE[endpoint, "POST"], strict=True):
            if expected in (302, 401, 403, 404) and role != "admin":  # who may come in everywhere
                assert browsers[role].post(address(endpoint), csrf=False).status_code == expected


def test_a_view_that_declares_nothing_is_refused_to_everybody(app, browsers, monkeypatch):
    monkeypatch.setitem(app.view_functions, "customers.customer_list", lambda: "open to all")
    got = [browsers[role].get("/customers/").status_code for role in ROLES]
    assert got == [302, 403, 403, 403, 404]


def test_a_customer_gets_no_page_that_tells_of_others(stranger, address):
    for endpoint, method in TABLE:
        if method == "GET" and TABLE[endpoint, method][4] == 404:
            assert "Anna" not in stranger.get(address(endpoint)).text


def test_what_was_taken_from_a_person_is_gone_with_the_next_click(manager, boris, address):
    path = address("customers.customer_detail")
    assert manager.get(path).status_code == 200
    with atomic() as session:
        session.get(User, boris.id).role = Role.VIEWER
    assert manager.post(address("customers.customer_archive")).status_code == 403
    with atomic() as session:
        session.get(User, boris.id).active = False
    assert manager.get(path).status_code == 302


def test_refusals_leave_no_trace(browsers, address, trail):
    paths = [address("customers.customer_delete"), address("channels.delete_contact_channel")]
    trail()
    before = db.session.scalar(select(func.count(AuditEntry.id)))
    for path in paths:
        for role in ("anonymous", "viewer", "customer"):
            browsers[role].post(path)
    assert trail() == [] and db.session.scalar(select(func.count(AuditEntry.id))) == before
