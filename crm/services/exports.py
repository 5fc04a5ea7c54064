"""Customers as a file: CSV, XLSX or JSON lines, streamed at a constant size in memory."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import select

from crm.channel_types import ChannelType
from crm.db import db
from crm.models import ContactChannel, Customer, CustomerTag, Tag
from crm.services.search_criteria import Criteria
from crm.services.search_statements import conditions
from crm.tabular import writing

CHUNK = 2000
MANY = " ::: "  # between several values in one cell, as Google Contacts writes it; the import takes it apart again
_FIELDS = ("external_id", "name", "kind", "company", "city", "notes")
_CHANNELS = tuple(type_.value for type_ in ChannelType)
COLUMNS = ("id", *_FIELDS, "tags", *_CHANNELS, "status", "created_at")


def rows(criteria: Criteria) -> Iterator[dict[str, Any]]:
    """Every customer that meets the criteria, oldest first, as `COLUMNS`; tags and channels are lists."""
    last = 0
    while True:
        page = list(
            db.session.execute(
                select(
                    Customer.id, *(getattr(Customer, name) for name in _FIELDS), Customer.status, Customer.created_at
                )
                .where(*conditions(criteria), Customer.id > last)
                .order_by(Customer.id)
                .limit(CHUNK)
            ).mappings()
        )
        yield from _complete([dict(row) for row in page])
        if len(page) < CHUNK:
            return
        last = page[-1]["id"]


def csv_lines(criteria: Criteria) -> Iterator[str]:
    """The CSV (comma, UTF-8 with BOM for Excel), in pieces; formulas are disarmed."""
    return writing.csv_pieces(COLUMNS, map(_cells, rows(criteria)))


def json_lines(criteria: Criteria) -> Iterator[str]:
    """One JSON object a line."""
    for row in rows(criteria):
        yield json.dumps(row | {"created_at": row["created_at"].isoformat()}, ensure_ascii=False) + "\n"


def write_xlsx(criteria: Criteria, path: Path) -> None:
    """Write a workbook of one sheet; every cell is text, so nothing is run as a formula."""
    writing.write_workbook(path, "Customers", COLUMNS, map(_cells, rows(criteria)))


def _complete(page: list[dict[str, Any]]) -> list[dict[str, Any]]:
    by_id = {row["id"]: row for row in page}
    for row in page:
        row.update({name: [] for name in ("tags", *_CHANNELS)})
    channels = (
        select(ContactChannel.customer_id, ContactChannel.type, ContactChannel.value)
        .where(ContactChannel.customer_id.in_(list(by_id)))
        .order_by(ContactChannel.is_primary.desc(), ContactChannel.id)
    )
    for customer_id, type_, value in db.session.execute(channels):
        by_id[customer_id][type_].append(value)
    named = (
        select(CustomerTag.customer_id, Tag.name)
        .join(Tag, Tag.id == CustomerTag.tag_id)
        .where(CustomerTag.customer_id.in_(list(by_id)))
        .order_by(Tag.key)
    )
    for customer_id, name in db.session.execute(named):
        by_id[customer_id]["tags"].append(name)
    return page


def _cells(row: dict[str, Any]) -> Iterator[object]:
    for column in COLUMNS:
        value = row[column]
        yield (", " if column == "tags" else MANY).join(value) if isinstance(value, list) else value
