"""The wallets on a customer's page: what they hold, and what happened in the one that is chosen."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Response, make_response, render_template, request

from crm.models import Customer, Permission
from crm.models.ledger import PaymentKind
from crm.services import accounts, customers, statements
from crm.services.accounts import Wallet
from crm.services.statements import HistoryPage
from crm.web.addresses import address
from crm.web.guards import requires
from crm.web.htmx import go, is_partial
from crm.web.periods import day_of
from crm.web.wallet_order import row_id

NO_HISTORY = HistoryPage([], None)


@dataclass(frozen=True)
class Panel:
    """The customer's wallets, the chosen one, and a page of its history; the state is the address's."""

    customer: Customer
    wallets: list[Wallet]
    chosen: Wallet | None
    kind: str = ""
    first: date | None = None
    last: date | None = None
    history: HistoryPage = NO_HISTORY

    @property
    def filtered(self) -> bool:
        """Whether only some of the history is wanted."""
        return bool(self.kind or self.first or self.last)

    @property
    def converts(self) -> bool:
        """Whether the chosen wallet's money can go to another wallet of the customer in another currency."""
        opened = {wallet.currency for wallet in self.wallets if wallet.status == "open"}
        return self.chosen is not None and self.chosen.status == "open" and len(opened) > 1

    def url(self, endpoint: str = "customers.customer_detail", **changes: Any) -> str:
        """The address of the customer's page (or of another view) in this state, or with something changed."""
        state = {"account": self.chosen.id if self.chosen else None, "kind": self.kind, "first": self.first}
        known = state | {"last": self.last} | changes
        shown = {name: str(value) for name, value in known.items() if value}
        return address(endpoint, pk=self.customer.id, **shown)

    def part(self, **changes: Any) -> str:
        """The address of the same without the page around it."""
        return self.url("wallet.wallet_panel", **changes)


def panel_of(customer: Customer, fields: Mapping[str, str]) -> Panel:
    """The panel in the state that the fields ask for; what makes no sense is as if it were not there."""
    found = accounts.of_customer(customer.id)
    wanted = row_id(fields.get("account", ""))
    chosen = next((wallet for wallet in found if wallet.id == wanted), next(iter(found), None))
    if chosen is None:
        return Panel(customer, found, None)
    kind = fields.get("kind", "")
    kind = kind if kind in [one.value for one in PaymentKind] else ""
    days = day_of(fields.get("first", "")), day_of(fields.get("last", ""))
    history = statements.history(chosen.id, kind, *days, before=row_id(fields.get("before", "")))
    return Panel(customer, found, chosen, kind, *days, history)


@requires(Permission.READ)
def wallet_panel(pk: int) -> Response:
    """The panel, its history or the next page of that; the page around it has them all."""
    if not is_partial():
        return go(address("customers.customer_detail", pk=pk, **request.args.to_dict()))
    panel, target = panel_of(customers.get(pk), request.args), request.headers.get("HX-Target", "")
    if target == "more":
        return make_response(render_template("wallet/_operations.html", panel=panel))
    partial = "wallet/_history.html" if target.startswith("history-") else "wallet/_wallet.html"
    response = make_response(render_template(partial, panel=panel))
    response.headers["HX-Push-Url"] = panel.url()
    return response
