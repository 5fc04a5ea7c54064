"""What the image is made of is there, and settings have the names that the product knows."""

import re

from crm.config import ROOT

DOCKERFILE, COMPOSE = (ROOT / "Dockerfile").read_text(), (ROOT / "compose.yaml").read_text()


def test_what_is_copied_is_there_and_let_through():
    copied = [words.split()[0] for words in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)]
    let_through = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert copied and all((ROOT / name).exists() and name in let_through for name in copied)


def test_settings_have_the_names_that_are_documented():
    documented = set(re.findall(r"`([A-Z_]{6,})`", (ROOT / "docs" / "operations.md").read_text()))
    shared = COMPOSE.partition("&environment")[2].partition("volumes:")[0]
    given = set(re.findall(r"^    ([A-Z_]+):", shared, re.MULTILINE))
    assert {"SECRET_KEY", "DATABASE_URL", "REDIS_URL"} < given <= documented


def test_no_secret_has_a_default():
    assert "SECRET" not in DOCKERFILE and "PASSWORD" not in DOCKERFILE
    assert set(re.findall(r"\$\{(SECRET_KEY|POSTGRES_PASSWORD)(..)", COMPOSE)) == {
        ("SECRET_KEY", ":?"), ("POSTGRES_PASSWORD", ":?"),
    }  # fmt: skip


def test_the_image_is_run_by_nobody_in_particular():
    assert re.findall(r"^USER (\d+)$", DOCKERFILE, re.MULTILINE) == ["10001"]
    assert "/healthz" in DOCKERFILE.partition("HEALTHCHECK")[2]
