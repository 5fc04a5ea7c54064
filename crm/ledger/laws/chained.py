"""Laws of the hash chain over operations: each is what it was when it was chained, and none was left out."""

from crm.i18n import lazy_gettext as _l
from crm.ledger import chain_proof
from crm.ledger.laws.law import Law, Looked, Program, Span, in_order, looked


def _links(span: Span | None) -> Looked:
    since, until = (0, None) if span is None else (span.since, span.until)
    return looked(chain_proof.links(since, until), (each.row for each in chain_proof.breaks(since, until)))


def _left_out(span: Span | None) -> Looked:
    since, until = (0, None) if span is None else (span.since, span.until)
    in_order()
    return looked(*chain_proof.left_out(since, until))


_LINKS = Program(_links, chain_proof.BREAKS_IN_SQL)
_LEFT_OUT = Program(_left_out, chain_proof.LEFT_OUT_IN_SQL)
LAWS = (
    Law("links", _l("Every operation is what it was when it was chained"), _LINKS, _LINKS),
    Law("left_out", _l("No operation is missing from the chain of hashes"), _LEFT_OUT, _LEFT_OUT),
)
