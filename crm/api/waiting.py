"""`Prefer: wait=N` (RFC 7240, 4.3): an answer that waits for a payment to be posted, no longer than is asked for."""

import re
import threading
import time

from flask import request
from flask_login import current_user

from crm import live
from crm.db import db
from crm.errors import Invalid
from crm.i18n import gettext as _
from crm.models.ledger import PaymentStatus

MOST_SECONDS = 10
_WAIT = re.compile(r"\s*wait\s*(?:=\s*(.*))?", re.I)


def wanted_wait() -> int | None:
    """The seconds that the client prefers to wait, None where it does not say; raises `Invalid` (`Prefer`)."""
    for preference in ",".join(request.headers.getlist("Prefer")).split(","):
        found = _WAIT.fullmatch(preference.partition(";")[0])
        if found is None:
            continue
        value = (found[1] or "").strip().strip('"')
        if not re.fullmatch(r"\d{1,4}", value, re.ASCII) or int(value) > MOST_SECONDS:
            sentence = _("This must be a whole number from %(low)d to %(high)d.", low=0, high=MOST_SECONDS)
            raise Invalid({"Prefer": [sentence]})
        return int(value)
    return None


def until_posted(payment_id: str, seconds: float) -> None:
    """Wait until the payment is held or final, or so many seconds. The database session ends before: who waits holds
    none.
    """
    deadline, wake, who = time.monotonic() + seconds, threading.Event(), current_user.id
    db.session.rollback()
    db.session.remove()
    hub = live.hub()
    try:
        with hub.follower(who, wake) as follower:
            hub.follow(follower, [payment_id])
            while not hub.is_closing:
                news, is_more = hub.take(follower)
                if not is_more or any(one.status == PaymentStatus.HELD for one in news):
                    return
                left = deadline - time.monotonic()
                if left <= 0:
                    return
                wake.wait(left)
                wake.clear()
    except live.NoRoom:
        return  # it is answered at once, as if nothing had been asked for
