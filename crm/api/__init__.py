"""What programs talk to: /api/v1, one file for each noun."""

from flask import Blueprint

bp = Blueprint("api", __name__, url_prefix="/api/v1")
