"""The web chat on a fake desk: `python -m tests.browser.fake_server PORT`."""

from __future__ import annotations

import asyncio
import socket
import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.channels.web.routes import web_routes
from tests.channels.fake_desk import FakeDesk


class Server(uvicorn.Server):
    """Ends the open event streams first, or shutting down would wait for them for ever."""

    stopping: asyncio.Event

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.stopping.set()
        await super().shutdown(sockets)


def build(stopping: asyncio.Event) -> Starlette:
    desk = FakeDesk(delay_s=0.05)

    async def staff(request: Request) -> Response:
        """Say something as staff to whoever wrote `to` last; own that conversation."""
        said = await request.json()
        key = next(t.message.session_key for t in _newest(desk) if said["to"] in t.message.text)
        desk.owned.add(key)
        desk.staff_says(key, said["who"], said["text"], tuple(said.get("choices", ())))
        return JSONResponse({})

    async def count(request: Request) -> Response:
        """How often a text was written down."""
        text = request.query_params["text"]
        return JSONResponse(sum(text in t.message.text for t in desk.turns.values()))

    return Starlette(
        routes=[
            *web_routes(desk, secret_key="test", stopping=stopping),  # noqa: S106
            Route("/_test/staff", staff, methods=["POST"]),
            Route("/_test/count", count),
        ]
    )


def _newest(desk: FakeDesk) -> list:  # type: ignore[type-arg]
    return list(reversed(desk.turns.values()))


if __name__ == "__main__":
    stop = asyncio.Event()
    config = uvicorn.Config(build(stop), port=int(sys.argv[1]), log_level="warning")
    server = Server(config)
    server.stopping = stop
    server.run()
