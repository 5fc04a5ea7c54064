"""Named domain errors, each with a sentence a clerk understands; the skins decide how to show them."""

from collections.abc import Mapping, Sequence
from typing import Any


class DomainError(Exception):
    """Something the business does not allow; `message` is for people, in their language."""

    status = 422

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Invalid(DomainError):
    """What was typed cannot be taken: `fields` maps a field's name to its messages."""

    def __init__(self, fields: Mapping[str, Sequence[str]]) -> None:
        self.fields = {name: list(messages) for name, messages in fields.items()}
        super().__init__(" ".join(message for messages in self.fields.values() for message in messages))


class DuplicateChannel(Invalid):
    """The same channel belongs to another customer; it may be added all the same (families, firms)."""

    def __init__(self, field: str, message: str, owner_id: int, owner_name: str) -> None:
        super().__init__({field: [message]})
        self.owner_id, self.owner_name = owner_id, owner_name


class PaymentRefused(Invalid):
    """Money cannot be moved so; `code` is the reason in one word, as programs read it."""

    def __init__(self, code: str, field: str, message: str) -> None:
        super().__init__({field: [message]})
        self.code = code


class InsufficientFunds(PaymentRefused):
    """The account that pays has less than that, its overdraft counted in."""


class HoldOver(PaymentRefused):
    """The hold has ended already, or there is none: it can neither be captured nor let go."""

    status = 409


class AccountUnavailable(PaymentRefused):
    """The account is frozen or closed and takes no operations."""


class DuplicateRequest(DomainError):
    """The idempotency key was used for something else; nothing was moved. `places` are the numbers, from 0, of those
    payments of a batch.
    """

    status = 409

    def __init__(self, message: str, places: Sequence[int] = (0,)) -> None:
        super().__init__(message)
        self.places = list(places)


class NotFound(DomainError):
    """There is nothing under this id, or nothing the actor may know of."""

    status = 404


class Forbidden(DomainError):
    """The actor's role does not allow it."""

    status = 403


class Unconfirmed(Forbidden):
    """The e-mail of the customer who signs in is not confirmed; until then no money moves, and no program comes in."""


class StaleVersion(DomainError):
    """Somebody else saved first: `current` has what is stored now, per field, and its `version`."""

    status = 409

    def __init__(self, message: str, current: dict[str, Any], version: int) -> None:
        super().__init__(message)
        self.current, self.version = current, version


class TooLate(DomainError):
    """What was to be changed has gone on meanwhile, and can be changed so no more."""

    status = 409


class TooMany(DomainError):
    """The actor has as much under way as anybody may; once some of it has ended, more can be asked for."""

    status = 429


class Busy(DomainError):
    """The database could not take the change after several tries; trying again later is safe."""

    status = 503
