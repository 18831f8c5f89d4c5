"""A real Chromium in front of the real desk. Run on its own: `pytest tests/browser`."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.browser.parent import come
from tests.browser.running_desk import RunningDesk, Staff, running_desk
from tests.desk import ROOT

CHROMIUM = os.environ.get("CHROMIUM_PATH") or shutil.which("chromium")
PHONE = {"width": 390, "height": 844}
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 10_000
LOCALE, TIMEZONE = "zh-CN", "Asia/Shanghai"


expect.set_options(timeout=PATIENCE_MS)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "network_errors: the test cuts the network on purpose")
    config.addinivalue_line(  # pytest-playwright 0.10 under pytest 9.2
        "filterwarnings", "ignore:.*-scoped fixtures defined as instance methods"
    )


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDesk]:
    """The desk that most tests share; every test is a parent of its own."""
    with running_desk(tmp_path_factory.mktemp("desk")) as running:
        yield running


@pytest.fixture
def own_desk(tmp_path: Path) -> Iterator[RunningDesk]:
    """A desk for this test alone, with an empty inbox; it may be stopped and killed."""
    with running_desk(tmp_path) as running:
        yield running


@pytest.fixture(scope="session")
def teacher(desk: RunningDesk) -> Iterator[Staff]:
    """王老师 at the shared desk."""
    with closing(Staff(desk, "王老师")) as staff:
        yield staff


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    if CHROMIUM is None:
        pytest.skip("no chromium here: apt-get install chromium, or set CHROMIUM_PATH")
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": FLAGS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {
        **browser_context_args,
        "locale": LOCALE,
        "timezone_id": TIMEZONE,
        "viewport": PHONE,
    }


@pytest.fixture
def page(page: Page, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A parent's browser; fails its test when the console shows an error."""
    with _flawless(page, request):
        yield page


@pytest.fixture
def office(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A browser of its own for staff, on a desktop; fails its test like the parent's."""
    context = browser.new_context(
        locale=LOCALE, timezone_id=TIMEZONE, viewport={"width": 1280, "height": 800}
    )
    page = context.new_page()
    with _flawless(page, request):
        yield page
    context.close()


@contextmanager
def _flawless(page: Page, request: pytest.FixtureRequest) -> Iterator[None]:
    errors: list[str] = []
    excused = request.node.get_closest_marker("network_errors") is not None

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not (
            excused and "Failed to load resource" in message.text
        ):
            errors.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.set_default_timeout(PATIENCE_MS)
    yield
    assert errors == []


@pytest.fixture
def chat(page: Page, desk: RunningDesk) -> Page:
    """The chat page, open, on its first screen."""
    come(page, desk.url)
    return page


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, out of the node_modules folder named by AXE_PATH."""
    for folder in (Path(os.environ.get("AXE_PATH", "")), ROOT / "node_modules"):
        script = folder / "axe-core" / "axe.min.js"
        if script.is_file():
            return script.read_text("utf-8")
    pytest.skip("no axe-core here: npm i axe-core, then AXE_PATH=…/node_modules")
