"""Laws of the house: who may know whom, who commits, and what a template may hold."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from crm.config import ROOT

# Imports go left only: a room knows itself and those in the lines above it. A new room has to find its line here.
ROOMS = [
    {"config", "errors", "mail", "money", "phones", "text", "spreadsheet", "processes"},
    {"i18n"},
    {"channel_types", "tabular"},
    {"db", "bulk", "copying", "connections", "prepared", "alone", "one_writer", "extensions", "queue", "cache", "live"},
    {"models"},
    {"ledger"},
    {"services"},
    {"forms", "jobs", "demo"},
    {"web", "cli", "supervisor"},
    {"api"},  # it stands on web's guards and errors
    {"create_app"},
]
LEVEL = {room: level for level, rooms in enumerate(ROOMS) for room in rooms}
PURE = {"errors", "mail", "money", "phones", "text", "spreadsheet", "channel_types", "tabular"}
DOMAIN = {"db", "models", "ledger", "services"}
OF_A_REQUEST = {
    "abort",
    "current_user",
    "flash",
    "g",
    "has_request_context",
    "make_response",
    "redirect",
    "render_template",
    "render_template_string",
    "request",
    "session",
    "url_for",
}
MODULES = sorted((ROOT / "crm").rglob("*.py"))
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def room_of(path: Path) -> str:
    first = path.relative_to(ROOT / "crm").parts[0].removesuffix(".py")
    return "create_app" if first == "__init__" else first


def modules(*rooms: str) -> list[Path]:
    return [path for path in MODULES if not rooms or room_of(path) in rooms]


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def imports(path: Path) -> Iterator[tuple[int, str, str]]:
    """Every (line, module, name) that is imported anywhere in the file, lazily too; name is '' for a whole module."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)}:{node.lineno} has a relative import"
            yield from ((node.lineno, node.module or "", alias.name) for alias in node.names)


def rooms_known(path: Path) -> Iterator[tuple[int, str]]:
    for line, module, name in imports(path):
        parts = [*module.split("."), *([name] if module == "crm" else [])]
        if parts[0] == "crm":
            yield line, parts[1] if len(parts) > 1 and parts[1] in LEVEL else "create_app"


def test_every_room_has_its_place():
    assert {room_of(path) for path in MODULES} <= set(LEVEL)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_go_left_only(path):
    own = room_of(path)
    wrong = [
        f"{name_of(path)}:{line} imports {room}"
        for line, room in rooms_known(path)
        if room != own and LEVEL[room] >= LEVEL[own] and not both_basic(room, own)
    ]
    assert wrong == []


def both_basic(room: str, own: str) -> bool:
    return LEVEL[room] == LEVEL[own] <= LEVEL["extensions"]  # small modules of one line may use each other


def test_pure_modules_know_no_framework_and_no_database():
    wrong = [
        f"{name_of(path)}:{line} imports {module}"
        for path in modules(*PURE)
        for line, module, _name in imports(path)
        if module.split(".")[0] in {"flask", "flask_login", "flask_wtf", "sqlalchemy", "werkzeug", "redis", "rq"}
        or module == "crm.db"
    ]
    assert wrong == []


def test_models_and_services_know_nothing_of_a_request():
    wrong = [
        f"{name_of(path)}:{line} imports {module} {name}"
        for path in modules(*DOMAIN)
        for line, module, name in imports(path)
        if (module.split(".")[0] in {"flask", "flask_login"} and (name in OF_A_REQUEST or not name))
        or module.split(".")[0] in {"flask_wtf", "wtforms", "werkzeug", "click"}
    ]
    assert wrong == []


def test_only_db_commits():
    wrong = [
        f"{name_of(path)}:{node.lineno} calls {node.func.attr}()"
        for path in MODULES
        if path != ROOT / "crm" / "db.py"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if node.func.attr in {"commit", "begin", "begin_nested", "autocommit"}
    ]
    assert wrong == []


def test_only_the_ledger_writes_operations_and_balances():
    writes = re.compile(
        r"(?:insert into|update|delete from|bulk\.insert\(.)\s*(?:operations|account_balances|account_days)\b"
        r"|(?:insert|update|delete)\((?:Operation|AccountBalance|AccountDay)\b"
        r"|(?<!\w)(?:Operation|AccountBalance|AccountDay)\(\w+=",
        re.IGNORECASE,
    )
    by_itself = ROOT / "crm" / "models" / "hold_rules.py"  # the database counts what is held
    others = [path for path in MODULES if room_of(path) != "ledger" and path != by_itself]
    assert [name_of(path) for path in others if writes.search(path.read_text())] == []
    assert any(writes.search(path.read_text()) for path in modules("ledger"))


def test_money_is_never_a_float():
    wrong = [
        f"{name_of(path)}:{node.lineno}"
        for path in modules("money", "ledger")
        for node in ast.walk(tree(path))
        if (isinstance(node, ast.Name) and node.id == "float")
        or (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div))
    ]
    assert wrong == []


def test_every_module_opens_with_a_sentence():
    silent = [name_of(path) for path in MODULES if tree(path).body and not ast.get_docstring(tree(path))]
    assert silent == []


def test_files_and_functions_are_short():
    long = [f"{name_of(path)} has {count} lines" for path in MODULES if (count := line_count(path)) > 300]
    long += [f"{name_of(path)} has {count} lines" for path in TEMPLATES if (count := line_count(path)) > 120]
    for path in MODULES:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                count = (node.end_lineno or 0) - node.lineno + 1
                if count > 40:
                    long.append(f"{name_of(path)}: {node.name} has {count} lines")
    assert long == []


def line_count(path: Path) -> int:
    return len(path.read_text().splitlines())


def test_there_are_templates():
    assert len(TEMPLATES) > 10


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_a_partial_is_named_with_an_underscore_and_a_page_is_not(path):
    is_page = bool(re.search(r"{%-?\s*extends\b|<!doctype", path.read_text(), re.IGNORECASE))
    assert is_page != path.name.startswith("_")


FORBIDDEN = {
    "a style in a tag": r"\sstyle\s*=\s*[\"']",
    "a style sheet in the page": r"<style\b",
    "a script in the page": r"<script\b(?![^>]*\ssrc=)(?![^>]*\stype=.application/json.)",
    "a handler in a tag": r"\son[a-z]+\s*=\s*[\"']",
    "hx-on": r"\bhx-on\b",
    "hx-vars": r"\bhx-vars\b",
    "a value worked out by a script": r"[\"']js(?:on)?:",
    "an address that is a script": r"javascript:",
    "a file from elsewhere": r"(?:src|href)=[\"'](?:https?:)?//[^\"']*\.(?:js|css|woff2?)\b",
    "text taken for markup": r"\|\s*safe\b",
}


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_a_template_holds_nothing_that_the_content_security_policy_forbids(path):
    source = re.sub(r"{#.*?#}", "", path.read_text(), flags=re.DOTALL)
    found = [name for name, pattern in FORBIDDEN.items() if re.search(pattern, source, re.IGNORECASE | re.DOTALL)]
    assert found == []


def test_nothing_is_exempt_from_csrf_but_the_api(app):
    csrf = app.extensions["csrf"]
    assert csrf._exempt_views == set()
    assert {blueprint.name for blueprint in csrf._exempt_blueprints} <= {"api"}


def test_nobody_but_the_demo_sets_the_clock():
    wrong = [
        f"{name_of(path)}:{line}"
        for path in MODULES
        for line, module, name in imports(path)
        if (module, name) == ("crm.db", "at") and room_of(path) != "demo"
    ]
    assert wrong == []
