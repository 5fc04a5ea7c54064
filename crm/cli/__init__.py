"""The commands of `flask --app wsgi …`, one module per noun."""

from flask import Flask

from crm.cli import customers, processes, users


def register(app: Flask) -> None:
    """Add the product's commands to Flask's own."""
    for command in (processes.worker, processes.scheduler, users.users, customers.customers):
        app.cli.add_command(command)
