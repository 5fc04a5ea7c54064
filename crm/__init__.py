"""A lightweight CRM with customer wallets."""

from typing import Any

from flask import Flask

from crm import config as configuration


def create_app(config: dict[str, Any] | None = None) -> Flask:
    """Build the app from the environment, or from a complete configuration."""
    settings = configuration.load() if config is None else config
    app = Flask(
        __name__,
        root_path=str(configuration.ROOT / "crm"),
        template_folder=str(configuration.ROOT / "templates"),
        static_folder=str(configuration.ROOT / "static"),
        instance_path=str(settings["CRM_INSTANCE"]),
    )
    app.config.from_mapping(settings)
    _init_extensions(app)
    return app


def _init_extensions(app: Flask) -> None:
    from crm import models  # noqa: F401  (migrations see every table)
    from crm.db import db
    from crm.extensions import migrate
    from crm.i18n import babel

    db.init_app(app)
    migrate.init_app(app, db, directory=str(configuration.ROOT / "migrations"))
    babel.init_app(app, default_locale=app.config["CRM_DEFAULT_LOCALE"])
