"""A real Chromium in front of a real server. Run on its own: `pytest tests/browser`."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import ConsoleMessage, Page

ROOT = Path(__file__).resolve().parents[2]
SHOTS = Path(os.environ.get("SHOTS_PATH") or Path(tempfile.gettempdir()) / "desk-shots")
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


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "network_errors: the test cuts the network on purpose")
    config.addinivalue_line(  # pytest-playwright 0.10 under pytest 9.2
        "filterwarnings", "ignore:.*-scoped fixtures defined as instance methods"
    )


@dataclass(frozen=True)
class Server:
    """The running chat, and what tests may ask of it beyond the page."""

    url: str

    def staff(self, to: str, who: str, text: str, choices: tuple[str, ...] = ()) -> None:
        """Let staff answer the parent who wrote `to`, and own the matter from now on."""
        said = {"to": to, "who": who, "text": text, "choices": choices}
        httpx.post(f"{self.url}/_test/staff", json=said).raise_for_status()

    def count(self, text: str) -> int:
        """Return how many messages with that text were written down."""
        answer = httpx.get(f"{self.url}/_test/count", params={"text": text})
        return int(answer.raise_for_status().json())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(port: int) -> Iterator[Server]:
    """A server as long as the block lasts; stopping it must not take long."""
    command = [sys.executable, "-m", "tests.browser.fake_server", str(port)]
    with subprocess.Popen(command, cwd=ROOT) as process:  # noqa: S603
        running = Server(f"http://127.0.0.1:{port}")
        try:
            _wait_until_up(running.url, process)
            yield running
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                raise


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with serving(free_port()) as running:
        yield running


def _wait_until_up(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError("the server ended at once")
        try:
            httpx.get(url)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the server did not come up")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    if CHROMIUM is None:
        pytest.skip("no chromium here: apt-get install chromium, or set CHROMIUM_PATH")
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": FLAGS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {
        **browser_context_args,
        "locale": "zh-CN",
        "timezone_id": "Asia/Shanghai",
        "viewport": PHONE,
    }


@pytest.fixture
def chat(page: Page, server: Server, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The chat page, open; fails the test when the console shows an error."""
    errors: list[str] = []
    excused = request.node.get_closest_marker("network_errors") is not None

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not (
            excused and "Failed to load resource" in message.text
        ):
            errors.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.set_default_timeout(10_000)
    page.goto(server.url)
    page.locator("#log .bubble").first.wait_for()
    yield page
    assert errors == []


@pytest.fixture
def axe() -> str:
    """The source of axe-core, out of the node_modules folder named by AXE_PATH."""
    for folder in (Path(os.environ.get("AXE_PATH", "")), ROOT / "node_modules"):
        script = folder / "axe-core" / "axe.min.js"
        if script.is_file():
            return script.read_text("utf-8")
    pytest.skip("no axe-core here: npm i axe-core, then AXE_PATH=…/node_modules")
