"""The desk as a process: starting, refusing to start, running out of disk, stopping."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.engine import Desk
from bot.serve import app
from bot.storage.accounts import Accounts
from bot.storage.connection import Connection
from tests.desk import ROOT, environment, faq_folder, free_port, open_talk, read_yaml, write_yaml

START_S = 90
STOP_S = 8
UNIFORM = "校服必须买吗，质量和价格谁管？"


class Server:
    """A running desk: its address, what it printed, how it ends."""

    def __init__(self, data: Path, **settings: str) -> None:
        self.data = data
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._out = data.with_suffix(".out")
        environ = environment(data, BOT_PORT=str(self.port), **settings)
        with self._out.open("w") as out:
            self.process = subprocess.Popen(
                [sys.executable, "run_bot.py"],
                cwd=ROOT,
                env=environ,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    @property
    def printed(self) -> str:
        return self._out.read_text("utf-8")

    def wait(self) -> None:
        """Wait until it is healthy."""
        give_up = time.monotonic() + START_S
        while time.monotonic() < give_up:
            assert self.process.poll() is None, self.printed
            try:
                if httpx.get(f"{self.url}/healthz", timeout=5).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
        pytest.fail(f"not up within {START_S} s: {self.printed}")

    def stop(self) -> float:
        """Ask it to end; return how many seconds it took."""
        began = time.monotonic()
        self.process.terminate()
        self.process.wait(timeout=START_S)
        return time.monotonic() - began


@contextmanager
def serving(data: Path, **settings: str) -> Iterator[Server]:
    server = Server(data, **settings)
    try:
        server.wait()
        yield server
    finally:
        server.process.kill()
        server.process.wait()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("desk")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    """One desk for the tests that leave it as it was, on a FAQ of its own."""
    shutil.copytree(faq_folder(), folder / "faq")
    with serving(folder / "data", BOT_FAQ_DIR=str(folder / "faq")) as running:
        yield running


def run(data: Path, *arguments: str, **settings: str) -> Any:
    """Run the command line to its end, from the data folder's parent."""
    return subprocess.run(
        [sys.executable, str(ROOT / "run_bot.py"), *arguments],
        cwd=data.parent,
        env=environment(data, **settings),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=START_S,
        check=False,
    )


def refused(result: Any, *words: str) -> None:
    """Check that it said in Chinese why not, and ended without a trace."""
    assert result.returncode == 1, result
    assert "Traceback" not in result.stderr + result.stdout
    assert any("\u4e00" <= char <= "\u9fff" for char in result.stderr)
    assert [word for word in words if word not in result.stderr] == [], result.stderr


# ------------------------------------------------------------------------------------- starting


def test_it_is_healthy_and_says_what_it_serves(server: Server) -> None:
    body = httpx.get(f"{server.url}/healthz").json()
    assert body["faq"]
    assert "web" in body["channels"]


def test_where_to_go_and_the_sign_in_link_are_printed_at_once(server: Server) -> None:
    """Docker, systemd and `| tee` read a pipe: what is printed has to reach it."""
    deadline = time.monotonic() + 5
    while "/staff/sign-in#" not in server.printed and time.monotonic() < deadline:
        time.sleep(0.1)
    assert f"{server.url}/" in server.printed
    assert server.printed.count("/staff/sign-in#") == 1


def test_a_parent_is_answered_and_finds_the_answer_again(server: Server) -> None:
    with httpx.Client(base_url=server.url) as browser:
        assert browser.get("/").status_code == 200
        asked = {"id": "m1", "text": UNIFORM}
        turn = browser.post("/chat/api/messages", json=asked).json()
        assert turn["entry"] == "general.uniform"
        assert browser.post("/chat/api/messages", json=asked).json()["replies"] == turn["replies"]
        history = browser.get("/chat/api/history").json()
        assert [item["text"] for item in history["items"] if item["who"] == "parent"] == [UNIFORM]


def test_a_second_start_on_the_same_data_is_refused(server: Server) -> None:
    result = run(server.data, BOT_PORT=str(free_port()))
    refused(result, str(server.data), "BOT_DATA_DIR")
    assert httpx.get(f"{server.url}/healthz").status_code == 200


def test_a_taken_port_is_refused(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        refused(run(tmp_path / "data", BOT_PORT=port), "BOT_PORT", port)


@pytest.mark.parametrize("port", ["abc", "0", "70000"])
def test_a_port_that_is_none_is_refused(tmp_path: Path, port: str) -> None:
    refused(run(tmp_path / "data", BOT_PORT=port), "BOT_PORT", port)


def test_a_data_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    settings = {"BOT_DATA_DIR": str(tmp_path / "file"), "BOT_PORT": str(free_port())}
    refused(run(tmp_path / "data", **settings), "BOT_DATA_DIR")


def test_a_broken_faq_is_refused_with_file_and_line(tmp_path: Path) -> None:
    faq = shutil.copytree(faq_folder(), tmp_path / "faq")
    lines = (faq / "aid.yaml").read_text("utf-8").splitlines()
    lines.insert(20, "      - 没有关上的引号: [")
    (faq / "aid.yaml").write_text("\n".join(lines), "utf-8")
    messages = (faq / "messages.yaml").read_text("utf-8").replace("  apology:", "  apologia:")
    (faq / "messages.yaml").write_text(messages, "utf-8")
    port = str(free_port())
    result = run(tmp_path / "data", BOT_FAQ_DIR=str(faq), BOT_PORT=port)
    refused(result, "aid.yaml", "第21行", "messages.yaml", "apology")


def test_a_faq_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    faq, port = str(tmp_path / "nowhere"), str(free_port())
    refused(run(tmp_path / "data", BOT_FAQ_DIR=faq, BOT_PORT=port), "nowhere")


def test_a_saved_answer_is_served_by_the_running_desk(server: Server, folder: Path) -> None:
    content = read_yaml(folder / "faq" / "general.yaml")
    [uniform] = [each for each in content["entries"] if each["id"] == "general.uniform"]
    uniform["answer"] = "刚刚改过的答复。\n"
    write_yaml(folder / "faq" / "general.yaml", content)
    give_up, answer = time.monotonic() + 20, ""
    with httpx.Client(base_url=server.url) as browser:
        while "刚刚改过" not in answer and time.monotonic() < give_up:
            time.sleep(0.5)
            asked = {"id": str(time.monotonic()), "text": UNIFORM}
            answer = browser.post("/chat/api/messages", json=asked).text
    assert "刚刚改过" in answer


# ----------------------------------------------------------------------------------- the settings

SETTINGS = {
    *("BOT_HOST", "BOT_PORT", "BOT_DATA_DIR", "BOT_FAQ_DIR", "BOT_SECRET_KEY"),
    *("BOT_TELEGRAM_TOKEN", "BOT_TELEGRAM_API_URL", "BOT_TELEGRAM_WEBHOOK_URL"),
    *("BOT_TELEGRAM_WEBHOOK_SECRET", "BOT_WECHAT_APP_ID", "BOT_WECHAT_APP_SECRET"),
    *("BOT_WECHAT_TOKEN", "BOT_WECHAT_AES_KEY", "BOT_WECHAT_AES_KEY_PREVIOUS"),
    *("BOT_WECHAT_API_URL", "BOT_STAFF_WEBHOOK_URL"),
}
SECRETS = {
    *("BOT_SECRET_KEY", "BOT_TELEGRAM_TOKEN", "BOT_TELEGRAM_WEBHOOK_SECRET"),
    *("BOT_WECHAT_APP_SECRET", "BOT_WECHAT_TOKEN", "BOT_WECHAT_AES_KEY"),
    *("BOT_WECHAT_AES_KEY_PREVIOUS", "BOT_STAFF_WEBHOOK_URL"),
}


def test_config_lists_every_setting_and_shows_no_secret(tmp_path: Path) -> None:
    secrets = dict.fromkeys(SECRETS, "geheim-123")
    shown = run(tmp_path / "data", "config", BOT_HOST="127.0.0.9", **secrets)
    assert shown.returncode == 0
    assert {name for name in SETTINGS if name not in shown.stdout} == set()
    assert "127.0.0.9" in shown.stdout
    assert "geheim" not in shown.stdout + shown.stderr


@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "as Notepad saves it"])
def test_a_dotenv_file_is_read_and_the_environment_wins(tmp_path: Path, mark: str) -> None:
    written = f"{mark}BOT_PORT=8099\n# 注释\nBOT_HOST='127.0.0.8'\nBOT_TELEGRAM_TOKEN=geheim-123\n"
    (tmp_path / ".env").write_text(written, "utf-8")
    shown = run(tmp_path / "data", "config", BOT_HOST="127.0.0.9")
    assert shown.returncode == 0, shown
    assert "BOT_PORT=8099" in shown.stdout
    assert "BOT_HOST=127.0.0.9" in shown.stdout
    assert "geheim" not in shown.stdout


# -------------------------------------------------------------------------------------- stopping


def test_it_stops_within_seconds_though_a_page_is_open_and_starts_again(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with serving(data) as first, httpx.Client(base_url=first.url) as browser:
        browser.get("/")
        browser.post("/chat/api/messages", json={"id": "m1", "text": "转人工"})
        cookies = dict(browser.cookies)
        with browser.stream("GET", "/chat/api/events", timeout=START_S) as events:
            assert events.status_code == 200
            assert next(events.iter_lines()).startswith("retry")
            assert first.stop() < STOP_S
        assert "Traceback" not in first.printed
        assert first.process.returncode in (0, -signal.SIGTERM, 128 + signal.SIGTERM)
    assert first.printed.count("/staff/sign-in#") == 1

    with serving(data) as second:
        history = httpx.get(f"{second.url}/chat/api/history", cookies=cookies).json()
        assert [i["text"] for i in history["items"] if i["who"] == "parent"] == ["转人工"]
        assert second.stop() < STOP_S
    assert f"{second.url}/" in second.printed
    assert "/staff/sign-in#" not in second.printed


def test_killed_it_starts_again_and_answers_what_was_left(tmp_path: Path) -> None:
    """kill -9 leaves a message written down: the next start answers it before it listens."""
    data = tmp_path / "data"
    script = tmp_path / "dies.py"
    script.write_text(DIES.format(root=str(ROOT)), "utf-8")
    port = free_port()
    with subprocess.Popen(
        [sys.executable, str(script)],
        env=environment(data, BOT_PORT=str(port)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as dying:
        url, give_up = f"http://127.0.0.1:{port}", time.monotonic() + START_S
        while True:
            try:
                page = httpx.get(f"{url}/", timeout=5)
                break
            except httpx.TransportError:
                assert time.monotonic() < give_up
                time.sleep(0.1)
        cookies = dict(page.cookies)
        asked = {"id": "m1", "text": UNIFORM}
        with pytest.raises(httpx.TransportError):
            httpx.post(f"{url}/chat/api/messages", json=asked, cookies=cookies, timeout=30)
        assert dying.wait(timeout=30) == -signal.SIGKILL
    with serving(data) as again:
        history = httpx.get(f"{again.url}/chat/api/history", cookies=cookies).json()
        assert [item["who"] for item in history["items"]] == ["parent", "bot"]
        repeat = httpx.post(f"{again.url}/chat/api/messages", json=asked, cookies=cookies).json()
        assert repeat["entry"] == "general.uniform"
        history = httpx.get(f"{again.url}/chat/api/history", cookies=cookies).json()
        assert len(history["items"]) == 2


DIES = """
import os, signal, sys
sys.path.insert(0, {root!r})
from bot.storage.transaction import Transaction

async def dying(self, turn, session, moves):
    os.kill(os.getpid(), signal.SIGKILL)

Transaction.finish = dying
from bot.cli import run
from handlers import HANDLERS
sys.exit(run(HANDLERS))
"""


# ------------------------------------------------------------------------------------ a full disk


class Disk:
    """Stands for the disk under the database: full means that the file may not grow."""

    full = False


@asynccontextmanager
async def browsing(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:

    web = app(desk, Accounts(desk.store), "k" * 64, asyncio.Event())
    transport = httpx.ASGITransport(web)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as browser:
        await browser.get("/")
        yield browser


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    """Have SQLite itself refuse to let the file grow, as it does on a full disk."""
    made, rows = Disk(), Connection.rows

    async def limited(self: Connection, sql: str, values: Mapping[str, object], /) -> Any:
        if sql == "BEGIN IMMEDIATE":
            await rows(self, f"PRAGMA max_page_count = {1 if made.full else 1_000_000}", {})
        return await rows(self, sql, values)

    monkeypatch.setattr(Connection, "rows", limited)
    return made


async def test_a_full_disk_is_said_and_afterwards_all_goes_on(tmp_path: Path, disk: Disk) -> None:
    async with open_talk(tmp_path / "desk.sqlite3") as talk, browsing(talk.desk) as browser:
        first = await browser.post("/chat/api/messages", json={"id": "m1", "text": UNIFORM})
        assert first.status_code == 200
        disk.full = True
        large = {"id": "m2", "text": UNIFORM + "。" * 15_000}
        refusal = await browser.post("/chat/api/messages", json=large)
        assert refusal.status_code == 503
        assert int(refusal.headers["Retry-After"]) > 0
        assert any("\u4e00" <= char <= "\u9fff" for char in refusal.json()["error"])
        assert "Traceback" not in refusal.text
        assert (await browser.get("/healthz")).status_code in (200, 503)
        disk.full = False
        again = await browser.post("/chat/api/messages", json=large)
        assert again.status_code == 200
        assert again.json()["decision"] == "answer"
        history = (await browser.get("/chat/api/history")).json()["items"]
        assert [item["who"] for item in history] == ["parent", "bot"] * 2


async def test_a_store_that_does_not_answer_is_not_healthy(tmp_path: Path) -> None:
    async with open_talk(tmp_path / "desk.sqlite3") as talk, browsing(talk.desk) as browser:
        assert (await browser.get("/healthz")).status_code == 200
        await talk.desk.store.close()
        assert (await browser.get("/healthz")).status_code == 503


def test_a_real_disk_that_is_full(tmp_path: Path) -> None:
    """The same on a tmpfs of one megabyte, filled to the brim: the process itself survives."""
    mounted = tmp_path / "small"
    mounted.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(mounted)]
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("mounting a small disk needs root")
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        with serving(mounted / "data") as server, httpx.Client(base_url=server.url) as browser:
            browser.get("/")
            asked = {"id": "m1", "text": UNIFORM}
            assert browser.post("/chat/api/messages", json=asked).status_code == 200
            _fill(mounted / "data" / "ballast")
            codes = [
                browser.post(
                    "/chat/api/messages", json={"id": f"n{n}", "text": UNIFORM + "。" * 9_000}
                )
                for n in range(3)
            ]
            assert {503} <= {code.status_code for code in codes} <= {200, 503}
            (mounted / "data" / "ballast").unlink()
            retried = browser.post(
                "/chat/api/messages", json={"id": "n2", "text": UNIFORM + "。" * 9_000}
            )
            assert retried.status_code == 200
            assert httpx.get(f"{server.url}/healthz").status_code == 200
    finally:
        subprocess.run(["umount", "-l", str(mounted)], check=False)


def _fill(file: Path) -> None:
    with file.open("wb", buffering=0) as ballast:
        for size in (64 * 1024, 1024, 1):
            try:
                while True:
                    ballast.write(b"x" * size)
            except OSError:
                continue
