"""Which column of a spreadsheet of exchange rates holds what. Pure."""

from collections.abc import Sequence

from crm.services.importing.columns import Header, best_header, known_names, recognise

# In order of preference, as in `import_columns`.
_NAMES = {
    "from_currency": "from currency, base currency, из валюты, базовая валюта",
    "to_currency": "to currency, target currency, quote currency, в валюту, валюта котировки",
    "rate": "rate, exchange rate, курс, обменный курс, курс обмена",
    "spread": "spread, спред",
    "valid_from": "valid from, effective from, действует с, начало действия",
}
REQUIRED, OPTIONAL = ("from_currency", "to_currency", "rate"), ("spread", "valid_from")
_KNOWN = known_names(_NAMES)


def find_header(records: Sequence[Sequence[str]]) -> Header | None:
    """The record that names the most columns, if a pair of currencies and its rate are among them."""
    return best_header(records, _recognise, lambda header: set(REQUIRED) <= set(header.mapping))


def meaning(column: str) -> str | None:
    """What a column of this name holds, None where that is unknown."""
    return _recognise([column])[0]


def _recognise(columns: Sequence[str]) -> list[str | None]:
    return recognise(columns, _KNOWN)
