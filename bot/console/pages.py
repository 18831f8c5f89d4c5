"""Renders the templates; every value in them is escaped."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from bot import names
from bot.console import words
from bot.console.inbox import Show
from bot.console.places import PLACES
from bot.model import Act, Status

_HERE = Path(__file__).parent
STATIC = _HERE / "static"

_TEMPLATES = Environment(
    loader=FileSystemLoader(_HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.globals.update(
    words=words,
    names=names,
    Act=Act,
    Show=Show,
    Status=Status,
    PLACES=PLACES,
    place=None,
    staff=None,
    notice=None,
    error="",
    kept="",
    name="",
    link_failed=False,
)


def page(template: str, status: int = 200, **context: object) -> HTMLResponse:
    """Return the page with that HTTP status; a name the template lacks raises UndefinedError."""
    return HTMLResponse(_TEMPLATES.get_template(template).render(context), status)


def problem(status: int, title: str, text: str, **context: object) -> HTMLResponse:
    """Return a page that says what went wrong and leads back to the queue."""
    return page("problem.html", status, title=title, text=text, **context)
