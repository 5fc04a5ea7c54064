"""Laws of the languages: every string that a person sees is in every catalogue, translated, and nothing else is."""

import ast
import re
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from crm.config import LOCALES, ROOT
from crm.i18n import LANGUAGES

FUNCTIONS = ("_", "_l", "gettext", "lazy_gettext", "ngettext")
KEYWORDS = DEFAULT_KEYWORDS | {"_l": None, "lazy_gettext": None}
TRANSLATED = [locale for locale in LOCALES if locale != "en"]  # the strings in the code are English
REFRESH = "; the commands that refresh the catalogues stand in docs/architecture.md"
PLACEHOLDER = re.compile(r"%(?:\((\w+)\))?[#0 +-]*\d*(?:\.\d+)?[a-zA-Z%]")
Key = str | tuple[str, ...]


@pytest.fixture(scope="module")
def extracted() -> dict[Key, str]:
    """Every string (with its plural) in code and templates, and where it stands."""
    with (ROOT / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    rows = extract_from_dir(ROOT, methods, options, KEYWORDS, directory_filter=lambda path: Path(path).name[0] != ".")
    return {message: f"{filename}:{line}" for filename, line, message, _comments, _context in rows}


@pytest.fixture(scope="module", params=TRANSLATED)
def catalogue(request: pytest.FixtureRequest) -> Catalog:
    with po_path(request.param).open("rb") as file:
        return read_po(file, locale=request.param, abort_invalid=True)


def po_path(locale: str) -> Path:
    return ROOT / "crm" / "translations" / locale / "LC_MESSAGES" / "messages.po"


def messages(catalogue: Catalog) -> list[Message]:
    return [message for message in catalogue if message.id]


def forms(text: str | tuple[str, ...] | list[str]) -> list[str]:
    return [text] if isinstance(text, str) else list(text)


def placeholders(text: str) -> set[str]:
    return {match[0] for match in PLACEHOLDER.finditer(text) if match[0] != "%%"}


def test_the_languages_to_choose_are_the_languages_there_are():
    assert set(LANGUAGES) == set(LOCALES)
    assert [locale for locale in TRANSLATED if not po_path(locale).exists()] == []


def test_extraction_finds_code_and_templates(extracted):
    places = set(extracted.values())
    assert any(place.startswith("crm/web/") for place in places)
    assert any(place.startswith("templates/") for place in places)


def test_nothing_is_missing(extracted, catalogue):
    ids = {message.id for message in messages(catalogue)}
    known = ids | {forms(key)[0] for key in ids}  # a catalogue keeps a string and its plural in one place
    missing = sorted(f"{place}: {forms(text)[0]}" for text, place in extracted.items() if text not in known)
    assert missing == [], f"{len(missing)} strings are not in the catalogue{REFRESH}"


def test_nothing_is_left_over(extracted, catalogue):
    unused = [forms(message.id)[0] for message in messages(catalogue) if message.id not in extracted]
    assert unused + [forms(text)[0] for text in catalogue.obsolete] == [], f"strings that nothing uses{REFRESH}"


def test_nothing_is_untranslated_or_guessed(catalogue):
    doubtful = [
        forms(message.id)[0]
        for message in messages(catalogue)
        if message.fuzzy or not all(form.strip() for form in forms(message.string) or [""])
    ]
    assert doubtful == []


def test_every_plural_has_all_forms(catalogue):
    lacking = [
        message.id[0]
        for message in messages(catalogue)
        if isinstance(message.id, tuple) and len(forms(message.string)) != catalogue.num_plurals
    ]
    assert lacking == []


def test_translations_keep_the_placeholders(catalogue):
    differing = [
        f"{forms(message.id)[-1]} / {form}"
        for message in messages(catalogue)
        for form in forms(message.string)
        if form and placeholders(form) != placeholders(forms(message.id)[-1])
    ]
    assert differing == []


def test_placeholders_are_named(extracted):
    nameless = [f"{place}: {form}" for text, place in extracted.items() for form in forms(text) if unnamed(form)]
    assert nameless == []


def unnamed(text: str) -> bool:
    """A bare % breaks the formatting in templates, and %s leaves the order of words to English."""
    without = re.sub(r"%\(\w+\)[ds]|%%", "", text)
    return "%" in without


def test_translations_keep_what_surrounds_the_words(catalogue):
    differing = [
        f"{forms(message.id)[-1]} / {form}"
        for message in messages(catalogue)
        for form in forms(message.string)
        if form and (edges(form) != edges(forms(message.id)[-1]))
    ]
    assert differing == []


def edges(text: str) -> tuple[bool, bool, str]:
    """Blanks at either end, and the sign that ends a sentence."""
    return text[:1].isspace(), text[-1:].isspace(), text[-1:] if text[-1:] in ".?!…:" else ""


def test_the_compiled_catalogue_is_as_new_as_its_source(catalogue):
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    path = po_path(str(catalogue.locale)).with_suffix(".mo")
    assert path.exists(), f"{path.name} is missing{REFRESH}"
    with path.open("rb") as committed:
        assert entries(GNUTranslations(committed)) == entries(GNUTranslations(compiled)), f"it is older{REFRESH}"


def entries(translations: GNUTranslations) -> dict[object, str]:
    return {key: text for key, text in translations._catalog.items() if key}


def test_what_is_translated_is_written_out_where_it_is_used():
    hidden = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in (ROOT / "crm").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS
        for argument in node.args[: 2 if node.func.id == "ngettext" else 1]
        if not (isinstance(argument, ast.Constant) and isinstance(argument.value, str) and argument.value.strip())
    ]
    assert hidden == [], "extraction cannot see these"
