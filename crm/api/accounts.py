"""Accounts for programs: wallets opened, named, frozen and closed, and technical accounts."""

from typing import Any

from flask import url_for

from crm.api import bp
from crm.api.calls import call
from crm.api.listing import asked, query_of
from crm.api.schemas.accounts import Account, AccountIn, AccountList, AccountPatch, AccountQuery
from crm.models import Permission
from crm.services import account_json, accounts
from crm.web.guards import actor, demand, owner, requires

QUERY = query_of(account_json.LISTING)


@bp.get("/accounts")
@requires(Permission.READ, own=True)
@call({200: AccountList}, query=QUERY)
def account_list() -> Any:
    """List accounts

    A customer's token sees the customer's own wallets.
    """
    return account_json.page(asked(), owner())


@bp.post("/accounts")
@requires(Permission.WRITE)
@call({201: Account})
def account_create(json: AccountIn) -> Any:
    """Open a wallet for a customer"""
    pk = accounts.open_wallet(actor(), json.customer_id, json.currency, json.name)
    return account_json.one(pk), 201, {"Location": url_for("api.account_get", pk=pk)}


@bp.get("/accounts/<int:pk>")
@requires(Permission.READ, own=True)
@call({200: Account}, query=AccountQuery)
def account_get(pk: int, query: AccountQuery) -> Any:
    """Get an account

    With `at`, the balance is that of the moment.
    """
    return account_json.one(pk, owner(), query.at)


@bp.patch("/accounts/<int:pk>")
@requires(Permission.WRITE)
@call({200: Account})
def account_update(pk: int, json: AccountPatch) -> Any:
    """Change a wallet

    All of it or nothing. Only an empty wallet can be closed.
    """
    changes = json.model_dump(exclude_unset=True)
    if changes.keys() & {"status", "overdraft_limit"}:
        demand(Permission.ADMIN)
    accounts.change(actor(), pk, changes)
    return account_json.one(pk)
