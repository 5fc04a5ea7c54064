"""A file that was sent: stored, examined whole, and put down as an import with the plan that is proposed for it."""

import hashlib
import os
import secrets
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from flask import current_app
from flask_babel import force_locale

from crm.config import LOCALES
from crm.errors import Invalid
from crm.models import Import
from crm.services.audit import Actor
from crm.services.importing import file, lease, saved
from crm.services.importing.choices import Choices, refuse
from crm.services.importing.plan import Plan
from crm.services.tables import Layout, Reading, left_out
from crm.tabular import stored
from crm.tabular.errors import Unreadable
from crm.text import file_name


def kept(
    actor: Actor,
    stream: IO[bytes],
    filename: str,
    choices: Choices,
    locale: str,
    is_draft: bool = False,
) -> Import:
    """Store the file and tell all of it but what is to happen next; the row is not in the database yet.

    Raises `Invalid` as `examined` does, and then keeps nothing.
    """
    name = secrets.token_hex(16)
    path = lease.uploads() / name
    locale = locale if locale in LOCALES else LOCALES[0]
    try:
        size, digest = _save(stream, path)
        with force_locale(locale):
            layout, plan = examined(path, choices, is_draft)
    except BaseException:
        stored.remove(path)
        raise
    return Import(
        filename=file_name(filename),
        stored_as=name,
        size=size,
        sha256=digest,
        plan=plan.as_json(),
        locale=locale,
        created_by_id=actor.user_id,
        origin=actor.origin[:64],
        **_described(layout),
    )


def read_anew(upload: Import, reading: Reading) -> dict[str, Any]:
    """The columns of `Import` that are others when the stored file is read in another way. What the file's columns
    hold is proposed anew; the other choices stay. Raises `Invalid` (`file`).
    """
    with force_locale(upload.locale):
        layout, plan = examined(lease.uploads() / upload.stored_as, Choices(reading=reading), is_draft=True)
    plan = replace(Plan.from_json(upload.plan), columns=plan.columns, repairs=plan.repairs)
    return _described(layout) | {"plan": plan.as_json()}


def examined(path: Path, choices: Choices, is_draft: bool = False) -> tuple[Layout, Plan]:
    """How the file reads, and the plan that it is imported by. For a draft, a plan that is only proposed: columns whose
    names are nearly known are in it too, and all repairs; a table of unknown columns is taken.

    Raises `Invalid` (`file`, and the fields of `Choices`).
    """
    choices.check()
    region = current_app.config["CRM_DEFAULT_REGION"]
    try:
        layout = file.examine(path, choices.mapping, choices.reading, is_draft, region)
    except Unreadable as error:
        raise Invalid({"file": [str(error)]}) from error
    header = layout.header.columns
    choices.refuse_absent(header)
    plan = saved.propose(header, choices.mapping, is_draft, choices.currencies).plan
    if plan.fields != layout.header.mapping:
        layout = replace(layout, damage=file.damage(header, layout.rows(path), plan.fields, region))
    if is_draft:
        plan = replace(plan, repairs=layout.repairs)
    else:
        choices.refuse_reading(layout.kind)
        plan = choices.decided(plan, layout)
        refuse(plan, header, lease.layout_of(header, plan))
    notes = retold(layout.notes, header, layout.header.mapping, plan.fields)
    return replace(layout, notes=notes), plan


def retold(
    notes: Sequence[str], columns: Sequence[str], before: Sequence[str | None], after: Sequence[str | None]
) -> list[str]:
    """The notes on a file whose columns go into the fields `after`, not `before`: which are left out is told anew, in
    the language that is in force.
    """
    untrue = left_out(columns, before)
    return [*(note for note in notes if note not in untrue), *left_out(columns, after)]


def _save(stream: IO[bytes], path: Path) -> tuple[int, str]:
    digest = hashlib.sha256()
    with path.open("xb") as target:
        while piece := stream.read(1 << 20):
            digest.update(piece)
            target.write(piece)
        target.flush()
        os.fsync(target.fileno())  # the import outlives a power cut, so its file has to
        return target.tell(), digest.hexdigest()


def _described(layout: Layout) -> dict[str, Any]:
    header = layout.header
    return {
        "kind": layout.kind,
        "sheet": layout.sheet_name[:200],
        "sheets": layout.sheets,
        "encoding": layout.encoding,
        "delimiter": layout.delimiter,
        "header_line": header.line,
        "columns": header.columns,
        "total_rows": layout.total,
        "notes": layout.notes,
        "damage": [finding.as_json() for finding in layout.damage],
    }
