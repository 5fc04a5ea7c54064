"""One cell of a file: the contacts, tags, kind or currency that people write into it. Pure."""

import re

from crm.channel_types import ChannelError, ChannelType
from crm.i18n import gettext as _
from crm.services.customer_data import CHANNELS_LIMIT, ChannelData, clean_channel, too_many_channels
from crm.text import fold

MANY = ":::"  # between several values in one cell, as Google Contacts writes it
_PRIMARY = "* "  # before the label of the main one, as Google Contacts writes it
_GROUP_OF_ALL = "* mycontacts"
_TAGS = re.compile(r":::|[,;\n]")
_ALWAYS = re.compile(r":::|[\r\n]")
_LISTED = re.compile(r":::|[\r\n;,]")
_NUMBERS = re.compile(r":::|[\r\n]|;(?!\s*ext)")  # RFC 3966 has ;ext= for an extension
_SEPARATORS: dict[str, re.Pattern[str]] = {
    ChannelType.PHONE: _NUMBERS,
    ChannelType.WHATSAPP: _NUMBERS,
    ChannelType.VIBER: _NUMBERS,
    ChannelType.EMAIL: _LISTED,
    ChannelType.TELEGRAM: _LISTED,
    ChannelType.VK: _LISTED,
    ChannelType.INSTAGRAM: _LISTED,
    ChannelType.WEBSITE: _ALWAYS,
    ChannelType.OTHER: re.compile(MANY),
}
_ID_DIGITS = 18  # what a BIGINT holds
_WHOLE_NUMBER = 7  # digits: between commas so many make a number by themselves
_WHOLE_FLOAT = re.compile(r"(\+?\d{7,15})\.0+\Z")
_EXPONENT = re.compile(r"\+?\d[.,]?\d*E\+?\d+\Z", re.I)
_SHORTENED = re.compile(r"\d(?:[.,]\d+)?E\+\d+", re.I)  # of which an id may look like less: 12E5
_KINDS = {
    "person": "person, individual, contact, физлицо, физическое лицо, физ лицо, физ. лицо, фл, частное лицо, контакт",
    "company": "company, organization, organisation, юрлицо, юридическое лицо, юр лицо, юр. лицо, юл, компания",
}
_KIND_OF = {fold(name): kind for kind, said in _KINDS.items() for name in said.split(", ")}
_CURRENCY_SIGNS = {"₽": "RUB", "РУБ": "RUB", "РУБ.": "RUB", "$": "USD", "€": "EUR"}


def contacts(type_: str, cell: str, region: str, label: str = "") -> list[ChannelData]:
    """The channels in a cell, cleaned; `label` is that of all of them, or has one for each between `:::`.

    A label that begins with `* ` makes its channel the main one. ValueError says what is wrong.
    """
    if not label and not _SEPARATORS[type_].search(cell) and not ("," in cell and type_ == "phone"):
        return [] if cell.isspace() else [_contact(type_, cell, region, "", False)]
    values = split(type_, cell)
    if len(values) > CHANNELS_LIMIT:
        raise ValueError(too_many_channels())
    labels = [said.strip() for said in label.split(MANY)] if MANY in label else [label.strip()] * len(values)
    labels += [""] * (len(values) - len(labels))
    return [
        _contact(type_, value, region, said.removeprefix(_PRIMARY), said.startswith(_PRIMARY))
        for value, said in zip(values, labels, strict=False)
    ]


def split(type_: str, cell: str) -> list[str]:
    """The values in a cell of channels, without blank ones.

    >>> split("email", "a@example.com; b@example.com"), split("phone", "8 912 345-67-89, 8 (495) 100-00-00")
    (['a@example.com', 'b@example.com'], ['8 912 345-67-89', '8 (495) 100-00-00'])
    >>> split("phone", "8 912 345-67-89, 12")
    ['8 912 345-67-89, 12']
    """
    parts = _phones(cell) if type_ == "phone" else _SEPARATORS[type_].split(cell)
    return [value for part in parts if (value := part.strip())]


def tags(cell: str) -> list[str]:
    """The tags in a cell, without the group that Google puts everybody into; not cleaned yet."""
    return [tag for tag in _TAGS.split(cell) if tag.strip().casefold() != _GROUP_OF_ALL]


def kind(cell: str) -> str:
    """`person` or `company`, however it is called, '' where the cell is blank; ValueError for anything else."""
    said = cell.strip()
    found = _KIND_OF.get(fold(said)) if said else ""
    if found is None:
        raise ValueError(_("%(value)s is neither a person nor a company.", value=said[:40]))
    return found


def currency(cell: str) -> str:
    """The code that a cell of currencies means, '' where it is blank; not checked.

    >>> currency("₽"), currency("руб."), currency(" usd ")
    ('RUB', 'RUB', 'USD')
    """
    said = cell.strip().upper()
    return _CURRENCY_SIGNS.get(said, said)


def external_id(cell: str) -> str:
    """The id as it stands; ValueError where a spreadsheet program has cut it, as others may have been to the same."""
    if _SHORTENED.fullmatch(cell.strip()):
        raise ValueError(_shortened(cell.strip()[:40]))
    return cell


def crm_id(cell: str) -> str:
    """The number that an export has for a customer, '' for what can be none: another program calls its own so.

    >>> crm_id(" 17 "), crm_id("A-17"), crm_id("0")
    ('17', '', '')
    """
    said = cell.strip().lstrip("0")
    return said if said.isascii() and said.isdecimal() and len(said) <= _ID_DIGITS else ""


def _shortened(value: str) -> str:
    return _("Excel has shortened this number to %(value)s. Make the column text and save again.", value=value)


def _phones(cell: str) -> list[str]:
    parts = _NUMBERS.split(cell)
    listed = [number for part in parts for number in part.split(",")]
    whole = all(sum(map(str.isdecimal, number)) >= _WHOLE_NUMBER for number in listed if number.strip())
    return listed if whole else parts


def _contact(type_: str, value: str, region: str, label: str, is_primary: bool) -> ChannelData:
    if type_ == "phone":
        value = _mended_phone(value.strip())
    channel = ChannelData(type_, value, label, is_primary)
    try:
        return clean_channel(channel, region)
    except ChannelError as error:
        if type_ == "phone" and value.isdecimal() and len(value) > 10:
            hint = _("A number from abroad begins with + and the code of the country.")
            raise ChannelError(f"{error} {hint}") from None
        raise


def _mended_phone(value: str) -> str:
    if value[1:].isdecimal():
        return value
    if _EXPONENT.match(value):
        raise ChannelError(_shortened(value))
    whole = _WHOLE_FLOAT.match(value)
    return whole[1] if whole else value
