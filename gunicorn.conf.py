"""How gunicorn serves the product; addresses and sizes come from the same environment as everything else."""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from crm.config import ConfigError, load
from crm.processes import die_with

try:
    settings = load()
except ConfigError as error:
    print(error, file=sys.stderr)
    sys.exit(2)

host = settings["CRM_HOST"]
bind = f"[{host}]:{settings['CRM_PORT']}" if ":" in host else f"{host}:{settings['CRM_PORT']}"
workers = settings["WEB_CONCURRENCY"]
worker_class = "gthread"
threads = 32
preload_app = True  # one import instead of one per worker; nothing is connected before the fork
timeout = 60
graceful_timeout = 8
keepalive = 15
limit_request_line = 8190
forwarded_allow_ips = ""  # the product itself decides whom it believes: CRM_TRUSTED_PROXIES
control_socket_disable = True
loglevel = "warning"
accesslog = None  # search words and customers' names stand in addresses
if Path("/dev/shm").is_dir():  # noqa: S108
    worker_tmp_dir = "/dev/shm"  # noqa: S108


def post_fork(_server: Any, worker: Any) -> None:
    """A worker whose master was killed would keep the port."""
    die_with(worker.ppid)
