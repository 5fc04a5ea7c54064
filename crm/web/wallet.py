"""A customer's money: moved by forms that are dialogs with HTMX and pages without."""

from flask import Blueprint, Response, make_response, render_template, request

from crm.errors import DuplicateRequest, Invalid
from crm.forms.wallet import FORMS, AdjustForm, ConvertForm, DepositForm, SpendForm, TransferForm, WithdrawForm
from crm.models import Permission
from crm.services import customers
from crm.services.wallet import WalletService
from crm.web.guards import actor, requires
from crm.web.wallet_answers import Preview, asked, done, foreseen, refused
from crm.web.wallet_order import carry_out, given_key, hold_of, offered, order_of
from crm.web.wallet_panel import wallet_panel
from crm.web.wallet_payees import payee_of, wallet_payees
from crm.web.wallet_settings import wallet_open, wallet_overdraft, wallet_settings, wallet_status
from crm.web.wallet_statement import wallet_statement, wallet_statement_csv

bp = Blueprint("wallet", __name__, url_prefix="/customers/<int:pk>/wallet")
bp.add_url_rule("/", view_func=wallet_panel)
bp.add_url_rule("/payees/", view_func=wallet_payees)
bp.add_url_rule("/open/", view_func=wallet_open, methods=["GET", "POST"])
bp.add_url_rule("/<int:account_id>/settings/", view_func=wallet_settings, methods=["GET", "POST"])
bp.add_url_rule("/<int:account_id>/status/", view_func=wallet_status, methods=["POST"])
bp.add_url_rule("/<int:account_id>/overdraft/", view_func=wallet_overdraft, methods=["POST"])
bp.add_url_rule("/statement/", view_func=wallet_statement)
bp.add_url_rule("/statement.csv", view_func=wallet_statement_csv)


@bp.route("/deposit/", methods=["GET", "POST"])
@requires(Permission.WRITE)
def wallet_deposit(pk: int) -> Response:
    """Money comes in from outside; the first of it opens the wallet."""
    customer, form, service = customers.get(pk), offered(pk, DepositForm()), WalletService(actor())
    if request.method == "GET":
        return asked(customer, form)
    try:
        key, order, source, text = given_key(form), order_of(form), form.source.data, form.description.data or ""
        moved = carry_out(pk, order, lambda wallet: service.deposit(wallet, order.amount, source, text, key))
    except (Invalid, DuplicateRequest) as error:
        return refused(customer, form, error)
    return done(customer, form, order, moved)


@bp.route("/withdraw/", methods=["GET", "POST"])
@requires(Permission.WRITE)
def wallet_withdraw(pk: int) -> Response:
    """Money is paid out."""
    customer, form, service = customers.get(pk), offered(pk, WithdrawForm()), WalletService(actor())
    if request.method == "GET":
        return asked(customer, form)
    try:
        key, order, source, text = given_key(form), order_of(form), form.source.data, form.description.data or ""
        hold = hold_of(form)
        moved = carry_out(pk, order, lambda wallet: service.withdraw(wallet, -order.amount, source, text, key, *hold))
    except (Invalid, DuplicateRequest) as error:
        return refused(customer, form, error)
    return done(customer, form, order, moved)


@bp.route("/spend/", methods=["GET", "POST"])
@requires(Permission.WRITE)
def wallet_spend(pk: int) -> Response:
    """The customer buys something."""
    customer, form, service = customers.get(pk), offered(pk, SpendForm()), WalletService(actor())
    if request.method == "GET":
        return asked(customer, form)
    try:
        key, order, text = given_key(form), order_of(form), form.description.data or ""
        hold = hold_of(form)
        moved = carry_out(pk, order, lambda wallet: service.spend(wallet, -order.amount, text, key, *hold))
    except (Invalid, DuplicateRequest) as error:
        return refused(customer, form, error)
    return done(customer, form, order, moved)


@bp.route("/adjust/", methods=["GET", "POST"])
@requires(Permission.ADMIN)
def wallet_adjust(pk: int) -> Response:
    """A mistake is mended, with the reason for it."""
    customer, form, service = customers.get(pk), offered(pk, AdjustForm()), WalletService(actor())
    if request.method == "GET":
        return asked(customer, form)
    try:
        key, order, text = given_key(form), order_of(form), form.description.data or ""
        moved = carry_out(pk, order, lambda wallet: service.adjust(wallet, order.amount, text, key))
    except (Invalid, DuplicateRequest) as error:
        return refused(customer, form, error)
    return done(customer, form, order, moved)


@bp.route("/transfer/", methods=["GET", "POST"])
@requires(Permission.WRITE)
def wallet_transfer(pk: int) -> Response:
    """Money goes to another wallet, of this customer or another one."""
    customer, form, service = customers.get(pk), offered(pk, TransferForm()), WalletService(actor())
    if request.method == "GET":
        return asked(customer, form)
    try:
        key, order, text = given_key(form), order_of(form), form.description.data or ""
        payee, hold = payee_of(form), hold_of(form)
        moved = carry_out(pk, order, lambda wallet: service.transfer(wallet, payee, -order.amount, text, key, *hold))
    except (Invalid, DuplicateRequest) as error:
        return refused(customer, form, error)
    return done(customer, form, order, moved)


@bp.route("/convert/", methods=["GET", "POST"])
@requires(Permission.WRITE)
def wallet_convert(pk: int) -> Response:
    """Money goes to a wallet of the same customer in another currency, by the rate in force."""
    customer, form, service = customers.get(pk), offered(pk, ConvertForm()), WalletService(actor())
    if request.method == "GET":
        return asked(customer, form)
    try:
        key, order, text = given_key(form), order_of(form), form.description.data or ""
        payee = payee_of(form)
        moved = carry_out(pk, order, lambda wallet: service.convert(wallet, payee, -order.amount, text, key))
    except (Invalid, DuplicateRequest) as error:
        return refused(customer, form, error)
    return done(customer, form, order, moved)


@bp.get("/preview/")
@requires(Permission.WRITE)
def wallet_preview(pk: int) -> Response:
    """What the movement that is being typed will do, in a sentence; what is not a movement yet is no fault."""
    customer, kind = customers.get(pk), FORMS.get(request.args.get("action", ""), DepositForm)
    form = offered(pk, kind(request.args, meta={"csrf": False}))
    try:
        preview = foreseen(form, customer.name, order_of(form)) if form.amount.data else Preview()
    except Invalid as error:
        preview = Preview(problem=error.message)
    return make_response(render_template("wallet/_preview.html", customer=customer, preview=preview))
