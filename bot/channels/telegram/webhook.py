"""POST /telegram: updates as Telegram delivers them, acknowledged when they are written down."""

from __future__ import annotations

import hmac
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bot.channels.telegram.access import PATH
from bot.doors import body_within
from bot.errors import StorageError

log = logging.getLogger(__name__)

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105
MAX_BYTES = 1024 * 1024


def webhook_routes(take: Callable[[list[Any]], Awaitable[None]], secret: str) -> list[BaseRoute]:
    """Return the route; only requests with the secret get further than a 403.

    https://core.telegram.org/bots/api#setwebhook
    """

    async def deliver(request: Request) -> Response:
        given = request.headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(given.encode("latin-1"), secret.encode()):
            return Response(status_code=403)
        body = await body_within(request, MAX_BYTES)
        if body is None:
            return Response(status_code=413)
        try:
            update = json.loads(body)
        except (ValueError, RecursionError):
            return Response(status_code=400)
        try:
            await take([update])
        except StorageError as error:
            # Telegram repeats what is not acknowledged.
            log.error("an update could not be written down: %s", error)
            return Response(status_code=503)
        return Response(status_code=200)

    return [Route(PATH, deliver, methods=["POST"])]
