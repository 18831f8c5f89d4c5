"""The FAQ's pages on a real desk, a real store and a small faq/ folder that may be changed."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import httpx

from bot.console.faq.pages import FaqPages
from bot.console.routes import console_routes
from bot.editing.folder import FaqFolder
from bot.editing.history import History
from bot.editing.impact import Impact
from bot.editing.rehearsal import Rehearsal
from bot.editing.shelf import Shelf
from bot.editing.workshop import Workshop
from bot.engine import Desk
from bot.faq import load
from bot.jsonl import Chat
from bot.learning.queue import LearningQueue
from bot.live import take_over
from bot.matching.training import trained
from bot.matching.understand import Understanding
from bot.previews import previews
from bot.storage.accounts import Accounts
from bot.storage.questions import past_questions
from bot.storage.reviews import Reviews
from bot.storage.store import Store
from handlers import HANDLERS
from tests.console.console_office import Office, hidden_fields
from tests.desk import Talk, small_faq


@cache
def small_models() -> Path:
    """Return where the small FAQ's models are kept during the run."""
    return Path(mkdtemp(prefix="desk-small-models-"))


class NoTrials(Rehearsal):
    """Says at once that nothing changes, for what is not about the impact."""

    async def impact(self, *_: object) -> Impact:
        return Impact(0, 0)


class FaqOffice(Office):
    """The staff pages with a FAQ of their own."""

    def __init__(
        self, store: Store, folder: Path, cache_folder: Path, base_url: str, *, trials: bool
    ) -> None:
        super().__init__(store, base_url)
        self.folder = folder
        self.cache = cache_folder
        faq = load(folder)
        self.desk = Desk(
            store, Understanding.of(faq, trained(faq, cache_folder)), HANDLERS, self.clock
        )
        self.workshop = Workshop(
            FaqFolder(folder),
            History(folder, folder.parent / "journal"),
            (Rehearsal if trials else NoTrials)(folder, cache_folder),
            Shelf(folder.parent / "proposals"),
            cache_folder,
            lambda: past_questions(store.database),
            self.clock,
        )
        self.learning = LearningQueue(Reviews(store.database), lambda: self.desk.mind)
        self.routes = console_routes(
            self.desk,
            Accounts(store, self.clock),
            now=self.clock,
            stopping=self.stopping,
            faq=FaqPages(self.workshop, previews, self.learning),
        )
        self.browser = self.another_browser()
        self._chat = Chat(self.desk)

    @property
    def talk(self) -> Talk:
        talk = Talk.__new__(Talk)
        talk.desk, talk._chat = self.desk, self._chat
        return talk

    async def take_over(self) -> None:
        """Have the desk notice what was saved, as its watch would."""

        def replace(mind: Understanding) -> None:
            self.desk.mind = mind

        await take_over(self.folder, self.cache, lambda: self.desk.mind, replace, lambda _: None)

    async def filled(
        self, path: str, browser: httpx.AsyncClient | None = None, **typed: str
    ) -> httpx.Response:
        """Fill the page's form in, on top of what stands in it, and send it."""
        browser = browser or self.browser
        shown = (await browser.get(path)).text
        return await browser.post(path, data={**form_fields(shown), **typed}, follow_redirects=True)

    async def settled(self, answer: httpx.Response) -> str:
        """Wait until the impact of a proposal is known, and return its page."""
        assert "/proposals/" in str(answer.url), answer.text
        proposal = await self.workshop.proposal(answer.url.path.rpartition("/")[2])
        assert proposal is not None
        assert proposal.task is not None
        await asyncio.wait_for(proposal.task, 120)
        return (await self.browser.get(answer.url.path)).text

    async def publish(self, answer: httpx.Response) -> httpx.Response:
        """Wait for the impact, then press the button."""
        shown = await self.settled(answer)
        return await self.browser.post(
            answer.url.path, data=hidden_fields(shown), follow_redirects=True
        )


def form_fields(page: str) -> dict[str, str]:
    """Return what the edit form would send as it stands."""
    fields: dict[str, str] = dict(hidden_fields(page))
    for name, value in re.findall(
        r'<input id="f-([\w-]+)" name="[\w-]+" type="(?:text|date)" value="(.*?)"', page
    ):
        fields[name] = html.unescape(value)
    for name, value in re.findall(r'<textarea id="f-(\w+)".*?>\n(.*?)</textarea>', page, re.DOTALL):
        fields[name] = html.unescape(value)
    if re.search(r'name="published"[^>]*checked', page):
        fields["published"] = "yes"
    return fields


def words(page: str) -> str:
    """Return what is to be read on a page."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


@asynccontextmanager
async def open_faq_office(
    tmp_path: Path, base_url: str = "http://desk.test", *, trials: bool = True
) -> AsyncIterator[FaqOffice]:
    """Lend the staff pages on a small faq/ folder of its own."""
    folder = small_faq(tmp_path / "faq")
    (folder / "tests").mkdir()
    store = await Store.open(None)
    try:
        office = FaqOffice(store, folder, small_models(), base_url, trials=trials)
        await office.sign_in()
        yield office
    finally:
        await store.close()
