"""Who is at the door: the session cookie, whose form it is, the headers of every staff page."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from datetime import datetime

from starlette.datastructures import FormData, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.storage.accounts import Role
from bot.storage.sessions import SESSION_LENGTH, Sessions

COOKIE = "staff_session"
PATH = "/staff"

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    # not no-referrer: browsers would then send "Origin: null" with our own forms
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A member of staff with a living session."""

    name: str
    secret: str = field(repr=False)
    role: Role = Role.STAFF
    has_password: bool = False

    @property
    def is_admin(self) -> bool:
        return self.role is Role.ADMIN

    @property
    def form_token(self) -> str:
        """What this session's forms carry; the session's secret cannot be told from it."""
        return hmac.digest(self.secret.encode(), b"staff form", "sha256").hex()

    def wrote(self, form: FormData) -> bool:
        """Return whether the form was rendered for this session."""
        return hmac.compare_digest(
            field_text(form, "form_token").encode(), self.form_token.encode()
        )


async def signed_in(request: Request, sessions: Sessions, now: datetime) -> SignedIn | None:
    """Return who sends the request, or None."""
    secret = request.cookies.get(COOKIE, "")
    account = await sessions.who(secret, now) if secret else None
    if account is None:
        return None
    return SignedIn(account.name, secret, account.role, account.has_password)


def field_text(form: FormData, name: str) -> str:
    """Return a form field as text with plain line ends; an upload or no field is empty."""
    value = form.get(name)
    return value.replace("\r\n", "\n").replace("\r", "\n") if isinstance(value, str) else ""


def keep_session(response: Response, request: Request, secret: str) -> None:
    """Give the browser its session."""
    response.set_cookie(
        COOKIE,
        secret,
        max_age=int(SESSION_LENGTH.total_seconds()),
        path=PATH,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )


def drop_session(response: Response) -> None:
    """Take the session from the browser."""
    response.delete_cookie(COOKIE, path=PATH, httponly=True, samesite="strict")


class StaffHeaders:
    """Puts the security headers on every response that has none of its own."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_guarded)
