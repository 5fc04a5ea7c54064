"""What workers are at now, or will be as soon as they can."""

from dataclasses import dataclass

from sqlalchemy import func, select

from crm.db import db
from crm.models import Export, Import, ProofRun
from crm.models.imports import AT_WORK

_UNDER_WAY = ("queued", "running")  # of files and of proofs


@dataclass(frozen=True)
class Running:
    """How many there are of each."""

    imports: int
    exports: int
    proofs: int

    @property
    def together(self) -> int:
        """All of them."""
        return self.imports + self.exports + self.proofs


def running(user_id: int, everybodys: bool) -> Running:
    """In one statement; of files those of the person, or `everybodys`, as the list of them has it."""
    files = select(func.count()).where(Export.status.in_(_UNDER_WAY))
    counted = (
        select(func.count()).where(Import.status.in_(AT_WORK)),
        files if everybodys else files.where(Export.created_by_id == user_id),
        select(func.count()).where(ProofRun.state.in_(_UNDER_WAY)),
    )
    return Running(*db.session.execute(select(*(one.scalar_subquery() for one in counted))).one())
