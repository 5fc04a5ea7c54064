"""The file of an import that is being set up: what it looks like, what was found in it, and how it is read."""

from dataclasses import dataclass
from itertools import islice

from crm.db import atomic, retrying
from crm.models import Import
from crm.services import imports
from crm.services.importing import lease, saved
from crm.services.importing.plan import Plan
from crm.services.importing.proposals import Proposal
from crm.services.importing.samples import LOOKED_AT, Sample, samples
from crm.services.importing.upload import read_anew
from crm.services.importing.validity import Validity, validity
from crm.services.tables import Reading
from crm.tabular import stored
from crm.tabular.damage import Finding
from crm.tabular.errors import Unreadable
from crm.tabular.records import below, records

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
        path = stored.text(lease.uploads() / upload.stored_as, upload.kind, upload.sheet_index)
        first = list(islice(records(path, upload.encoding, upload.delimiter), upload.header_line + LOOKED_AT))
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
