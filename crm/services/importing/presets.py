"""The exports of programs that people come from, recognised by their headers: which column holds what. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from crm.services.importing.columns import bare

_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True)
class Preset:
    """`signatures`: any one of these sets of columns tells the program. `fields` has the names of columns for each
    field, in order of preference, '' those that are left out; a number in a name stands for any number.
    """

    name: str
    signatures: tuple[str, ...]
    fields: Mapping[str, str]
    defaults: Mapping[str, str] = field(default_factory=dict)


_GOOGLE = {
    "company": "Organization Name, Organization 1 - Name",
    "city": "Address 1 - City",
    "notes": "Notes",
    "tags": "Labels, Group Membership",
    "email": "E-mail 1 - Value",
    "phone": "Phone 1 - Value",
    "website": "Website 1 - Value",
    "label": "E-mail 1 - Label, E-mail 1 - Type, Phone 1 - Label, Phone 1 - Type, Website 1 - Label, Website 1 - Type",
    "": "Name Prefix, Name Suffix, Nickname, File As, Initials, Short Name, Maiden Name, Organization Title,"
    " Organization Department, Organization 1 - Title, Organization 1 - Type, Birthday, Gender, Location, Photo,"
    " Yomi Name, Given Name Yomi, Additional Name Yomi, Family Name Yomi, Phonetic First Name, Phonetic Middle Name,"
    " Phonetic Last Name, Billing Information, Directory Server, Mileage, Occupation, Hobby, Sensitivity, Priority,"
    " Subject, Language, Address 1 - Label, Address 1 - Type",
}

PRESETS = (
    Preset(
        "Wallet CRM",
        ("id, external_id, name, kind, status, created_at, updated_at",),
        {"crm_id": "id", "": "status, created_at, updated_at"},
    ),
    Preset(
        "Google Contacts",
        (
            "First Name, Last Name, Labels, E-mail 1 - Value",
            "First Name, Last Name, Labels, Phone 1 - Value",
            "First Name, Last Name, Phonetic First Name, File As",
        ),
        {"first_name": "First Name", "middle_name": "Middle Name", "last_name": "Last Name", **_GOOGLE},
    ),
    Preset(
        "Google Contacts",
        ("Name, Given Name, Family Name, Group Membership", "Name, Given Name, Family Name, Yomi Name"),
        {
            "name": "Name",
            "first_name": "Given Name",
            "middle_name": "Additional Name",
            "last_name": "Family Name",
            **_GOOGLE,
        },
    ),
    Preset(
        "Outlook",
        (
            "First Name, Last Name, E-mail Address, Business Phone",
            "First Name, Last Name, E-mail Address, E-mail Display Name",
            "First Name, Last Name, E-mail Address, Mobile Phone",
        ),
        {
            "first_name": "First Name",
            "middle_name": "Middle Name",
            "last_name": "Last Name",
            "company": "Company",
            "city": "Business City, Home City, Other City",
            "notes": "Notes",
            "tags": "Categories",
            "phone": "Business Phone, Business Phone 2, Company Main Phone, Home Phone, Home Phone 2, Mobile Phone,"
            " Other Phone, Primary Phone, Car Phone, Radio Phone",
            "email": "E-mail Address, E-mail 2 Address",
            "website": "Web Page, Personal Web Page, Business Web Page",
            "": "Title, Suffix, Account, Location, E-mail Type, E-mail Display Name, E-mail 2 Type,"
            " E-mail 2 Display Name, Business Fax, Home Fax, Other Fax, Assistant's Phone, Callback, Language, Private",
        },
    ),
    Preset(
        "Outlook",
        (
            "Имя, Фамилия, Адрес эл. почты, Рабочий телефон",
            "Имя, Фамилия, Адрес эл. почты, Краткое имя эл. почты",
            "Имя, Фамилия, Адрес эл. почты, Телефон переносной",
        ),
        {
            "first_name": "Имя",
            "middle_name": "Отчество",
            "last_name": "Фамилия",
            "company": "Организация",
            "city": "Город (раб. адрес), Город (дом. адрес), Город (другой адрес)",
            "notes": "Заметки",
            "tags": "Категории",
            "phone": "Рабочий телефон, Телефон раб. 2, Основной телефон организации, Домашний телефон, Телефон дом. 2,"
            " Телефон переносной, Мобильный телефон, Другой телефон, Основной телефон, Телефон в машине, Радиотелефон",
            "email": "Адрес эл. почты, Адрес 2 эл. почты",
            "website": "Веб-страница, Личная веб-страница",
            "": "Обращение, Суффикс, Код организации, Личный код, Счет, Тип эл. почты, Краткое имя эл. почты,"
            " Тип 2 эл. почты, Краткое 2 имя эл. почты, Телефон помощника, Рабочий факс, Домашний факс, Другой факс,"
            " Обратный вызов",
        },
    ),
    Preset(
        "HubSpot",
        ("Record ID, First Name, Last Name, Email", "Record ID - Contact, First Name, Last Name, Email"),
        {
            "external_id": "Record ID, Record ID - Contact",
            "first_name": "First Name",
            "last_name": "Last Name",
            "company": "Company Name, Associated Company, Primary Associated Company Name",
            "city": "City",
            "notes": "Message, Notes",
            "email": "Email, Work email, Additional email addresses",
            "phone": "Phone Number, Mobile Phone Number",
            "whatsapp": "WhatsApp Phone Number",
            "website": "Website URL",
            "": "Contact owner, Lead Status, Associated Company IDs, Associated Contact IDs, Email Domain, Fax Number",
        },
    ),
    Preset(
        "amoCRM",
        (
            "ID, Полное имя контакта, Рабочий телефон, Рабочий email",
            "ID, Полное имя контакта, Мобильный телефон, Личный email",
            "ID, Тип, Полное имя контакта",
        ),
        {
            "external_id": "ID",
            "kind": "Тип",
            "name": "Полное имя контакта",
            "first_name": "Имя",
            "last_name": "Фамилия",
            "company": "Название компании, Компания, Компания контакта",
            "city": "Город",
            "notes": "Примечание, Примечание 1",
            "tags": "Теги, Теги контакта",
            "phone": "Рабочий телефон, Рабочий прямой телефон, Мобильный телефон, Домашний телефон, Другой телефон",
            "email": "Рабочий email, Личный email, Другой email",
            "website": "Web",
            "": "Факс, Сделки, Ответственный, Skype, ICQ, Jabber, Google Talk, MSN, Другой IM",
        },
    ),
    Preset(
        "Bitrix24",
        (
            "Имя, Фамилия, Рабочий телефон, Рабочий e-mail, Частный e-mail",
            "Имя, Фамилия, Обращение, Мобильный телефон, Рабочий e-mail",
        ),
        {
            "external_id": "ID",
            "first_name": "Имя",
            "middle_name": "Отчество",
            "last_name": "Фамилия",
            "company": "Компания, Название компании",
            "city": "Населенный пункт, Город",
            "notes": "Комментарий",
            "phone": "Рабочий телефон, Мобильный телефон, Домашний телефон, Телефон для рассылок, Другой телефон",
            "email": "Рабочий e-mail, Частный e-mail, E-mail для рассылок, Другой e-mail",
            "website": "Корпоративный сайт, Личная страница, Другой сайт",
            "telegram": "Контакт Telegram",
            "viber": "Контакт Viber",
            "vk": "Страница ВКонтакте",
            "": "Имя Фамилия, Обращение, Номер факса, Номер пейджера, Другой контакт, Контакт ВКонтакте, Тип контакта,"
            " Комментарии Instagram, Дополнительно об источнике, Валюта, Название лида",
        },
    ),
    Preset(
        "Bitrix24",
        (
            "First Name, Last Name, Work Phone, Work E-mail, Home E-mail",
            "First Name, Last Name, Salutation, Mobile, Work E-mail",
        ),
        {
            "external_id": "ID",
            "first_name": "First Name",
            "middle_name": "Middle Name, Second Name",
            "last_name": "Last Name",
            "company": "Company, Company Name",
            "city": "City",
            "notes": "Comment",
            "phone": "Work Phone, Mobile, Home Phone, SMS marketing phone, Other Phone Number",
            "email": "Work E-mail, Home E-mail, Newsletters email, Other E-mail",
            "website": "Corporate Website, Personal Page, Other Website",
            "telegram": "Telegram account",
            "viber": "Viber contact",
            "vk": "VK Page",
            "": "First and Last Names, Salutation, Fax, Pager Number, Other Contact, VK account, Instagram comments,"
            " Contact Type, Source, Source information, Lead Name, Currency",
        },
    ),
    Preset(
        "Bitrix24",
        (
            "Название компании, Рабочий телефон, Рабочий e-mail, Корпоративный сайт",
            "Название компании, Тип компании, Сфера деятельности",
        ),
        {
            "name": "Название компании",
            "city": "Населенный пункт, Город",
            "notes": "Комментарий",
            "phone": "Рабочий телефон, Мобильный телефон, Домашний телефон, Телефон для рассылок, Другой телефон",
            "email": "Рабочий e-mail, Частный e-mail, E-mail для рассылок, Другой e-mail",
            "website": "Корпоративный сайт, Личная страница, Другой сайт",
            # A contact and a company may have one ID, and would be taken for one customer.
            "": "ID, Тип компании, Валюта, Номер факса, Номер пейджера, Другой контакт",
        },
        {"kind": "company"},
    ),
)


Known = dict[str, tuple[str, int]]  # a name as `spelled` has it: its field ('' to leave it out), its rank


_DEALS = {"названиесделки", "названиелида", "leadname", "dealname"}
_NOT_THE_CONTACTS: Known = dict.fromkeys(("id", "теги", "тип", "примечание", "примечание#", "комментарий"), ("", 0))


def spelled(name: str) -> str:
    """The name as presets compare it: bare, any number in it as #.

    >>> spelled("E-mail 2 - Value"), spelled("Рабочий e-mail")
    ('email#value', 'рабочийemail')
    """
    return _NUMBER.sub("#", bare(name))


def recognised(columns: Iterable[str]) -> tuple[Preset, Known] | None:
    """The program that writes such a header, and what it calls its columns; None where it is nobody known.

    Deals and leads are not customers: in their exports ids, tags and notes are not the contact's, and left out.
    """
    there = {spelled(column) for column in columns}
    for preset, signatures, known in _COMPILED:
        if any(signature <= there for signature in signatures):
            return preset, {**known, **_NOT_THE_CONTACTS} if there & _DEALS else known
    return None


def _compiled(preset: Preset) -> tuple[Preset, list[frozenset[str]], Known]:
    signatures = [frozenset(map(spelled, signature.split(","))) for signature in preset.signatures]
    known: Known = {}
    for field_, names in preset.fields.items():
        for rank, name in enumerate(names.split(",")):
            known.setdefault(spelled(name), (field_, rank))
    return preset, signatures, known


_COMPILED = [_compiled(preset) for preset in PRESETS]
