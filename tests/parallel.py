"""Several doing something at the same moment."""

import threading
from collections.abc import Callable

from flask import Flask


def at_once(app: Flask, functions: list[Callable[[], object]]) -> list[object]:
    """Run the functions at the same moment, each with a session of its own; what each gave or raised."""
    start, results = threading.Barrier(len(functions)), []

    def run(function: Callable[[], object]) -> None:
        with app.app_context():
            start.wait()
            try:
                results.append(function())
            except Exception as error:
                results.append(error)

    threads = [threading.Thread(target=run, args=(function,)) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
