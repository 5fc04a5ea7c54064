"""Why payments fail: a code for programs, and a sentence for people in their language."""

from crm.errors import AccountUnavailable, InsufficientFunds, PaymentRefused
from crm.i18n import gettext as _

_ERRORS: dict[str, tuple[type[PaymentRefused], str]] = {
    "insufficient_funds": (InsufficientFunds, "amount"),
    "balance_too_large": (PaymentRefused, "amount"),
    "not_reversible": (PaymentRefused, "amount"),
    "exceeds_reversible": (PaymentRefused, "amount"),
    "amount_too_small": (PaymentRefused, "amount"),
    "hold_not_possible": (PaymentRefused, "hold"),
    "account_frozen": (AccountUnavailable, "account"),
    "account_closed": (AccountUnavailable, "account"),
}


def refusal(code: str) -> PaymentRefused:
    """The error to raise for a failure code, with its sentence at the field that it is about."""
    kind, field = _ERRORS[code]
    return kind(code, field, sentence(code))


def sentence(code: str) -> str:
    """What a clerk is told about a payment that failed with this code."""
    return {
        "insufficient_funds": _("There is not enough money in the wallet."),
        "balance_too_large": _("The wallet would hold more than can be counted."),
        "not_reversible": _("Only a completed payment can be reversed."),
        "exceeds_reversible": _("This is more than what is left to be reversed."),
        "amount_too_small": _("This part is so small that one side would get nothing."),
        "hold_not_possible": _("Only what leaves a wallet can be held: a purchase, a transfer or a withdrawal."),
        "account_frozen": _("The wallet is frozen."),
        "account_closed": _("The wallet is closed."),
    }[code]
