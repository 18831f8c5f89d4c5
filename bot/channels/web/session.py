"""The parent's cookie: a random id, signed, good for a year."""

from __future__ import annotations

import hashlib
import secrets

from itsdangerous import BadSignature, TimestampSigner
from starlette.requests import Request
from starlette.responses import Response

COOKIE = "desk_session"
YEAR_S = 365 * 24 * 3600


class Sessions:
    """Reads and writes the session id of a browser."""

    def __init__(self, secret_key: str) -> None:
        self._signer = TimestampSigner(
            secret_key, salt="web-chat-session", digest_method=hashlib.sha256
        )

    def known(self, request: Request) -> str | None:
        """Return the id this browser was given, None when there is none or it is forged."""
        cookie = request.cookies.get(COOKIE)
        if not cookie:
            return None
        try:
            return self._signer.unsign(cookie, max_age=YEAR_S).decode("ascii")
        except (BadSignature, UnicodeError):
            return None

    def fresh(self) -> str:
        """Return an id nobody has."""
        return secrets.token_urlsafe(18)

    def stamp(self, request: Request, response: Response, user_id: str) -> None:
        """Give the browser its id for another year."""
        response.set_cookie(
            COOKIE,
            self._signer.sign(user_id).decode("ascii"),
            max_age=YEAR_S,
            secure=request.url.scheme == "https",
            httponly=True,
            samesite="lax",
        )
