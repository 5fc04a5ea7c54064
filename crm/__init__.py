"""A lightweight CRM with customer wallets."""

from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from crm import config as configuration


def create_app(config: dict[str, Any] | None = None) -> Flask:
    """Build the app from the environment, or from a complete configuration."""
    settings = configuration.load() if config is None else config
    app = Flask(
        __name__,
        template_folder=str(configuration.ROOT / "templates"),
        static_folder=str(configuration.ROOT / "static"),
        instance_path=str(settings["CRM_INSTANCE"]),
    )
    app.config.from_mapping(settings)
    _init_proxy(app)
    _init_extensions(app)
    _init_web(app)
    _init_cli(app)
    return app


def _init_proxy(app: Flask) -> None:
    hops = app.config["CRM_TRUSTED_PROXIES"]
    if hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]


def _init_extensions(app: Flask) -> None:
    from crm import (
        db,
        live,
        models,  # noqa: F401  (migrations see every table)
    )
    from crm.extensions import compress, csrf, limiter, login, migrate
    from crm.services import payment_json
    from crm.web import cors, guards, limits, request_ids, routing

    db.init_app(app)
    live.init_app(app, payment_json.news)
    migrate.init_app(app, db.db, directory=str(configuration.ROOT / "migrations"))
    login.init_app(app)
    login.user_loader(guards.person)
    login.request_loader(guards.bearer)
    request_ids.init_app(app)
    cors.init_app(app)
    routing.init_app(app)
    limits.init_app(app)
    guards.init_app(app)  # before CSRF: who may not come in learns nothing about forms
    csrf.init_app(app)
    limiter.init_app(app)
    compress.init_app(app)


def _init_web(app: Flask) -> None:
    from crm import api
    from crm.web import (
        accounts,
        auth,
        channels,
        commission_rules,
        customers,
        dashboard,
        errors,
        exports,
        health,
        htmx,
        import_setup,
        import_undo,
        imports,
        locale,
        payment_batches,
        payments,
        portal,
        proof,
        rates,
        reset,
        security,
        settings,
        signup,
        templating,
        tokens,
        wallet,
    )

    money = (wallet, payments, payment_batches, accounts, proof, commission_rules, rates)
    own = (auth, signup, reset, portal, settings, tokens)
    files = (imports, import_setup, import_undo, exports)
    for noun in (*own, customers, channels, *money, *files, dashboard, health):
        app.register_blueprint(noun.bp)
    api.init_app(app)
    for habit in (locale, templating, htmx, security, errors):
        habit.init_app(app)


def _init_cli(app: Flask) -> None:
    from crm import cli

    cli.register(app)
