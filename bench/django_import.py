"""What a Python team would take for an import: django-import-export with its look-ups, on the same PostgreSQL.

It is no dependency of the product: `BENCH_DJANGO` names a Python that has it (`pip install Django django-import-export
psycopg`), else this one is tried. It stores customers and channels alone, unvalidated, in two tables of its own with
the plain indexes of ours, and looks each row up by its external id.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

_NAME = "bench_django"  # the database of its own


def run(app: Any, source: Path, rows: int, ours: dict[str, Any]) -> list[dict[str, Any]]:
    """A row for the stand-in, or for its absence; `ours` is what its speed is compared with."""
    python = os.environ.get("BENCH_DJANGO", sys.executable)
    if subprocess.run([python, "-c", "import django, import_export"], capture_output=True, check=False).returncode:
        return [{"engine": "postgresql", "way": "django-import-export is not installed (BENCH_DJANGO)"}]
    from sqlalchemy import create_engine, text

    from crm.db import db

    url = db.engine.url
    with create_engine(url, isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {_NAME}"))
        connection.execute(text(f"CREATE DATABASE {_NAME}"))
    there = url.set(database=_NAME)
    settings = {
        "ENGINE": "django.db.backends.postgresql", "NAME": there.database, "USER": there.username or "",
        "PASSWORD": there.password or "", "HOST": there.query.get("host", there.host or ""), "PORT": there.port or "",
    }  # fmt: skip
    command = [python, str(Path(__file__)), json.dumps(settings), str(source), str(rows)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    speed = rows / float(done.stdout.split()[-1])
    return [
        {
            "engine": "postgresql",
            "way": "django-import-export",
            "rows": rows,
            "rows_per_second": round(speed),
            "times_slower": round(ours["rows_per_second"] / speed, 1),
        }
    ]


def main(settings: dict[str, Any], source: str, rows: int) -> None:
    """Run in a process that has Django: import the first rows of the file and print the seconds."""
    import time
    from itertools import islice

    import django
    from django.conf import settings as django_settings

    django_settings.configure(
        DATABASES={"default": settings},
        INSTALLED_APPS=["import_export"],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
        IMPORT_EXPORT_USE_TRANSACTIONS=True,
    )
    django.setup()
    import tablib
    from django.db import connection, models
    from import_export import resources

    class Customer(models.Model):
        external_id = models.CharField(max_length=100, unique=True)
        name = models.CharField(max_length=200, db_index=True)
        company = models.CharField(max_length=200, blank=True)
        city = models.CharField(max_length=100, blank=True, db_index=True)
        notes = models.TextField(blank=True)

        class Meta:
            app_label = "import_export"

    class Channel(models.Model):
        customer = models.ForeignKey(Customer, models.CASCADE)
        type = models.CharField(max_length=10)
        value = models.CharField(max_length=300)

        class Meta:
            app_label = "import_export"
            indexes = [models.Index(fields=["type", "value"], name="channel_value")]

    class CustomerResource(resources.ModelResource):
        class Meta:
            model = Customer
            import_id_fields = ("external_id",)
            fields = ("external_id", "name", "company", "city", "notes")
            skip_unchanged = True

        def after_save_instance(self, instance: Any, row: Any, **_options: Any) -> None:
            for type_ in ("phone", "email", "telegram"):
                if row[type_]:
                    Channel.objects.get_or_create(customer=instance, type=type_, value=row[type_])

    with connection.schema_editor() as editor:
        editor.create_model(Customer)
        editor.create_model(Channel)
    import csv

    with Path(source).open(encoding="utf-8", newline="") as text:
        header, *found = islice(csv.reader(text), rows + 1)
    data = tablib.Dataset(*found, headers=header)
    begun = time.perf_counter()
    result = CustomerResource().import_data(data, dry_run=False, raise_errors=False)
    seconds = time.perf_counter() - begun
    if Customer.objects.count() < rows * 0.9:
        raise RuntimeError(f"only {Customer.objects.count()} were imported: {result.base_errors}")
    print(seconds)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
