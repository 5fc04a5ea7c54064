"""The processes beside the web server: `worker` does the jobs, `scheduler` rings the bell for what was forgotten."""

import click
from flask.cli import with_appcontext

# What they run is imported when they run: every other command, and the web server, starts faster without it.


@click.command()
@with_appcontext
def worker() -> None:
    """Do background jobs until stopped; a job that runs then goes on after the next start."""
    from crm.cli.background import run_worker

    run_worker()


@click.command()
@with_appcontext
def scheduler() -> None:
    """Every 15 seconds, have a worker look for work that was forgotten."""
    from crm.cli.background import run_scheduler

    run_scheduler()
