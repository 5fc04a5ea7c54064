"""The entry point of web servers and of the `flask` command."""

from crm import create_app

app = create_app()
