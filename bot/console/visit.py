"""One request of a member of staff: what they ask for, what they typed, what the page answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from bot.console.guard import SignedIn, field_text
from bot.console.pages import page, problem
from bot.console.places import Place
from bot.faq.problem import Problem


@dataclass(frozen=True, slots=True)
class Visit:
    """What a view answers; a form that was refused is its page shown again, on `refused()`."""

    request: Request
    staff: SignedIn
    place: Place | None = None
    """Where the navigation shows them."""
    form: FormData = field(default_factory=FormData)
    """Empty unless a form was sent."""
    status: int = 200
    error: str = ""
    """Why what the form asks was not done; the page shows it with what was typed."""
    found: Sequence[Problem] = ()
    """What is wrong with it, one by one."""

    def part(self, name: str) -> str:
        """Return that part of the address' path."""
        return str(self.request.path_params[name])

    def asked(self, name: str) -> str:
        """Return that part of the address' query without space around it; empty when missing."""
        return self.request.query_params.get(name, "").strip()

    def typed(self, name: str) -> str:
        """Return a field of the form; empty when missing."""
        return field_text(self.form, name)

    def notice(self, notices: Mapping[str, str]) -> str:
        """Return what the form before this page has done, see `done`."""
        return "" if self.error else notices.get(self.asked("done"), "")

    def page(self, template: str, **context: object) -> HTMLResponse:
        """Return the page; a name the template lacks raises UndefinedError."""
        known = {"staff": self.staff, "place": self.place, "error": self.error, "found": self.found}
        return page(template, self.status, **(known | context))

    def problem(self, status: int, title: str, text: str) -> HTMLResponse:
        """Return a page that says what went wrong, with the text that was typed."""
        kept = self.typed("text").strip()
        return problem(status, title, text, staff=self.staff, place=self.place, kept=kept)

    def refused(self, status: int, error: str, found: Sequence[Problem] = ()) -> Visit:
        """Return the visit to a page that says why nothing was done."""
        return replace(self, status=status, error=error, found=found)


View = Callable[[Visit], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Page:
    """An address, below /staff, and its views."""

    path: str
    show: View | None = None
    act: View | None = None
    """Does what the page's form asks."""
    stale: View | None = None
    """Answers a form that was rendered for another session; else a page says so."""


def done(path: str, what: str) -> RedirectResponse:
    """Return the way to a page that tells what a form has done: reloading does not do it again."""
    return RedirectResponse(f"{path}?done={what}", 303)
