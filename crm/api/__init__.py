"""What programs talk to: /api/v1, one file for each noun."""

from flask import Blueprint, Flask

from crm.extensions import csrf

bp = Blueprint("api", __name__, url_prefix="/api/v1")


def init_app(app: Flask) -> None:
    """Add all calls. None of them takes a cookie where it changes something, so there is nothing to forge."""
    from crm.api import (  # noqa: F401  (each adds its calls to the blueprint)
        accounts,
        auth,
        customers,
        docs,
        exports,
        imports,
        me,
        operations,
        payments,
        prices,
        proofs,
        reports,
        tokens,
    )
    from crm.api.commands import api

    app.cli.add_command(api)
    csrf.exempt(bp)
    vars(app.json).update(sort_keys=False)
    app.register_blueprint(bp)
