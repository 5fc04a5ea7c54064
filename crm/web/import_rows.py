"""The rows of an import as its page shows them: which there are, those of one outcome, a page at a time."""

from typing import Any

from flask import request

from crm.i18n import gettext as _
from crm.models import Import
from crm.services import imports
from crm.services.importing.plan import NAME_PARTS, Plan
from crm.web.import_words import OUTCOMES

ORDER = ("failed", "updated", "created", "skipped", "unchanged")  # what asks for attention stands first
ALL = ""
_PAGE = 50
_LONG = 60  # characters of a name
Tab = tuple[str, str, int]


def shown(upload: Import) -> dict[str, Any]:
    """The page of rows that the address asks for, and the tabs; nothing while a worker is at it."""
    if upload.status != "checked" and not upload.is_final:
        return {"page": None, "show": ALL, "tabs": []}
    tabs = _tabs(upload)
    show = _show(tabs)
    after = max(0, min(request.args.get("after", 0, type=int), 10**9))
    return {
        "page": imports.rows(upload.id, show, after, _PAGE),
        "show": show,
        "tabs": tabs,
        "after": after,
        "name_at": _name_at(upload),
    }


def row_name(row: Any, name_at: list[int]) -> str:
    """What a row that was not taken calls its customer: its cells of the name, or the first that is not blank."""
    cells = [cell.strip()[:_LONG] for cell in row.cells or []]
    named = [cells[place] for place in name_at if place < len(cells) and cells[place]]
    return " ".join(named) or next(filter(None, cells), "—")


def _name_at(upload: Import) -> list[int]:
    return [place for place, field in enumerate(Plan.from_json(upload.plan).fields) if field in ("name", *NAME_PARTS)]


def _tabs(upload: Import) -> list[Tab]:
    found = [(name, str(OUTCOMES[name]), int(getattr(upload, name))) for name in ORDER]
    found.append(("noted", _("With a remark"), imports.number(upload.id, "noted")))
    found.append(("kept", _("Kept by the undo"), upload.kept))
    return [*(tab for tab in found if tab[2]), (ALL, _("All"), upload.read_rows)]


def _show(tabs: list[Tab]) -> str:
    """The tab that is asked for, or else the first; one that has no rows is there all the same."""
    wanted = request.args.get("show", "")
    if wanted == "all":
        return ALL
    return wanted if wanted in (*OUTCOMES, "noted", "kept", "undone") else tabs[0][0]
