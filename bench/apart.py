"""A piece of work in a process of its own, whose memory is measured, and which others can go on beside."""

import json
import os
import subprocess
import sys
from typing import Any

from flask import current_app

from crm.db import db


def begun(name: str, *arguments: str, url: str | None = None) -> "subprocess.Popen[str]":
    """`python -m bench.NAME` on the app's own database, or the one of `url`."""
    database = db.engine.url.render_as_string(hide_password=False) if url is None else url
    instance = current_app.config["CRM_INSTANCE"]
    environment = {
        **os.environ,
        "CRM_INSTANCE": str(instance),
        "DATABASE_URL": database,
        "SECRET_KEY": "benchmark " * 3,
    }
    command = [sys.executable, "-m", f"bench.{name}", *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


def apart(name: str, *arguments: str, url: str | None = None) -> dict[str, Any]:
    """What it has printed in the end, as JSON. Raises `RuntimeError` where it fails."""
    return ended(begun(name, *arguments, url=url))


def ended(process: "subprocess.Popen[str]") -> dict[str, Any]:
    """Wait for it; what it has printed. Raises `RuntimeError` where it fails."""
    printed, _none = process.communicate()
    if process.returncode:
        raise RuntimeError(process.args)
    result: dict[str, Any] = json.loads(printed.splitlines()[-1])
    return result
