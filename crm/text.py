"""Text as people type it: cleaning, and folding for search and sorting. Pure."""

import re
import unicodedata

# The letter й is и with a breve, but it is a letter of its own: it keeps its mark, as ё does not.
_KEEP = {"й"}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_BIDI = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
_SPACES = re.compile(r"[\s\u00a0\u202f]+")
# Nothing to see and nothing to join: they come along when text is copied from pages and spreadsheets.
_INVISIBLE = re.compile(r"[\u00ad\u200b\u2060\ufeff]")
_PHONE_QUERY = re.compile(r"[\d+().\-\s\u00a0\u202f]+")


def has_control(text: str) -> bool:
    """True where the text has characters that no name or note can have: C0 and C1 controls, lone surrogates,
    and the marks that turn the direction of writing (used to disguise text).
    """
    return not text.isprintable() and bool(_CONTROL.search(text) or _BIDI.search(text))


def squeeze(text: str) -> str:
    r"""The text on one line, without invisible characters, and without blanks at its ends or doubled within.

    >>> squeeze("  Anna \u00a0 Ivanova\n")
    'Anna Ivanova'
    """
    if text.isprintable() and "  " not in text:  # of all blanks Python calls only the plain one printable
        return text.strip()
    if not text.isascii():
        text = _INVISIBLE.sub("", text)
    return _SPACES.sub(" ", text).strip()


def fold(text: str) -> str:
    """The text as it is compared: casefolded, ё as е, Latin letters without accents; й stays й.

    >>> fold("Фёдоров Siobhán Łukasz Straße Йод")
    'федоров siobhan lukasz strasse йод'
    """
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", text).translate(_FOLDED)


def fold_character(character: str) -> str:
    """Fold one character of NFC text; the answer may be longer than one (ß gives ss) or empty (a lone accent)."""
    return _FOLDED[ord(character)]


class _Folded(dict[int, str]):
    """What every character folds to, worked out at its first use: `str.translate` reads it without leaving C."""

    def __missing__(self, code: int) -> str:
        folded = self[code] = _fold(chr(code))
        return folded


def _fold(character: str) -> str:
    lower = character.casefold()
    if lower in _KEEP:
        return lower
    if lower == "ё":
        return "е"
    if lower in _STROKES:
        return _STROKES[lower]
    decomposed = unicodedata.normalize("NFD", lower)
    if decomposed[0].isascii():
        return "".join(c for c in decomposed if not unicodedata.combining(c))
    return "" if unicodedata.combining(character) else lower


# Letters with a stroke do not decompose in Unicode.
_STROKES = {"ł": "l", "ø": "o", "đ": "d", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe"}
_FOLDED = _Folded()


def digits(text: str) -> str:
    """The decimal digits of the text, as ASCII.

    >>> digits("8 (912) 345-67-89")
    '89123456789'
    """
    rest = text.removeprefix("+")
    if rest.isascii() and rest.isdigit():
        return rest
    return "".join(str(int(c)) for c in text if c.isdecimal())


def looks_like_phone(query: str) -> bool:
    """True for a query of digits, + ( ) - . and blanks only, with at least one digit."""
    return bool(_PHONE_QUERY.fullmatch(query)) and any(map(str.isdecimal, query))


def file_name(sent: str) -> str:
    r"""The name that a file was sent under, as it may be shown: without folders, in 200 printable characters.

    >>> file_name("C:\\temp\\a\u0000.csv")
    'a.csv'
    """
    name = sent.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(character for character in name if character.isprintable())[-200:]
