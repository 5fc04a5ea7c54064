"""The product's own app with one route more, which answers the same JSON to anybody: what every answer costs here."""

from typing import Any

from bench.serving import CONSTANT
from crm.web.guards import PUBLIC, requires
from wsgi import app


@app.get(CONSTANT)
@requires(PUBLIC)
def constant() -> Any:
    """Nothing is looked up."""
    return {"status": "ok", "id": 42}
