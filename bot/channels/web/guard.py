"""What may be posted, and the headers every response carries."""

from __future__ import annotations

from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

R = TypeVar("R", bound=Response)


def shield(response: R) -> R:
    """Return the response with the security headers on it."""
    response.headers.update(HEADERS)
    return response


def is_json(request: Request) -> bool:
    """Tell whether the body is declared as JSON, which no foreign form can do."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().casefold()
    return kind == "application/json"
