"""A server in the test's own loop, for what the desk calls and for the desk's own routes."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import uvicorn


@asynccontextmanager
async def serving(app: Any, before_stop: Callable[[], None] = lambda: None) -> AsyncIterator[str]:
    """Serve an ASGI application on a free port; lend its address."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        app,
        log_level="critical",
        access_log=False,
        lifespan="off",
    )
    server = uvicorn.Server(config)
    # As `serve` does, without its tenths of a second: there are hundreds of tests.
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=[listening])
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        before_stop()
        for listener in server.servers:
            listener.close()
        listening.close()
        for connection in list(server.server_state.connections):
            connection.shutdown()
        with suppress(TimeoutError):
            async with asyncio.timeout(2):
                while server.server_state.connections or server.server_state.tasks:
                    await asyncio.sleep(0.001)
        for task in list(server.server_state.tasks):
            task.cancel()
        await asyncio.gather(*server.server_state.tasks, return_exceptions=True)
