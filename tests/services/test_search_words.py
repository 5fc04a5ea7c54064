"""Laws of the search: what a query finds, by a plain model of the rules, on both engines."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm.services import channels, customers, search
from crm.services.customer_data import ChannelData, CustomerData
from crm.services.search import Criteria
from tests import people
from tests.people import Person

FOLDED = str.maketrans(
    {"ё": "е", "á": "a", "ł": "l", "ü": "u", "ż": "z", "ß": "ss", "å": "a", "ö": "o", "ø": "o", "ë": "e", "ó": "o"}
)
SEPARATORS = set("+()-. ")


def folded(text: str) -> str:
    """What the letters of the generated customers are compared as; й is a letter of its own."""
    return text.lower().translate(FOLDED)


def words_of(person: Person) -> list[str]:
    """All that a customer is found by: names, company, city, external id, messengers, e-mail, digits of the phone."""
    texts = [person.name, person.company, person.city, person.external_id]
    return folded(" ".join([*texts, person.telegram, person.email, person.phone.removeprefix("+")])).split()


def has(words: list[str], wanted: str) -> bool:
    """One or two characters stand at the beginning of a word, three and more anywhere in it."""
    return any(word.startswith(wanted) if len(wanted) < 3 else wanted in word for word in words)


def is_found(person: Person, query: str) -> bool:
    """The rules of the search."""
    words, wanted = words_of(person), folded(query).split()
    name_begins = len(wanted) == 1 and len(wanted[0]) == 1 and folded(person.name).startswith(wanted[0])
    if name_begins or not wanted:
        return True
    readings = [wanted] if len("".join(wanted)) > 1 or wanted[0].isdigit() else []
    number = "".join(filter(str.isdigit, query))
    if number and set(query) <= SEPARATORS | set("0123456789"):
        readings += [[number], ["7" + number[1:] if number[0] == "8" else number]]
    return any(all(has(words, one) for one in reading) for reading in readings)


def found(query: str) -> set[int]:
    return {hit.id for hit in search.find(Criteria(q=query, status=""), limit=1000).items}


def expected(crowd: list[Person], query: str) -> set[int]:
    return {person.id for person in crowd if is_found(person, query)}


def differing(crowd: list[Person], queries: list[str]) -> list[str]:
    return [query for query in queries if found(query) != expected(crowd, query)]


def queries_about(crowd: list[Person], count: int) -> list[str]:
    """Pieces of what is stored, spelled as people spell: cut, turned round, in capitals, with an accent missing."""
    pick = random.Random(7)
    queries = []
    for _number in range(count):
        person = pick.choice(crowd)
        source = pick.choice([person.name, person.company, person.city, person.email, person.external_id, person.name])
        words = (source or person.name).split()
        pick.shuffle(words)
        start = pick.choice([0, 0, 0, 1, 2])
        pieces = [word[start : start + pick.choice([1, 2, 3, 4, 9])] for word in words[: pick.choice([1, 1, 2])]]
        query = "  ".join(filter(None, pieces)) or "ан"
        queries.append(pick.choice([query, query.upper(), folded(query), f" {query} "]))
    return queries


def phone_queries(crowd: list[Person], count: int) -> list[str]:
    """Numbers as people dial and write them, whole and in part."""
    pick = random.Random(8)
    queries = []
    for person in pick.sample([person for person in crowd if person.phone], count):
        number = person.phone[1:]
        eight = "8" + number[1:] if number[0] == "7" else number
        spaced = f"+{number[0]} ({number[1:4]}) {number[4:7]}-{number[7:9]}.{number[9:]}"
        start = pick.randrange(8)
        queries += [person.phone, eight, spaced, f"{eight[0]} {eight[1:4]} {eight[4:7]}", number[start : start + 3]]
        queries += [number[:1], eight[:2], f"-{number[-4:-2]}-{number[-2:]}"]
    return queries


@pytest.mark.parametrize("gathered", [0, search.GATHERED], ids=["order walked", "hits gathered"])
def test_a_query_finds_what_the_rules_say_and_nothing_else(app, monkeypatch, gathered):
    monkeypatch.setattr(search, "GATHERED", gathered)
    crowd = people.crowd(300)
    queries = queries_about(crowd, 80) + phone_queries(crowd, 6)
    assert differing(crowd, queries) == []
    assert sum(1 for query in queries if found(query)) > len(queries) / 2  # the model is not met by silence


SPECIAL = [
    *(
        "%",
        "_",
        "\\",
        '"',
        "'",
        "*",
        "100%",
        "er_sco",
        "k\\s",
        "k\\\\s",
        "'' OR ''",
        "О'К",
        "%%%",
        "___",
        "& s",
        "&",
        "№1",
    ),
    *('"ан"', "ан*", "ан OR ив", "NOT ан", "ан^2", "(ан", "ан)", "NEAR(ан ив)", "search_text:ан", "a-m", "-ан", "{ан}"),
    *("+", "--", "😀", "😀😀", "😀😀😀", "²", "٣", "ß", "SS"),
]


def test_characters_that_databases_give_a_meaning_have_none(app):
    crowd = people.crowd(200)
    assert differing(crowd, SPECIAL) == []
    assert found("100%") and found("er_sco") and found("k\\s") and found("о'к")
    assert not found("%%%") and not found("ан*") and not found("k\\\\s")


def test_any_query_finds_what_the_rules_say(app):
    crowd = people.crowd(200)

    @settings(max_examples=60, deadline=None, database=None)
    @given(query=st.text(st.sampled_from("анив мИЁйamuü&%_\\\"'*№-+(78 912)@. "), max_size=12))
    def law(query: str) -> None:
        assert found(query) == expected(crowd, query)

    law()


def test_any_text_at_all_is_a_query(app):
    people.crowd(5)

    @settings(max_examples=80, deadline=None, database=None)
    @given(query=st.text(max_size=20) | st.text(st.characters(categories=["Mn", "Cf", "Co", "Cn"]), max_size=3))
    def law(query: str) -> None:
        found(query.encode(errors="replace").decode())

    law()


NAMES = ["Иван Ан", "Ия Лин", "Лев Иванов", "Лев Ивёнок", "Мария Диванова", "Йод", "Иод", "Łukasz Żak", "Straße"]
EXAMPLES = {
    "и": ["Иван Ан", "Иод", "Ия Лин"],
    "ив": ["Иван Ан", "Лев Иванов", "Лев Ивёнок"],
    "ива": ["Иван Ан", "Лев Иванов", "Мария Диванова"],
    "лев ив": ["Лев Иванов", "Лев Ивёнок"],
    "ив лев": ["Лев Иванов", "Лев Ивёнок"],
    "ив ив": ["Иван Ан", "Лев Иванов", "Лев Ивёнок"],
    "ан ив": ["Иван Ан"],
    "ИВЕНОК": ["Лев Ивёнок"],
    "ивёнок": ["Лев Ивёнок"],
    "йод": ["Йод"],
    "иод": ["Иод"],
    "й": ["Йод"],
    "lukasz": ["Łukasz Żak"],
    "ŁUKASZ zak": ["Łukasz Żak"],
    "strasse": ["Straße"],
    "STRAẞE": ["Straße"],
    "нет такого": [],
}


def test_the_rules_by_example(app):
    for name in NAMES:
        people.add(name)
    got = {query: sorted(hit.name for hit in search.find(Criteria(q=query)).items) for query in EXAMPLES}
    assert got == {query: sorted(names) for query, names in EXAMPLES.items()}


def test_a_phone_is_found_however_it_is_written(app):
    anna = people.add("Анна", phone="8 912 345-67-89")
    people.add("Иван", phone="+7 495 345-00-00")
    written = ["89123456789", "8 (912) 345-67-89", "+7 912 345-67-89", "79123456789", "9123456789"]
    for query in [*written, "345.67", "67-89", "8912", "+7 912", "8(9"]:
        assert (query, found(query)) == (query, {anna.id})


def test_a_messenger_is_found(app):
    anna = people.add("Анна", telegram="https://t.me/Anna_I")
    assert [found(query) for query in ("anna_i", "ANNA_I", "nna")] == [{anna.id}] * 3


def test_what_changes_is_found_by_what_it_is_now(app):
    anna = people.add("Анна", external_id="CRM-7", email="anna@example.com")
    customers.update(people.CLI, anna.id, 1, CustomerData("Мария", external_id="CRM-8"))
    assert (found("анна@"), found("crm-7"), found("crm-8"), found("мария")) == (set(), set(), {anna.id}, {anna.id})
    channel = channels.add(people.CLI, anna.id, ChannelData("telegram", "masha_2"))
    assert found("masha") == {anna.id}
    channels.remove(people.CLI, channel.id)
    assert found("masha") == set()
    customers.delete(people.CLI, anna.id)
    assert found("мария") == set()
