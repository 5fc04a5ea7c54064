"""Laws of the settings: what is good is taken, what is bad stops the start with one sentence that names it."""

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from crm.config import ROOT, ConfigError, load


def environment(instance: Path, **given: str) -> dict[str, str]:
    return {"CRM_INSTANCE": str(instance), "REDIS_URL": "redis://localhost", **given}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CRM_ENV", "prod"),
        ("CRM_ENV", "Production"),
        ("CRM_PORT", "0"),
        ("CRM_PORT", "65536"),
        ("CRM_PORT", "http"),
        ("CRM_PORT", "-1"),
        ("CRM_PORT", "8000.0"),
        ("CRM_PORT", "٨٠٠٠"),
        ("CRM_PORT", "9" * 5000),
        ("WEB_CONCURRENCY", "0"),
        ("WEB_CONCURRENCY", "65"),
        ("CRM_TRUSTED_PROXIES", "11"),
        ("CRM_MAX_UPLOAD_MB", "0"),
        ("CRM_MAX_UPLOAD_MB", "much"),
        ("CRM_DEFAULT_CURRENCY", "RUR"),
        ("CRM_DEFAULT_CURRENCY", "rub"),
        ("CRM_DEFAULT_CURRENCY", "XAU"),
        ("CRM_DEFAULT_REGION", "RUS"),
        ("CRM_DEFAULT_REGION", "ru"),
        ("CRM_DEFAULT_LOCALE", "de"),
        ("CRM_TIMEZONE", "Moscow"),
        ("CRM_TIMEZONE", "../../etc/passwd"),
        ("CRM_TIMEZONE", "/etc/passwd"),
        ("CRM_TIMEZONE", "\x00"),
        ("CRM_TIMEZONE", "Europe"),
        ("DATABASE_URL", "nonsense"),
        ("DATABASE_URL", "mysql://root@localhost/crm"),
        ("DATABASE_URL", "postgresql://user@host:port/crm"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("REDIS_URL", "localhost:6379"),
        ("REDIS_URL", "http://localhost"),
        ("REDIS_URL", "redis://localhost:port"),
        ("SECRET_KEY", "short"),
        ("MAIL_URL", "mail.example.com"),
        ("MAIL_URL", "http://mail.example.com"),
        ("MAIL_URL", "smtp://"),
        ("MAIL_URL", "smtp://host:port"),
        ("MAIL_URL", "smtp://host:0"),
        ("MAIL_URL", "smtp://host:99999"),
        ("MAIL_URL", "smtp://host/path"),
        ("CRM_MAIL_FROM", "nobody"),
        ("CRM_MAIL_FROM", "a@b.c\nBcc: all@example.com"),
        ("CRM_BASE_URL", "crm.example.com"),
        ("CRM_BASE_URL", "javascript:alert(1)"),
        ("CRM_BASE_URL", "https://user@crm.example.com"),
        ("CRM_BASE_URL", "https://crm.example.com/?q"),
        ("CRM_BASE_URL", "https://crm.example.com:port"),
        ("CRM_SIGNUP", "yes"),
        ("CRM_SIGNUP_CURRENCIES", "RUB, RUR"),
        ("CRM_SIGNUP_CURRENCIES", "RUB,"),
        ("CRM_WELCOME_BONUS", "100"),
        ("CRM_WELCOME_BONUS", "100.001 RUB"),
        ("CRM_WELCOME_BONUS", "0 RUB"),
        ("CRM_WELCOME_BONUS", "-5 RUB"),
        ("CRM_WELCOME_BONUS", "RUB"),
    ],
)
def test_a_bad_value_stops_the_start_with_one_sentence_that_names_it(tmp_path, name, value):
    with pytest.raises(ConfigError) as refusal:
        load(environment(tmp_path, **{name: value}))
    sentence = str(refusal.value)
    assert sentence.startswith(name)
    assert sentence.endswith(".") and "\n" not in sentence and len(sentence) < 300


def test_a_database_password_is_not_told(tmp_path):
    with pytest.raises(ConfigError) as refusal:
        load(environment(tmp_path, DATABASE_URL="mysql://root:verysecret@localhost/crm"))
    assert "verysecret" not in str(refusal.value)


def test_a_mail_password_is_not_told(tmp_path):
    with pytest.raises(ConfigError) as refusal:
        load(environment(tmp_path, MAIL_URL="smtp://crm:verysecret@host:port"))
    assert "verysecret" not in str(refusal.value)


def test_what_customers_get_who_sign_up(tmp_path):
    config = load(environment(tmp_path))
    assert (config["CRM_SIGNUP"], config["CRM_SIGNUP_CURRENCIES"], config["CRM_WELCOME_BONUS"]) == (
        True,
        ("RUB",),
        None,
    )
    given = {"CRM_SIGNUP_CURRENCIES": "RUB, EUR,RUB", "CRM_WELCOME_BONUS": "1 250,50 EUR", "CRM_SIGNUP": "off"}
    config = load(environment(tmp_path, **given))
    assert config["CRM_SIGNUP_CURRENCIES"] == ("RUB", "EUR") and not config["CRM_SIGNUP"]
    assert config["CRM_WELCOME_BONUS"] == (125_050, "EUR")


def test_links_in_mails_lead_to_where_the_product_is(tmp_path):
    assert load(environment(tmp_path))["CRM_BASE_URL"] == "http://127.0.0.1:8000"
    assert load(environment(tmp_path, CRM_HOST="0.0.0.0", CRM_PORT="81"))["CRM_BASE_URL"] == "http://localhost:81"
    config = load(environment(tmp_path, CRM_BASE_URL="https://crm.example.com/"))
    assert config["CRM_BASE_URL"] == "https://crm.example.com"
    assert config["CRM_MAIL_FROM"] == "Wallet CRM <no-reply@crm.example.com>"
    given = {"CRM_MAIL_FROM": "Our Shop <shop@example.com>"}
    assert load(environment(tmp_path, **given))["CRM_MAIL_FROM"] == "Our Shop <shop@example.com>"
    mailbox = load(environment(tmp_path, MAIL_URL="smtps://crm%40example.com:secret@mail.example.com"))
    assert mailbox["CRM_MAIL_FROM"] == "Wallet CRM <crm@example.com>"


def test_an_instance_folder_that_cannot_be_made_stops_the_start(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"^CRM_INSTANCE: .* cannot be made"):
        load(environment(tmp_path / "file" / "instance"))


def test_an_instance_folder_that_is_a_file_stops_the_start(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"^CRM_INSTANCE: .* cannot be made"):
        load(environment(tmp_path / "file"))


def test_an_instance_folder_too_deep_for_a_socket_stops_the_start(tmp_path):
    deep = tmp_path / ("x" * 100)
    with pytest.raises(ConfigError, match="too long for a Unix socket: set a shorter CRM_INSTANCE or REDIS_URL"):
        load({"CRM_INSTANCE": str(deep)})
    assert load(environment(deep))["REDIS_URL"] == "redis://localhost"


def test_production_wants_a_secret_key(tmp_path):
    with pytest.raises(ConfigError, match=r"^SECRET_KEY is missing"):
        load(environment(tmp_path, CRM_ENV="production"))
    config = load(environment(tmp_path, CRM_ENV="production", SECRET_KEY="x" * 32))
    assert config["SESSION_COOKIE_SECURE"] and config["SECRET_KEY"] == "x" * 32
    assert list(tmp_path.iterdir()) == []


def test_a_generated_secret_is_kept_for_its_owner_only(tmp_path):
    first = load(environment(tmp_path))["SECRET_KEY"]
    assert load(environment(tmp_path))["SECRET_KEY"] == first and len(first) >= 32
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


def test_processes_that_start_at_once_agree_on_the_secret(tmp_path):
    start, secrets = threading.Barrier(8), []

    def boot() -> None:
        start.wait()
        secrets.append(load(environment(tmp_path))["SECRET_KEY"])

    threads = [threading.Thread(target=boot) for _number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(secrets) == 8 and len(set(secrets)) == 1 and len(secrets[0]) >= 32


def test_a_damaged_secret_stops_the_start(tmp_path):
    (tmp_path / "secret").touch()
    with pytest.raises(ConfigError, match=r"^SECRET_KEY: .* is damaged; remove the file to get a new one\.$"):
        load(environment(tmp_path))


def test_a_folder_that_cannot_keep_the_secret_stops_the_start(tmp_path):
    (tmp_path / "secret").mkdir()
    with pytest.raises(ConfigError, match=r"^CRM_INSTANCE: .* cannot keep the secret"):
        load(environment(tmp_path))


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg", "postgresql+psycopg2"])
def test_every_spelling_of_postgresql_uses_psycopg_3(tmp_path, scheme):
    url = load(environment(tmp_path, DATABASE_URL=f"{scheme}://ann:p%40ss@db.example:5433/crm?sslmode=require"))
    expected = "postgresql+psycopg://ann:p%40ss@db.example:5433/crm?sslmode=require"
    assert url["SQLALCHEMY_DATABASE_URI"] == expected


def test_without_any_setting_everything_lies_in_the_instance_folder(tmp_path):
    config = load({"CRM_INSTANCE": f"{tmp_path}/new"})
    assert config["SQLALCHEMY_DATABASE_URI"] == f"sqlite:///{tmp_path}/new/crm.db"
    assert config["REDIS_URL"] == f"unix://{tmp_path}/new/valkey.sock"
    assert (config["CRM_PORT"], config["CRM_DEFAULT_CURRENCY"], config["CRM_DEFAULT_REGION"]) == (8000, "RUB", "RU")
    assert not config["SESSION_COOKIE_SECURE"]


def test_a_blank_value_is_no_value(tmp_path):
    blank = dict.fromkeys(("CRM_ENV", "CRM_PORT", "DATABASE_URL", "SECRET_KEY", "CRM_TIMEZONE", "REDIS_URL"), "")
    assert load({"CRM_INSTANCE": str(tmp_path)} | blank) == load({"CRM_INSTANCE": str(tmp_path)})


def test_an_upload_limit_is_in_megabytes(tmp_path):
    assert load(environment(tmp_path, CRM_MAX_UPLOAD_MB="7"))["MAX_CONTENT_LENGTH"] == 7 * 1024 * 1024


def test_the_command_line_prints_the_sentence_and_no_stack_trace(tmp_path):
    environ = {**os.environ, "CRM_INSTANCE": str(tmp_path), "CRM_PORT": "http"}
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "routes"]
    result = subprocess.run(command, env=environ, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode != 0
    assert "CRM_PORT is 'http', it must be a whole number from 1 to 65535." in result.stderr
    assert "Traceback" not in result.stderr
