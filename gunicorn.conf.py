"""How gunicorn serves the product; addresses and sizes come from the same environment as everything else."""

import gc
import logging
import resource
import signal
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from crm.config import ConfigError, load
from crm.processes import die_with
from crm.web import request_ids

try:
    settings = load()
except ConfigError as error:
    print(error, file=sys.stderr)
    sys.exit(2)

host = settings["CRM_HOST"]
bind = f"[{host}]:{settings['CRM_PORT']}" if ":" in host else f"{host}:{settings['CRM_PORT']}"
workers = settings["WEB_CONCURRENCY"]
worker_class = "gthread"
# A follower keeps a thread as long as it waits; they begin when they are needed, and the database pool is apart.
threads = settings["FOLLOWERS_PER_PROCESS"] + 100
worker_connections = threads + 1000
preload_app = True  # one import instead of one per worker; nothing is connected before the fork
timeout = 60
graceful_timeout = 8
keepalive = 15
limit_request_line = 8190
forwarded_allow_ips = ""  # the product itself decides whom it believes: CRM_TRUSTED_PROXIES
control_socket_disable = True
request_ids.tell_the_log()
loglevel = "warning"
# What goes wrong is told with the id of the request, which its answer has too.
logging.basicConfig(format="%(asctime)s %(levelname)s [%(request_id)s] %(name)s: %(message)s", level=logging.WARNING)
accesslog = None  # search words and customers' names stand in addresses
if Path("/dev/shm").is_dir():  # noqa: S108
    worker_tmp_dir = "/dev/shm"  # noqa: S108


# A follower has two file descriptors, and 1,024 is what many systems give at first.
_soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (max(_soft, min(_hard, 8192)), _hard))


def when_ready(_server: Any) -> None:
    """What has been imported stays as it is: no collection looks through it again, or copies its pages by doing so."""
    gc.collect()
    gc.freeze()


def post_worker_init(worker: Any) -> None:
    """Gunicorn waits for open sockets when it is told to stop: the followers are sent away first."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        _close_followers_at(number, worker.wsgi)


def _close_followers_at(number: int, app: Any) -> None:
    stop: Any = signal.getsignal(number)

    def close_and_stop(*details: Any) -> None:
        app.extensions["live"].close()
        stop(*details)

    signal.signal(number, close_and_stop)


def post_fork(_server: Any, worker: Any) -> None:
    """A worker whose master was killed would keep the port."""
    die_with(worker.ppid)
