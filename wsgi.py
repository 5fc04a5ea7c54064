"""The entry point of web servers and of the `flask` command."""

import sys

from crm import create_app
from crm.config import ConfigError

try:
    app = create_app()
except ConfigError as error:
    sys.exit(str(error))
