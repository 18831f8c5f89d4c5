"""The real `run_bot.py` as a process of its own, and a member of staff who uses its pages."""

from __future__ import annotations

import html
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.desk import ROOT, cache_folder, faq_folder, free_port

_START_S = 300.0
"""A first start trains, for a minute or two."""
_STOP_S = 10.0
_LINK = re.compile(r"http://\S+/staff/sign-in#\S+")


class RunningDesk:
    """A desk on a data folder of its own; may be stopped, killed and started again."""

    def __init__(self, folder: Path, faq: Path | None = None) -> None:
        self._folder = folder
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        data = folder / "data"
        data.mkdir(parents=True)
        (data / "cache").symlink_to(cache_folder(), target_is_directory=True)
        own = {name: value for name, value in os.environ.items() if not name.startswith("BOT_")}
        self._environment = own | {
            "BOT_PORT": str(self._port),
            "BOT_DATA_DIR": str(data),
            "BOT_FAQ_DIR": str(faq or faq_folder()),
            "PYTHONUNBUFFERED": "1",
        }

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def sign_in_link(self) -> str:
        """The one-time link that the first start printed."""
        found = _LINK.search(self.said)
        assert found, self.said
        return found[0]

    @property
    def said(self) -> str:
        """All that the process wrote, errors and starts before this one too."""
        return (self._folder / "output").read_text("utf-8", errors="replace")

    def start(self) -> None:
        """Start, and return when the desk is healthy."""
        with (self._folder / "output").open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, str(ROOT / "run_bot.py")],
                cwd=self._folder,
                env=self._environment,
                stdout=output,
                stderr=output,
            )
        give_up = time.monotonic() + _START_S
        while time.monotonic() < give_up:
            if self._process.poll() is not None:
                raise RuntimeError(f"the desk ended at once:\n{self.said}")
            try:
                if httpx.get(f"{self.url}/healthz", timeout=5).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
        raise RuntimeError(f"the desk did not come up:\n{self.said}")

    def stop(self) -> None:
        """Stop it as an operator does; open pages must not hold it back."""
        assert self._process
        self._process.terminate()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self) -> None:
        """End it in the middle of whatever it does, as a power cut would."""
        assert self._process
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """Stop it if it runs; a desk that wrote a stack trace fails here."""
        if self._process and self._process.poll() is None:
            self.stop()
        assert "Traceback" not in self.said, self.said

    def staff_link(self, name: str) -> str:
        """Make an account at the command line, beside the running desk; return its link."""
        made = subprocess.run(
            [sys.executable, str(ROOT / "run_bot.py"), "staff", "add", name],
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            check=True,
            encoding="utf-8",
        )
        found = _LINK.search(made.stdout)
        assert found, made.stdout
        return found[0]


class Staff:
    """A member of staff at the real pages, without a browser."""

    def __init__(self, desk: RunningDesk, name: str) -> None:
        link = desk.staff_link(name)
        self._pages = httpx.Client(base_url=desk.url, follow_redirects=True, timeout=10)
        self._pages.post("/staff/sign-in", data={"token": link}).raise_for_status()

    def act(self, number: str, act: str, text: str = "") -> None:
        """Press a button on the inquiry's page; what the desk refuses is an error."""
        page = self._pages.get(f"/staff/inquiries/{number}").raise_for_status().text
        fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
        form = {name: html.unescape(value) for name, value in fields.items()}
        answer = self._pages.post(
            f"/staff/inquiries/{number}", data=form | {"act": act, "text": text}
        )
        answer.raise_for_status()

    def reply(self, number: str, text: str) -> None:
        self.act(number, "reply", text)

    def close(self) -> None:
        self._pages.close()


@contextmanager
def running_desk(folder: Path, faq: Path | None = None) -> Iterator[RunningDesk]:
    """Lend a desk that has been started, on the tests' FAQ or on one that may be changed."""
    desk = RunningDesk(folder, faq)
    desk.start()
    try:
        yield desk
    finally:
        desk.close()
