"""Marks in a text what a query found, as the search compares: folded, and phones by their digits."""

import unicodedata
from collections.abc import Iterable

from markupsafe import Markup, escape

from crm.text import digits, fold_character


def highlight(value: str, terms: Iterable[str] = (), by_digits: str = "") -> Markup:
    """The escaped text with `<mark>` around every place where a folded term stands; `by_digits` is looked for
    in the digits alone.

    >>> highlight("Фёдоров", ["федо"])
    Markup('<mark>Фёдо</mark>ров')
    >>> highlight("+7 912 345", by_digits="12345")
    Markup('+7 9<mark>12 345</mark>')
    """
    terms = list(terms)
    if not value or not (terms or by_digits):
        return escape(value)
    text = unicodedata.normalize("NFC", value)
    marked = [False] * len(text)
    folded, origin = "", []
    for index, character in enumerate(text):
        piece = fold_character(character)
        folded += piece
        origin += [index] * len(piece)
    for term in terms:
        _mark(folded, term, origin, marked)
    if by_digits:
        places = [index for index, character in enumerate(text) if character.isdecimal()]
        _mark(digits(text), by_digits, places, marked)
    return _render(text, marked)


def _mark(haystack: str, needle: str, origin: list[int], marked: list[bool]) -> None:
    start = haystack.find(needle) if needle else -1
    while start >= 0:
        first, last = origin[start], origin[start + len(needle) - 1]
        marked[first : last + 1] = [True] * (last + 1 - first)
        start = haystack.find(needle, start + len(needle))


def _render(text: str, marked: list[bool]) -> Markup:
    out, index = Markup(""), 0
    while index < len(text):
        end = index
        while end < len(text) and marked[end] == marked[index]:
            end += 1
        piece = escape(text[index:end])
        out += Markup("<mark>{}</mark>").format(piece) if marked[index] else piece
        index = end
    return out
