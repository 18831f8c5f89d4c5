"""The staff pages' addresses, put together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from starlette.middleware import Middleware
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from bot.console.door import Door
from bot.console.faq.pages import FaqPages
from bot.console.faq.routes import faq_routes
from bot.console.figures import figure_routes
from bot.console.guard import PATH, StaffHeaders
from bot.console.inquiries import inquiry_routes
from bot.console.learning import learning_routes
from bot.console.pages import STATIC
from bot.console.people import people_routes
from bot.console.settings import settings_routes
from bot.console.sign_in import SignIn
from bot.console.visit import Page, Visit
from bot.engine import Desk
from bot.storage.accounts import Accounts
from bot.storage.sessions import Sessions

_LARGEST_FORM = 256 * 1024


def console_routes(
    desk: Desk,
    accounts: Accounts,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    stopping: asyncio.Event | None = None,
    faq: FaqPages | None = None,
) -> list[BaseRoute]:
    """Return everything under /staff; `stopping`, once set, ends the open event streams."""
    sessions = Sessions(desk.store)
    door = Door(sessions, now)
    sign_in = SignIn(sessions, now)

    async def to_queue(request: Request) -> Response:
        return RedirectResponse(f"{PATH}/", 308)

    return [
        Route(PATH, to_queue),
        Mount(
            PATH,
            routes=[
                *inquiry_routes(desk, accounts, door, now, stopping or asyncio.Event()),
                *(faq_routes(desk, faq, door, now) if faq else ()),
                *(learning_routes(desk, faq, door, now) if faq else ()),
                *(figure_routes(desk, faq.learning, door, now) if faq else ()),
                *people_routes(accounts, sessions, door, now),
                *settings_routes(desk, door, now),
                Route("/sign-in", sign_in.show),
                Route("/sign-in", sign_in.enter, methods=["POST"]),
                Route("/sign-out", sign_in.leave, methods=["POST"]),
                Mount("/static", StaticFiles(directory=STATIC)),
                *door.routes(None, Page("/{path:path}", _nothing_here)),
            ],
            middleware=[
                Middleware(StaffHeaders),
                Middleware(RequestBodyLimitMiddleware, max_body_size=_LARGEST_FORM),
            ],
        ),
    ]


async def _nothing_here(visit: Visit) -> Response:
    return visit.problem(404, "没有这个页面", "地址可能输错了。")
