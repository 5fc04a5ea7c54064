"""The commands of `flask --app wsgi …`, one module per noun."""

from flask import Flask

from crm.cli import customers, demo, ledger, movements, prices, processes, tokens, users


def register(app: Flask) -> None:
    """Add the product's commands to Flask's own."""
    nouns = (users.users, tokens.tokens, customers.customers, ledger.ledger, ledger.currencies)
    moved = (movements.payments, movements.operations)
    costs = (prices.rates, prices.commission_rules)
    for command in (processes.worker, processes.scheduler, demo.demo, *nouns, *moved, *costs):
        app.cli.add_command(command)
