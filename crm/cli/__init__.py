"""The commands of `flask --app wsgi …`, one module per noun."""

from flask import Flask

from crm.cli import customers, ledger, processes, users


def register(app: Flask) -> None:
    """Add the product's commands to Flask's own."""
    nouns = (users.users, customers.customers, ledger.ledger, ledger.currencies)
    for command in (processes.worker, processes.scheduler, *nouns):
        app.cli.add_command(command)
