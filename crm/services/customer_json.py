"""A customer as programs see it: the one shape of the REST API, and what a list of them is asked by."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, select, tuple_

from crm.channel_types import ChannelType
from crm.db import db
from crm.errors import Invalid, NotFound
from crm.i18n import gettext as _
from crm.models import ContactChannel, Customer, CustomerTag, Tag
from crm.models.customer import KINDS, STATUSES
from crm.prepared import Prepared
from crm.services import columns
from crm.services.listing import Listing
from crm.services.payment_json import moment
from crm.services.searching import words
from crm.services.searching.criteria import QUERY_LIMIT
from crm.text import fold, has_control

_C, _TAGS, _TAGGED, _CHANNELS = Customer.__table__.c, Tag.__table__, CustomerTag.__table__, ContactChannel.__table__
_SEPARATOR = "\x1f"  # a control character: no tag has one


def _names_of_tags() -> Any:
    named = select(func.aggregate_strings(_TAGS.c.name, _SEPARATOR))
    joined = named.select_from(_TAGGED.join(_TAGS, _TAGS.c.id == _TAGGED.c.tag_id))
    return joined.where(_TAGGED.c.customer_id == _C.id).correlate(Customer.__table__).scalar_subquery().label("tags")


def _tagged(key: str) -> ColumnElement[bool]:
    tagged = select(_TAGGED.c.customer_id).select_from(_TAGGED.join(_TAGS, _TAGS.c.id == _TAGGED.c.tag_id))
    return _C.id.in_(tagged.where(_TAGS.c.key == key))


def _reached_by(normalized: str) -> ColumnElement[bool]:
    # With the types beside it, the index of types and values is asked nine times instead of walked through.
    wanted = tuple_(_CHANNELS.c.type, _CHANNELS.c.normalized).in_([(type_.value, normalized) for type_ in ChannelType])
    return _C.id.in_(select(_CHANNELS.c.customer_id).where(wanted))


_OWN = (
    "id",
    "kind",
    "status",
    "name",
    "external_id",
    "company",
    "city",
    "notes",
    "attributes",
    "version",
    "created_at",
    "updated_at",
)
_TOLD = (*_OWN[:8], "phone", "email", "tags", "attributes", "channels", "version", "created_at", "updated_at")
_SOURCE = select(*(_C[name] for name in _OWN), _names_of_tags())
_CHANNEL = ("id", "customer_id", "type", "value", "normalized", "label", "is_primary")
_ONE = Prepared(
    _SOURCE.add_columns(*(_CHANNELS.c[name].label(f"channel_{name}") for name in (*_CHANNEL, "created_at")))
    .outerjoin_from(Customer.__table__, _CHANNELS, _CHANNELS.c.customer_id == _C.id)
    .where(_C.id == bindparam("pk", required=False))  # the separator is written out before there is a value
    .order_by(_CHANNELS.c.id)
)
# Put together once: that takes longer than to run it.
_OWNERS = _CHANNELS.c.customer_id.in_(bindparam("pks", expanding=True))
_THEIRS = select(_CHANNELS).where(_OWNERS).order_by(_CHANNELS.c.id)
_BY_TAGS = columns.folded_text(_C.tags_key)
LISTING = Listing(
    "customers",
    _SOURCE,
    _C.id,
    {
        "id": columns.number(_C.id),
        "kind": columns.word(_C.kind, KINDS),
        "status": columns.word(_C.status, STATUSES),
        "name": columns.folded_text(_C.name_key),
        "external_id": columns.text(_C.external_id, nullable=True),
        "company": columns.text(_C.company),
        "city": columns.folded_text(_C.city_key),
        "notes": columns.text(_C.notes),
        "phone": columns.folded_text(_C.phone_key),
        "email": columns.folded_text(_C.email_key),
        "tags": replace(_BY_TAGS, equals=_tagged),
        "channels": replace(columns.text(None), operators=("", "in"), equals=_reached_by),  # as `normalized` has them
        "version": columns.number(_C.version),
        "created_at": columns.moment(_C.created_at),
        "updated_at": columns.moment(_C.updated_at),
    },
    more=("q",),
    families={"attributes": lambda name: columns.member(_C.attributes, name)},
)


def page(asked: Mapping[str, Sequence[str]], own: int | None = None) -> dict[str, Any]:
    """Customers (`own` alone, where it is given) as `Listing.page` says, and `q` as the search box has it:
    `{"items": […], "next_cursor": …}` in two statements. Raises `Invalid` by parameter.
    """
    query = "".join(asked.get("q", ()))
    if has_control(query) or len(query) > QUERY_LIMIT:
        raise Invalid({"q": [_("This is longer than %(count)d characters.", count=QUERY_LIMIT)]})
    conditions = [] if own is None else [_C.id == own]
    if query.strip():
        conditions.append(words.matches(query, indexed=True))
    found = LISTING.page(asked, *conditions)
    return {"items": _with_channels(found.items), "next_cursor": found.next_cursor}


def one(pk: int, own: int | None = None) -> dict[str, Any]:
    """The customer under this id, in one statement; raises `NotFound`, for all but `own` where that is given."""
    rows = _ONE.rows(pk=pk) if own in (None, pk) else []
    if not rows:
        raise NotFound(_("There is no such customer."))
    channels = [channel_json(row, "channel_") for row in rows if row.channel_id is not None]
    return _as_json(rows[0], channels)


def channel_json(channel: Any, before: str = "") -> dict[str, Any]:
    """One way to reach a customer; `before` is what its columns' names begin with in a wider row."""
    told = {name: getattr(channel, before + name) for name in _CHANNEL}
    return told | {"created_at": moment(getattr(channel, f"{before}created_at"))}


def _with_channels(rows: Sequence[Any]) -> list[dict[str, Any]]:
    channels: dict[int, list[dict[str, Any]]] = {row.id: [] for row in rows}
    if rows:
        for channel in db.session.execute(_THEIRS, {"pks": list(channels)}):
            channels[channel.customer_id].append(channel_json(channel))
    return [_as_json(row, channels[row.id]) for row in rows]


def _as_json(row: Any, channels: list[dict[str, Any]]) -> dict[str, Any]:
    own = {name: getattr(row, name) for name in _OWN}
    moments = {name: moment(own[name]) for name in ("created_at", "updated_at")}
    tags = sorted(row.tags.split(_SEPARATOR), key=fold) if row.tags else []
    main = {type_: _main(channels, type_) for type_ in ("phone", "email")}
    told = own | moments | main | {"tags": tags, "channels": channels}
    return {name: told[name] for name in _TOLD}


def _main(channels: list[dict[str, Any]], type_: str) -> str | None:
    return next((one["normalized"] for one in channels if one["type"] == type_ and one["is_primary"]), None)
