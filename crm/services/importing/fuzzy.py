"""Names of columns that are nearly those that are known: a letter missing, words in another order. Pure."""

import re
from collections.abc import Sequence
from functools import lru_cache

from rapidfuzz import fuzz, process

from crm.services.importing.plan import BALANCE, CRM_ID
from crm.text import fold

_NOT_WORDS = re.compile(r"[\W\d_]+")
_SHORTEST = 4  # letters: of shorter names half the dictionary is a neighbour
_SURE = 88  # of 100
_MARGIN = 4  # by which the next field must be worse
# A mistake would cost money, or mix people up.
_SURER = dict.fromkeys((BALANCE, "currency", "external_id", CRM_ID, "kind"), 95)
_LONGEST, _MOST = 100, 200  # letters of a name, names: nobody looks further


def guesses(columns: Sequence[str], known: Sequence[tuple[str, str]]) -> list[tuple[str, float]]:
    """For each column the field that its name nearly means, and how sure that is (0 to 1); ('', 0) where it is none.

    `known` has pairs of a name and its field.

    >>> guesses(["Телефн", "Phone mobile", "Дата"], [("Телефон", "phone"), ("Mobile phone", "phone")])
    [('phone', 0.92), ('phone', 1.0), ('', 0.0)]
    """
    names = [_words(name) for name, _field in known]
    return [
        _guess(_words(column), names, known) if index < _MOST else ("", 0.0) for index, column in enumerate(columns)
    ]


def _guess(name: str, names: list[str], known: Sequence[tuple[str, str]]) -> tuple[str, float]:
    if len(name) < _SHORTEST:
        return "", 0.0
    found = process.extract(name, names, scorer=fuzz.token_sort_ratio, score_cutoff=_SURE - _MARGIN, limit=20)
    best: dict[str, float] = {}
    for _match, score, index in found:
        if len(names[index]) >= _SHORTEST:
            best[known[index][1]] = max(score, best.get(known[index][1], 0))
    ranked = sorted(best.items(), key=lambda pair: -pair[1])
    if not ranked or ranked[0][1] < _SURER.get(ranked[0][0], _SURE):
        return "", 0.0
    if len(ranked) > 1 and ranked[0][1] - ranked[1][1] < _MARGIN:
        return "", 0.0
    return ranked[0][0], round(ranked[0][1] / 100, 2)


@lru_cache(maxsize=1_000)
def _words(name: str) -> str:
    return _NOT_WORDS.sub(" ", fold(name)).strip()
