"""What is said of a proof: of which kind it was, how it ended, and where the rows are that it has found."""

from typing import Any, NamedTuple
from urllib.parse import urlencode

from flask_babel import format_decimal

from crm.i18n import gettext as _
from crm.i18n import lazy_gettext as _l
from crm.models import ProofRun
from crm.web.addresses import address

KIND_NAMES = {"full": _l("Everything"), "incremental": _l("What is new")}
STATE_NAMES = {
    "queued": _l("Waiting"),
    "running": _l("Under way"),
    "clean": _l("All is right"),
    "broken": _l("Differences"),
    "failed": _l("Not made"),
}
_NAMES = {
    "account": _l("Account"),
    "payment": _l("Payment"),
    "operation": _l("Operation"),
    "balance": _l("Balance"),
    "total": _l("Sum of the operations"),
    "status": _l("Status"),
    "currency": _l("Currency"),
    "amount": _l("Amount"),
    "day": _l("Day"),
    "kind": _l("Type"),
    "sequence": _l("Place in the account's chain"),
    "last": _l("Number of operations"),
    "position": _l("Place in the chain"),
    "fault": _l("What is wrong"),
    "held": _l("Reserved"),
    "overdraft_limit": _l("May be overdrawn by"),
    "reversed_amount": _l("Given back, as the payment says"),
    "given_back": _l("Given back"),
    "missing trigger": _l("Missing trigger"),
    "proof": _l("Proof"),
    "finished_at": _l("When"),
}


class Said(NamedTuple):
    """One value of a difference, with the address of the rows it stands for."""

    name: str
    value: Any
    url: str | None


def difference(row: dict[str, Any]) -> list[Said]:
    """A difference as names and values; what are in minor units stays so, as the SQL has it."""
    return [
        Said(str(_NAMES.get(name, name.replace("_", " "))), value, _url(name, value)) for name, value in row.items()
    ]


def proof_kind(run: ProofRun) -> str:
    """What it was of, in words."""
    if run.kind == "full" or run.state == "queued":
        return str(KIND_NAMES[run.kind])
    if run.from_position == run.to_position:
        return _("Nothing new")
    return _("Operations %(first)s–%(last)s", first=run.from_position + 1, last=run.to_position)


def short_hash(value: bytes | None) -> str:
    """Its beginning, as people compare it."""
    return f"{value.hex()[:16]}…" if value else "—"


def took(seconds: float | None) -> str:
    """How long something took; a dash where it has not ended."""
    if seconds is None:
        return "—"
    return _("%(number)s s", number=format_decimal(max(0.01, round(seconds, 2 if seconds < 1 else 1))))


def _url(name: str, value: Any) -> str | None:
    if value is None:
        return None
    match name:
        case "account":
            return f"{address('accounts.operation_list')}?{urlencode({'account': value})}"
        case "payment":
            return f"{address('payments.payment_list')}{value}/"
        case "proof":
            return f"{address('proof.proof_page')}{value}/"
        case "operation":
            return f"{address('proof.proof_page')}operations/{value}/"
    return None
