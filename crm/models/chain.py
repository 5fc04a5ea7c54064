"""The hash chain over operations: what makes it plain that one was changed behind the rules, and which."""

from sqlalchemy import CheckConstraint, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crm.db import Base, BigId


class ChainLink(Base):
    """One operation's place in the chain, and the SHA-256 of the link before it together with the operation.

    Written a little after the operation, by `ledger/chain` alone. Positions are 1, 2, 3 … without gaps, in the order
    in which operations came to be seen: one that was committed late has a higher position than its id would tell. There
    is no foreign key: it would lock each operation's row, and keep nobody who can switch the rules off.
    """

    __tablename__ = "operation_chain"
    __table_args__ = (CheckConstraint("length(hash) = 32", name="hash"), UniqueConstraint("operation_id"))

    position: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    operation_id: Mapped[int] = mapped_column(BigId)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))
