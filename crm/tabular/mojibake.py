"""Text that was written in one encoding and read in another, put right where there can be no doubt. Pure.

UTF-8 read as a one-byte encoding has, for every letter, the same two or three signs in front of others that hardly ever
stand there: read back, all of the cell becomes UTF-8 of letters and usual signs.
"""

import re

# In the order in which they are tried; where a byte means nothing, programs write the control character of its number.
_READ_AS = ("cp1251", "cp1252", "latin-1", "cp866", "koi8_r", "mac_cyrillic")
_LEADS = b"\xc3\xd0\xd1"  # what UTF-8 has in front of most letters with accents, and of all Russian ones


def _table(encoding: str) -> dict[str, int]:
    letters = {}
    for byte in range(256):
        letters[bytes([byte]).decode(encoding, "ignore") or chr(byte)] = byte
    return letters


_BYTES = {encoding: _table(encoding) for encoding in _READ_AS}


def _pairs(*encodings: str) -> re.Pattern[str]:
    """Any sign that leads and any that follows, of several encodings at once: an alternative for each costs more."""
    signs = [(re.escape(sign), byte) for encoding in encodings for sign, byte in _BYTES[encoding].items()]
    leads = "".join(sign for sign, byte in signs if byte in _LEADS)
    return re.compile(f"[{leads}][{''.join(sign for sign, byte in signs if 0x80 <= byte < 0xC0)}]")


_PAIRS = _pairs("cp1251", "cp1252", "latin-1", "koi8_r")
# Here letters follow, but none of these leads is one.
_RARE = "├╨╤√–—"
_RARE_PAIRS = _pairs("cp866", "mac_cyrillic")
# One of these is in nearly every word that was misread, and in hardly any other: a million rows are looked through.
_ODD = re.compile(
    "[ÃÐÑ├╨╤√∞≤≥≠ЂЃ‚ѓ†‡€‰Љ‹ЊЌЋЏђљ›њќћџЎўЈҐЄЇІіґµ¶·єјЅѕї¤¦¬®°±─│┌┐└┘┤┬┴┼▀▄█▌▐░▒▓═║╒╓╔╕╖╗╘╙╚╛╜╝╞╟╠╡╢╣╥╦╧╩╪╫╬]"
)
_PLAIN = re.compile(r"[A-Za-zА-яЁёÀ-ÖØ-öø-ÿ\x20-\x7e\s«»„“”‘’№–—…€₽©®™°·\u00a0]+")
_CERTAIN = re.compile(r"[А-яЁё]{2}|[À-ÖØ-öø-ÿ]")
_ACCENTED = re.compile(r"[À-ÖØ-öø-ÿ]{4}")
_RUSSIAN = re.compile(r"(?=.*[а-яё]{3})[А-яЁё\x20-\x40\[-`{-~«»\u00a0]+", re.DOTALL)


def is_suspect(text: str) -> bool:
    """Whether it is worth while to ask `mended`; of text that is well nearly always False."""
    return not text.isascii() and bool(_ODD.search(text) or _ACCENTED.search(text))


def mended(text: str) -> str | None:
    """What was meant, or None where the text is well or nobody can be certain.

    >>> mended("РџСЂРёРІРµС‚"), mended("Ð˜Ð²Ð°Ð½"), mended("РђРЅРЅР°"), mended("Èâàí Ïåòðîâ")
    ('Привет', 'Иван', 'Анна', 'Иван Петров')
    >>> mended("Анна"), mended("José"), mended("Р°"), mended("Ærøskøbing")
    (None, None, None, None)
    """
    if text.isascii():
        return None
    if _has_pairs(text):
        return next(filter(None, (_read_back(text, encoding) for encoding in _READ_AS)), None)
    return _western(text) if _ACCENTED.search(text) else None


def _has_pairs(text: str) -> bool:
    return bool(_PAIRS.search(text) or (any(map(text.__contains__, _RARE)) and _RARE_PAIRS.search(text)))


def _read_back(text: str, encoding: str) -> str | None:
    known = _BYTES[encoding]
    try:
        meant = bytes(known[sign] for sign in text).decode()
    except (KeyError, UnicodeDecodeError):
        return None
    return meant if _CERTAIN.search(meant) and _PLAIN.fullmatch(meant) else None


def _western(text: str) -> str | None:
    """Russian in cp1251 that was read as Western: words of accented letters alone."""
    try:
        meant = text.encode("cp1252").decode("cp1251")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return None
    return meant if _RUSSIAN.fullmatch(meant) else None
