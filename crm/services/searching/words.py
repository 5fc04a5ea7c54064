"""What a query means: words that names begin with, parts of words, and phone numbers, by the rules of the search."""

from sqlalchemy import ColumnElement, and_, false, func, or_, text, true
from sqlalchemy.orm import InstrumentedAttribute

from crm.db import is_postgresql
from crm.models import Customer
from crm.text import digits, fold, looks_like_phone


def matches(query: str, indexed: bool) -> ColumnElement[bool]:
    """Whether a customer is found by the query; `indexed=False` keeps the trigram index out of it."""
    words = fold(query).split()
    if not words:
        return true()  # marks that stand on no letter
    if any("\x00" in word for word in words):
        return false()
    if len(words) == 1 and len(words[0]) == 1 and not words[0].isdigit():
        return begins(Customer.name_key, words[0])
    readings = [words]
    if looks_like_phone(query):
        number = digits(query)
        readings += [[number]] + ([["7" + number[1:]]] if number.startswith("8") else [])
    unique = [list(reading) for reading in dict.fromkeys(tuple(reading) for reading in readings)]
    patterns = [[_pattern(word) for word in reading] for reading in unique]
    found = _indexed(patterns) if indexed else _looked_at(patterns)
    if len(words) == 1 and len(words[0]) == 1:
        return or_(begins(Customer.name_key, words[0]), found)
    return found


def _pattern(word: str) -> str:
    """What stands in the search text where the word is found: with two blanks before every word there,
    one or two characters with their blanks are a trigram of the beginning of a word.
    """
    return " " * (3 - len(word)) + word if len(word) < 3 else word


def _indexed(readings: list[list[str]]) -> ColumnElement[bool]:
    """Any of the readings, all patterns of it, by the trigram index of the engine."""
    if is_postgresql():
        column = Customer.search_text
        return or_(*(and_(*(column.contains(pattern, autoescape=True) for pattern in reading)) for reading in readings))
    expression = " OR ".join(
        "(" + " AND ".join('"{}"'.format(pattern.replace('"', '""')) for pattern in reading) + ")"
        for reading in readings
    )
    found = text("SELECT rowid FROM customer_search WHERE customer_search MATCH :match").bindparams(match=expression)
    return Customer.id.in_(found)


def _looked_at(readings: list[list[str]]) -> ColumnElement[bool]:
    """The same by the text of each row, in words that no index answers and that planners take for true of many rows."""
    position = func.strpos if is_postgresql() else func.instr
    return or_(*(and_(*(position(Customer.search_text, pattern) > 0 for pattern in reading)) for reading in readings))


def begins(column: InstrumentedAttribute[str], prefix: str) -> ColumnElement[bool]:
    """Range by code point, so that the index of the column answers it on both engines."""
    last = ord(prefix[-1]) + 1
    following = prefix[:-1] + chr(0xE000 if last == 0xD800 else min(last, 0x10FFFF))
    return and_(column >= prefix, column < following)
