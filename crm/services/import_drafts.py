"""The file of an import that is being set up: what it looks like, what was found in it, and how it is read."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from flask import current_app

from crm.db import atomic, retrying
from crm.models import Import
from crm.services import imports
from crm.services.audit import Actor
from crm.services.importing import file, lease, problems, saved
from crm.services.importing.plan import Plan
from crm.services.importing.proposals import Proposal
from crm.services.importing.samples import LOOKED_AT, Sample, samples
from crm.services.importing.upload import read_anew
from crm.services.importing.validity import Validity, validity
from crm.services.tables import Reading
from crm.tabular import stored
from crm.tabular.damage import Finding
from crm.tabular.errors import Unreadable
from crm.tabular.records import below, following, records

TOP = 20  # records among which the header may be


@dataclass(frozen=True)
class Glance:
    """What the beginning of a file tells: a sample of each column, how many of its values can be what the plan takes it
    for, and the first records, among which the header is chosen. `proposal` tells how columns were recognised,
    `findings` what a spreadsheet program has spoilt anywhere in the file.
    """

    samples: list[Sample]
    validities: list[Validity | None]
    top: list[list[str]]
    proposal: Proposal
    findings: list[Finding]


def glance(upload: Import, plan: Plan) -> Glance:
    """What the file of a draft looks like with this plan, which has a column for each of the file's; as good as empty
    where it is gone.
    """
    try:
        first = following(_records(upload), upload.header_line + LOOKED_AT, list)
    except (FileNotFoundError, Unreadable):
        first = []
    rows = [cells for _row, cells in below(first, upload.header_line)]
    return Glance(
        samples(rows, len(upload.columns)),
        validity(rows, lease.layout_of(upload.columns, plan)),
        first[:TOP],
        saved.propose(upload.columns),
        [Finding.from_json(finding) for finding in upload.damage],
    )


def decide(actor: Actor, pk: int, plan: Plan, table: str) -> list[Finding]:
    """Decide otherwise about a draft, as `imports.replan` does, if it still has the `table` that was looked at. Where
    columns are held to be something else, damage is looked for anew in all of the file: what was not known before is
    given, and is put right from now on, where it can.

    Raises `Invalid`, `TooLate` and `NotFound` as `imports.replan` does.
    """
    upload = imports.get(pk)
    problems.refuse(plan, upload.columns, lease.layout_of(upload.columns, plan))
    known = [Finding.from_json(finding) for finding in upload.damage]
    found = _damage(upload, plan)
    if found is None:
        imports.replan(actor, pk, plan, table)
        return []
    seen = {(finding.kind, finding.index) for finding in known}
    news = [finding for finding in found if (finding.kind, finding.index) not in seen]
    offered = {finding.repair for finding in found}
    repairs = [name for name in plan.repairs if name in offered] + [new.repair for new in news if new.repair]
    imports.replan(actor, pk, replace(plan, repairs=tuple(repairs)), table, [finding.as_json() for finding in found])
    return news


def _damage(upload: Import, plan: Plan) -> list[Finding] | None:
    """What is spoilt in a draft's file where its columns hold what this plan says; None where that is known."""
    before = Plan.from_json(upload.plan).fields
    if len(plan.columns) != len(before) or file.are_looked_through_alike(upload.columns, before, plan.fields):
        return None
    try:
        rows = below(_records(upload), upload.header_line)
        return file.damage(upload.columns, rows, plan.fields, current_app.config["CRM_DEFAULT_REGION"])
    except (FileNotFoundError, Unreadable):
        return None


def _records(upload: Import) -> Iterator[list[str]]:
    path = stored.text(lease.uploads() / upload.stored_as, upload.kind, upload.sheet_index)
    return records(path, upload.encoding, upload.delimiter)


@retrying
def reread(pk: int, reading: Reading) -> Import:
    """Read the file of a draft in another way; what its columns hold is proposed anew, the other choices stay.

    Raises `NotFound`, `TooLate`, and `Invalid` (`file`) where it cannot be read so: then it stays as it was.
    """
    values = read_anew(imports.get(pk), reading)
    with atomic():
        upload = imports.editable(pk)
        for name, value in {**values, "status": "draft"}.items():
            setattr(upload, name, value)
        lease.reset(upload)
    return upload
