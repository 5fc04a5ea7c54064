"""What spreadsheet programs and wrong encodings have spoilt is found before anything is written, and what can be put
right with certainty is offered."""

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.services.importing import file
from crm.services.importing.columns import recognise
from crm.services.importing.plan import Plan
from crm.services.importing.rows import Format, parse
from crm.tabular.converter import cell
from crm.tabular.damage import SAMPLES, Finding, Scan
from crm.tabular.damage_words import sentence
from crm.tabular.mojibake import mended
from crm.tabular.repairs import mender
from crm.tabular.signs import Role
from tests.uploads import table


def found(role: Role, cells: list[str], name: str = "column") -> dict[str, tuple[int, str, list[tuple[str, str]]]]:
    scan = Scan([name], [role], "RU")
    scan.add([(row, [cell]) for row, cell in enumerate(cells, 2)])
    return {
        finding.kind: (finding.count, finding.repair, [(one.before, one.after) for one in finding.samples])
        for finding in scan.findings()
    }


@pytest.mark.parametrize(
    ("role", "cell", "kind", "after"),
    [
        ("phone", "7.93E+10", "exponent", None),
        ("phone", "7,9261E+10", "exponent", None),
        ("id", "1e+15", "exponent", None),
        ("phone", "79261234567.0", "decimal", "79261234567"),
        ("id", "10017.00", "decimal", "10017"),
        ("text", "1-Feb", "month", None),
        ("text", "янв.23", "month", None),
        ("id", "03.мар", "month", None),
        ("text", "Mar-24", "month", None),
        ("amount", "01.02.2026", "day", None),
        ("id", "2026-02-01", "day", None),
        ("date", "45292", "serial", "2024-01-01"),
        ("text", "РџСЂРёРІРµС‚", "mojibake", "Привет"),
        ("text", "Ð˜Ð²Ð°Ð½", "mojibake", "Иван"),
        ("text", "=1+1", "formula", None),
        ("amount", "#REF!", "fault", None),
        ("text", "#Н/Д", "fault", None),
        ("phone", "#######", "fault", None),
        ("text", "Ив\ufffdнов", "lost", None),
        ("text", "????? ????", "lost", None),
        ("phone", "380441234567", "abroad", "+380441234567"),
        ("phone", "12125790244", "abroad", "+12125790244"),
    ],
)
def test_damage_is_found_with_what_was_meant_where_that_is_certain(role, cell, kind, after):
    count, repair, samples = found(role, ["", cell, ""])[kind]
    assert (count, samples) == (1, [(cell, after or "")])
    assert repair == (f"{kind}:0" if after else "")
    assert mender([repair], "RU")([cell]) == [after or cell]


@pytest.mark.parametrize(
    ("role", "cells"),
    [
        ("phone", ["+7 912 661 42 42", "89126614242", "79126614242", "+12124234142", "84951234567", "12-34-56"]),
        ("id", ["C0001", "17", "E+", "1E", "2026-X", "MAR-2024-1", "900.1"]),
        ("amount", ["1250.00", "1 250,50", "0.5", "20000", "1.5"]),
        ("date", ["2024-01-01", "01.02.2026", "1 Feb", "2024"]),
        ("text", ["Анна", "José", "Müller", "Маракеш", "Mark 12", "Jan", "Май", "«Роза» №5", "C# 5", "Why??", "a = b"]),
        ("text", ["Іван Їжак", "Ђорђе", "Κώστας", "Łódź", "São Paulo", "20 °C", "Ærøskøbing", "— А", "10 µm", "±5"]),
        ("text", ["45292", "7.93E+10 is what it says", "79261234567.0 "]),
    ],
)
def test_cells_that_are_well_are_left_alone(role, cells):
    assert found(role, cells) == {}


@pytest.mark.parametrize(
    ("role", "kind", "words"),
    [
        (role, "nothing", ["NULL", "null", r"\N", "-", " — ", "n/a", "N/A", "Нет", "нет данных", "не указан", "NaN"])
        for role in ("phone", "id", "amount", "date", "exact")
    ]
    + [("text", "null", ["NULL", "NULL  ", r"\N", "(null)", "<NULL>", "[NULL]"])],
)
def test_words_for_nothing_can_be_left_blank(role, kind, words):
    count, repair, samples = found(role, ["", *words, ""])[kind]
    assert (count, repair, samples) == (len(words), f"{kind}:0", [(word, "") for word in words[:SAMPLES]])
    assert [mender([repair], "RU")([word]) for word in words] == [[""]] * len(words)


@pytest.mark.parametrize(
    ("role", "cells"),
    [
        ("name", ["NULL", "Null", "-", "Нет"]),
        ("text", ["Null", "null", "-", "—", "нет", "n/a", "None", "NULL and more"]),
        ("exact", ["none@example.com", "nil.nilsson", "-5", "нет-нет"]),
        ("amount", ["0", "-5", "- 5"]),
    ],
)
def test_what_may_be_meant_is_no_word_for_nothing(role, cells):
    assert {"null", "nothing"}.isdisjoint(found(role, cells))
    assert [mender(["null:0"], "RU")([cell]) for cell in cells if cell != "NULL"] == [
        [cell] for cell in cells if cell != "NULL"
    ]


def test_lost_zeros_are_told_by_the_others_of_the_column():
    count, repair, samples = found("id", ["00417", "123", "98765", "00001", "12345", "42"])["zeros"]
    assert (count, repair, samples) == (2, "zeros:0:5", [("123", "00123"), ("42", "00042")])
    assert mender([repair], "RU")(["42", "42"]) == ["00042", "42"]


@pytest.mark.parametrize(
    "cells",
    [
        ["417", "123", "98765"],  # nothing begins with a zero
        ["00417", "0123", "98765"],  # of no fixed width
        ["00417", "123", "987654"],  # longer ones
        ["007", "1", "2", "3", "44"],  # most are short
        ["00417", "98765"],
        ["0", "1", "2"],
    ],
)
def test_zeros_are_not_invented(cells):
    assert "zeros" not in found("id", cells)


def test_a_million_cells_leave_five_samples():
    scan = Scan(["a", "b"], ["text", "phone"], "RU")
    for block in range(20):
        scan.add([(block * 100 + row, ["=1", "380441234567"]) for row in range(100)])
    assert [(one.kind, one.count, len(one.samples)) for one in scan.findings()] == [
        ("formula", 2000, SAMPLES),
        ("abroad", 2000, SAMPLES),
    ]
    assert [sample.row for sample in scan.findings()[0].samples] == [0, 1, 2, 3, 4]


def test_ragged_rows_are_looked_through_as_far_as_the_header_goes():
    scan = Scan(["a", "b"], ["text", "text"], "RU")
    scan.add([(2, []), (3, ["x", "=1", "=2"]), (4, ["=3"])])
    assert [(one.column, one.count, one.samples[0].row) for one in scan.findings()] == [("a", 1, 4), ("b", 1, 3)]


def test_rows_come_through_as_they_were():
    rows = [(number, [str(number), "=x"]) for number in range(2500)]
    assert list(Scan(["a", "b"], ["text", "text"], "RU").watch(rows)) == rows


def test_a_finding_can_be_kept_as_json_and_says_its_sentence():
    finding = Scan(["Телефон"], ["phone"], "RU")
    finding.add([(7, ["7.93E+10"])])
    one = Finding.from_json(finding.findings()[0].as_json())
    assert one == finding.findings()[0]
    assert sentence(one).startswith("Телефон: 1 number was shortened, as 7.93E+10 was; its last digits are lost.")


def test_every_kind_has_a_sentence():
    kinds = ("exponent", "decimal", "zeros", "serial", "month", "day", "mojibake", "abroad", "formula", "fault", "lost")
    for kind in (*kinds, "nothing", "null", "rounded"):
        for count in (1, 2, 5):
            assert sentence(Finding(kind, "c", 0, count, ())), kind


@given(st.text())
def test_plain_ascii_is_never_mended_and_looking_never_fails(text):
    assert mended(text) is None or not text.isascii()


@pytest.mark.parametrize("encoding", ["cp1251", "cp1252", "cp866", "koi8_r", "mac_cyrillic"])
@pytest.mark.parametrize("text", ["Анна", "Иван Петров", "Ёлкин", "ИП Шишкин №5", "Кафе «Роза»"])
def test_russian_misread_in_any_encoding_comes_back(encoding, text):
    signs = [bytes([byte]).decode(encoding, "ignore") or chr(byte) for byte in range(256)]
    assert mended("".join(signs[byte] for byte in text.encode())) == text


def test_names_of_repairs_that_nobody_knows_are_left_out():
    names = [
        "",
        "x",
        "zeros",
        "zeros:0",
        "zeros:0:5:1",
        "decimal:a",
        "decimal:0:1",
        "eval:0",
        "decimal:9",
        "zeros:-1:5",
    ]
    assert mender(names, "RU")(["79261234567.0"]) == ["79261234567.0"]
    assert mender(["zeros:0:99999999999"], "RU")(["1"]) == ["1".zfill(32)]


def test_a_plan_mends_rows_and_a_row_that_fails_is_kept_as_it_stood():
    columns = ["external_id", "name", "phone"]
    plan = Plan.of_fields(recognise(columns), repairs=("zeros:0:4", "mojibake:1", "abroad:2"))
    assert Plan.from_json(plan.as_json()) == plan
    form = Format(columns, plan, "RU", "RUB", frozenset(["RUB"]))
    row = parse(2, ["17", "РђРЅРЅР°", "380441234567"], form)
    assert (row.error, row.data.external_id, row.data.name) == ("", "0017", "Анна")
    assert row.data.channels[0].normalized == "+380441234567"
    assert row.cells == ["17", "РђРЅРЅР°", "380441234567"]
    assert parse(3, ["17", "РђРЅРЅР°", "12"], form).cells == ["17", "РђРЅРЅР°", "12"]


def test_a_file_is_examined_with_its_damage(tmp_path):
    rows = [["id", "name", "phone", "Дата рождения"], ["001", "Анна", "79261234567.0", "45292"], ["2", "=1", "", ""]]
    path = tmp_path / "upload"
    path.write_bytes(table([*rows, ["003", "Вера", "", "45293"]]))
    layout = file.examine(path, region="RU")
    assert [(one.kind, one.column, one.count) for one in layout.damage] == [
        ("zeros", "id", 1),
        ("formula", "name", 1),
        ("decimal", "phone", 1),
        ("serial", "Дата рождения", 2),
    ]
    assert layout.damage[0].samples[0].row == 3  # as a spreadsheet numbers it
    names = layout.header.columns
    assert file.damage(names, layout.rows(path), layout.header.mapping, "RU") == layout.damage
    assert [one.kind for one in file.damage(names, layout.rows(path), [None] * 4, "RU")] == ["formula", "serial"]
    assert next(csv.reader([path.read_text().splitlines()[1]]))[2] == "79261234567.0"


def test_a_number_from_abroad_with_decimals_is_put_right_in_whatever_order():
    assert found("phone", ["380441234567.0"])["abroad"] == (1, "abroad:0", [("380441234567.0", "+380441234567")])
    for repairs in (["abroad:0", "decimal:0"], ["decimal:0", "abroad:0"]):
        assert mender(repairs, "RU")(["380441234567.0"]) == ["+380441234567"]
        assert mender(repairs, "RU")(["79261234567.0"]) == ["79261234567"]


def test_ids_that_were_cut_are_told_and_nobody_is_taken_for_another_by_them():
    assert cell(1148765432109876543.0) == cell(1148765432109876999.0) == "1.14876543210988E+18"
    assert (cell(4276380012345671.0), cell(4276380012345670.0)) == ("4276380012345671", "4.27638001234567E+15")
    assert list(found("id", ["1.14876543210988E+18", "1.14876543210988E+18"])) == ["exponent"]
    cut = [f"11487654321098{number}0000" for number in range(3)]
    assert found("id", cut)["rounded"] == (3, "", [(one, "") for one in cut])
    assert (
        found("id", [*cut, "1148765432109870001"]) == found("id", cut[:2]) == found("id", ["114876543210980"] * 5) == {}
    )
    form = Format(["id", "name"], Plan.of_fields(["external_id", "name"]), "RU", "RUB", frozenset())
    assert parse(2, ["1.14876543210988E+18", "Anna"], form).error.startswith("id: Excel has shortened this number")
    assert parse(2, ["12E5", "Anna"], form).data.external_id == "12E5"
