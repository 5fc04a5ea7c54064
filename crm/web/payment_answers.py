"""What a change of a payment is answered with."""

import uuid

from flask import Response, make_response, render_template

from crm.services.paying import detail as details
from crm.web.addresses import address
from crm.web.htmx import go, is_partial, notify


def done(pk: uuid.UUID, message: str) -> Response:
    """The payment as it is now, and what was done in words."""
    if not is_partial():
        notify(message)
        return go(address("payments.payment_detail", pk=pk))
    response = make_response(render_template("payments/_payment.html", payment=details.detail(pk), done=True))
    response.headers["HX-Retarget"], response.headers["HX-Reswap"] = f"#payment-{pk}", "outerHTML"
    notify(message, response=response)
    return response
