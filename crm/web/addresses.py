"""Addresses of pages, each put together once: a list has a hundred of them."""

from functools import lru_cache
from typing import Any

from flask import request, url_for


def address(endpoint: str, **values: Any) -> str:
    """`url_for` within this site, remembered: only where the site is mounted and what is passed decide."""
    return _address(request.root_path, endpoint, tuple(values.items()))


@lru_cache(maxsize=4096)
def _address(_root: str, endpoint: str, values: tuple[tuple[str, Any], ...]) -> str:
    return url_for(endpoint, **dict(values))
