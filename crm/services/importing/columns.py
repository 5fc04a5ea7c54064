"""Which column of a table holds what: header names in Russian and English, as programs and people write them. Pure."""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from crm.services.importing.plan import CHANNELS, NAME_PARTS
from crm.text import fold

ERROR_COLUMN = "error"  # what the file of failed rows adds; ignored when that file comes back

# In order of preference: of two columns that mean one field, the one whose name stands first here is taken.
_NAMES = {
    "name": "name, full name, customer name, client name, contact name, display name, customer, client, contact,"
    " ФИО, полное имя, наименование, имя клиента, ФИО клиента, наименование клиента, название, имя и фамилия,"
    " фамилия имя отчество, фамилия имя, фамилия и имя, имя фамилия, клиент, покупатель,"
    " заказчик, контрагент, наименование контрагента, партнёр, контактное лицо, контакт",
    "first_name": "first name, given name, forename, имя, имя отчество, имя и отчество",
    "middle_name": "middle name, additional name, patronymic, отчество",
    "last_name": "last name, family name, surname, фамилия",
    "kind": "kind, customer type, client type, customer kind, вид клиента, тип клиента, тип контрагента,"
    " вид контрагента, юр физ лицо, физ юр лицо",
    "company": "company, company name, organization, organisation, organization name, organisation name,"
    " organization 1 name, firm, employer, компания, организация, название компании, название организации,"
    " наименование организации, фирма, предприятие, юр лицо, место работы",
    "city": "city, town, address city, home city, business city, address 1 city, город, город клиента,"
    " населённый пункт, город проживания",
    "notes": "notes, note, comment, comments, remark, remarks, description, memo, комментарий, комментарии,"
    " примечание, примечания, заметка, заметки, описание, дополнительно, дополнительная информация, доп информация",
    "external_id": "external id, customer id, client id, customer code, client code, customer number, customer no,"
    " code, id, внешний код, внешний id, код, код клиента, id клиента, номер клиента, код контрагента, ид",
    "crm_id": "crm id, id в crm",
    "tags": "tags, tag, labels, label, groups, group, group membership, segment, segments, category, categories,"
    " метки, метка, теги, тег, тэги, тэг, группа, группы, сегмент, категория, категории, ярлыки",
    "currency": "currency, currency code, wallet currency, balance currency, валюта, код валюты, валюта баланса",
    "wallet_balance": "wallet balance, balance, account balance, wallet, остаток, баланс, сальдо, кошелёк,"
    " баланс кошелька, остаток на счёте, сальдо руб, остаток руб, баланс руб, balance rub",
    "phone": "phone, phones, phone number, phone value, telephone, telephone number, tel, mobile, mobile phone,"
    " mobile number, cell, cell phone, work phone, business phone, home phone, main phone, primary phone, телефон,"
    " телефоны, тел, номер телефона, мобильный, мобильный телефон, моб телефон, моб тел, моб, сотовый,"
    " сотовый телефон, рабочий телефон, домашний телефон, основной телефон, дополнительный телефон, доп телефон,"
    " контактный телефон, телефон клиента, телефон рабочий, телефон мобильный",
    "email": "email, emails, mail, email address, email value, primary email, main email, work email, home email,"
    " почта, эл почта, электронная почта, адрес электронной почты, адрес эл почты, имейл, емейл, е мейл, мейл,"
    " email клиента, рабочий email",
    "telegram": "telegram, telegram username, tg, телеграм, телеграмм, тг, ник в телеграм",
    "whatsapp": "whatsapp, whats app, wa, ватсап, ватсапп, вотсап, вацап",
    "viber": "viber, вайбер",
    "vk": "vk, vkontakte, vk com, вк, вконтакте",
    "instagram": "instagram, insta, инстаграм, инстаграмм, инста",
    "website": "website, website value, web site, site, url, web page, homepage, сайт, вебсайт, веб сайт,"
    " адрес сайта, интернет сайт",
    "other": "other, other contact, другое, другой контакт, иной контакт",
}


Known = dict[str, tuple[str, int]]  # a bare name: its field, and how good a name it is (0 is best)


def known_names(names: Mapping[str, str]) -> Known:
    """The names of columns that are recognised; `names` has those of each field, in order of preference."""
    return {bare(name): (field, rank) for field, said in names.items() for rank, name in enumerate(said.split(","))}


def bare(name: str) -> str:
    """The name as names are compared: letters, digits and signs of currencies alone, folded.

    >>> bare("E-mail (2)"), bare("Balance $") == bare("Balance €")
    ('email2', False)
    """
    return "".join(sign for sign in fold(name) if sign.isalnum() or unicodedata.category(sign) == "Sc")


_KNOWN = known_names(_NAMES)
PAIRS = [(name.strip(), field) for field, said in _NAMES.items() for name in said.split(",")]  # every name, its field


@dataclass(frozen=True)
class Header:
    """Where the header stands (how many records are above it), its cells, and a field's name or None for each."""

    line: int
    columns: list[str]
    mapping: list[str | None]

    @property
    def recognised(self) -> int:
        """How many columns have a field."""
        return sum(field is not None for field in self.mapping)

    @property
    def has_name(self) -> bool:
        """Whether a customer's name can be made of the columns."""
        return any(field in ("name", *NAME_PARTS) for field in self.mapping)


def best_header(
    records: Sequence[Sequence[str]],
    mapped: Callable[[Sequence[str]], list[str | None]],
    fits: Callable[[Header], bool],
) -> Header | None:
    """The record that names the most fields among those that fit, or None."""
    best: Header | None = None
    for line, record in enumerate(records):
        columns = _trimmed(record)
        header = Header(line, columns, mapped(columns))
        if fits(header) and (best is None or header.recognised > best.recognised):
            best = header
    return best


def recognise(columns: Sequence[str], known: Known = _KNOWN) -> list[str | None]:
    """A field's name, or None, for each column. A channel may have several columns, anything else has one.

    >>> recognise(["ФИО", "Эл. почта", "Phone 2 - Value", "Дата создания"])
    ['name', 'email', 'phone', None]
    """
    mapping: list[str | None] = []
    holders: dict[str, tuple[int, int]] = {}  # field: (rank, column) of the best so far
    for index, column in enumerate(columns):
        field, rank = known_field(column, known)
        mapping.append(field)
        if field is None or field in CHANNELS:
            continue
        if field in holders and holders[field][0] <= rank:
            mapping[index] = None
            continue
        if field in holders:
            mapping[holders[field][1]] = None
        holders[field] = (rank, index)
    return mapping


def known_field(column: str, known: Known = _KNOWN) -> tuple[str | None, int]:
    """The field that a name means, and how good a name it is (0 is best); (None, 0) where nobody knows it."""
    name = "".join(filter(str.isalnum, bare(column)))
    if name in known:
        return known[name]
    without_number = "".join(c for c in name if not c.isdigit())
    field, rank = known.get(without_number, (None, 0))
    return (field, rank) if field in CHANNELS else (None, 0)


def missing(columns: Sequence[str], chosen: Mapping[str, str]) -> list[str]:
    """The names in `chosen` that no column has."""
    there = {bare(column) for column in columns}
    return [name for name in chosen if bare(name) not in there]


def is_error_column(column: str) -> bool:
    """Whether it is the column of reasons that the file of failed rows has."""
    return bare(column) == ERROR_COLUMN


def _trimmed(record: Sequence[str]) -> list[str]:
    columns = [cell.strip() for cell in record]
    while columns and not columns[-1]:
        columns.pop()
    return columns
