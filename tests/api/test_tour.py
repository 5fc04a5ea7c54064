"""The tour in docs/api.md, typed word for word beside a real server."""

import re
import subprocess
from collections.abc import Iterator

import pytest

from crm.config import ROOT
from crm.models import Role
from tests.conftest import person

TOUR = ROOT / "docs" / "api.md"
MARK = "-- the end of a command --"


def typed() -> Iterator[tuple[str, str]]:
    """Each command of the tour, and what stands below it."""
    for block in re.findall(r"```console\n(.*?)```", TOUR.read_text(), re.DOTALL):
        for command, _last, said in re.findall(r"^\$ ((?:.*\\\n)*(.*)\n)((?:(?!\$ ).*\n)*)", block, re.MULTILINE):
            yield command, said


def fits(said: str, expected: str) -> bool:
    pattern = ".*".join(re.escape(piece) for piece in expected.strip().split("…"))
    return re.fullmatch(pattern, said.strip(), re.DOTALL) is not None


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
def test_the_tour_goes_as_it_is_written(web):
    person("Admin", Role.ADMIN)
    steps = list(typed())
    script = "".join(f"{command}\necho '{MARK}'\n" for command, _said in steps).replace(":8000", f":{web.port}")
    shell = subprocess.run(
        ["bash", "-c", script], cwd=ROOT, env=web.environment, capture_output=True, text=True, timeout=60
    )
    said = shell.stdout.split(f"{MARK}\n")
    assert len(steps) > 10 and len(said) == len(steps) + 1, shell.stderr
    for (command, expected), heard in zip(steps, said, strict=False):
        assert fits(heard, expected), f"{command}\nsays\n{heard}\nin place of\n{expected}\n{shell.stderr}"
