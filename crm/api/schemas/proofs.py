"""Proofs of the ledger, as asked for and as told."""

from typing import Any, Literal

from pydantic import Field

from crm.api.schemas.shapes import Cursor, Moment, RowId, Sent, Told
from crm.models.proofs import KINDS, STATES


class ProofIn(Sent):
    """What is to be proved."""

    kind: Literal[KINDS] = Field(  # type: ignore[valid-type]
        "full", description="Everything, or what is new since the last proof.", examples=["incremental"]
    )


class Proof(Told):
    """A run through the laws of the ledger."""

    id: RowId
    kind: Literal[KINDS]  # type: ignore[valid-type]
    state: Literal[STATES] = Field(description="The last three are final; a failed one has proved nothing.")  # type: ignore[valid-type]
    laws: int = Field(description="How many it goes through.")
    done: int = Field(description="How many it has gone through.")
    differences: int = Field(description="Of all laws, when it is done.")
    from_position: int = Field(description="What is proved begins behind this place in the chain of operations …")
    to_position: int = Field(description="… and ends here.")
    head_hash: str | None = Field(description="The SHA-256 at that place, in hexadecimal.", examples=["9f86d081" * 8])
    error: str
    created_by: RowId | None = Field(description="Null: the schedule, or the command line.")
    created_at: Moment
    started_at: Moment | None
    finished_at: Moment | None


class ProofFinding(Told):
    """What was found of one law."""

    law: str = Field(examples=["balance"])
    sentence: str = Field(examples=["The balance of an account is the sum of its operations"])
    rows: int = Field(description="How many were looked at.")
    differences: int = Field(description="How many of them break it.")
    milliseconds: int
    found: list[dict[str, Any]] = Field(description="The first 1,000 differences; amounts are in minor units.")
    sql: str = Field(description="By which they were found.")


class ProofEvidence(Proof):
    """A run with all that it has found."""

    findings: list[ProofFinding]


class ProofList(Told):
    """A page of proofs."""

    items: list[Proof]
    next_cursor: Cursor
