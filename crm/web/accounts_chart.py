"""The chart of technical accounts: which of them, its figures, and each of them in words."""

from dataclasses import dataclass
from datetime import date

from babel.dates import format_skeleton
from flask import current_app, request
from flask_babel import get_locale

from crm.i18n import gettext as _
from crm.money import exponent
from crm.services.technical import Turnover
from crm.services.technical_days import Point, Series, series
from crm.web.money_text import money, signed_money
from crm.web.templating import date_text


@dataclass(frozen=True)
class Chart:
    """Points in one currency, and what may be chosen instead (nothing where one account is looked at)."""

    series: Series
    currency: str
    code: str = ""  # of the account; all of them together where it is blank
    currencies: tuple[str, ...] = ()

    @property
    def unit(self) -> str:
        """What a point is: `day` or `month`."""
        return self.series.unit

    @property
    def points(self) -> list[Point]:
        """The oldest first."""
        return self.series.points

    @property
    def exponent(self) -> int:
        """How many decimals the amounts have."""
        return exponent(self.currency)

    @property
    def together(self) -> str:
        """All points in a sentence."""
        incoming, outgoing = (sum(getattr(one, name) for one in self.points) for name in ("incoming", "outgoing"))
        return self._said(_("Together"), incoming, outgoing)

    def said(self, point: Point) -> str:
        """One point in a sentence."""
        return self._said(self.when(point), point.incoming, point.outgoing)

    def when(self, point: Point) -> str:
        """The day or the month."""
        if self.unit == "day":
            return date_text(point.start)
        return str(format_skeleton("yMMMM", point.start, locale=get_locale()))

    def _said(self, when: str, incoming: int, outgoing: int) -> str:
        figures = money(outgoing, self.currency), money(incoming, self.currency)
        net = signed_money(outgoing - incoming, self.currency)
        return _(
            "%(when)s: into wallets %(into)s · out of wallets %(out)s · net %(net)s",
            when=when,
            into=figures[0],
            out=figures[1],
            net=net,
        )


def chosen_chart(found: list[Turnover], first: date, last: date) -> Chart:
    """The chart that the address asks for; the product's own currency and all accounts where it says nothing."""
    currencies = tuple(dict.fromkeys(one.currency for one in found))
    own = current_app.config["CRM_DEFAULT_CURRENCY"]
    wanted = request.args.get("currency", own)
    currency = wanted if wanted in currencies else own if own in currencies else currencies[0]
    codes = {one.code: one.account_id for one in found if one.currency == currency}
    code = request.args.get("code", "")
    code = code if code in codes else ""
    return Chart(series([codes[code]] if code else list(codes.values()), first, last), currency, code, currencies)


def chart_of(account: Turnover, first: date, last: date) -> Chart:
    """The chart of one account."""
    return Chart(series([account.account_id], first, last), account.currency, account.code)
