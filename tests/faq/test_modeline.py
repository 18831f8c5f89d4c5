"""The modeline at work: the language server behind editors reads faq/schema.json through it.

Needs yaml-language-server (`npm install -g yaml-language-server`), or its path in
YAML_LANGUAGE_SERVER.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.faq.folder import FILES
from bot.faq.must import MUST

FAQ = Path(__file__).parents[2] / "faq"
SERVER = os.environ.get("YAML_LANGUAGE_SERVER") or shutil.which("yaml-language-server")

pytestmark = pytest.mark.skipif(SERVER is None, reason="yaml-language-server is not installed")


class Editor:
    """As much of an editor as it takes to ask the server about a file."""

    def __init__(self, server: str) -> None:
        self._process = subprocess.Popen(
            [server, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._number = 0
        self._ask("initialize", processId=None, rootUri=None, capabilities={})
        self._tell("initialized")

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()

    def problems(self, path: Path, text: str) -> list[str]:
        """Return what the editor would underline."""
        self._open(path, text)
        while True:
            message = self._read()
            if message.get("method") == "textDocument/publishDiagnostics":
                return [found["message"] for found in message["params"]["diagnostics"]]

    def completions(self, path: Path, text: str) -> dict[str, str]:
        """Return what is offered at the end of the text, with its documentation."""
        self._open(path, text)
        lines = text.split("\n")
        found = self._ask(
            "textDocument/completion",
            textDocument={"uri": path.as_uri()},
            position={"line": len(lines) - 1, "character": len(lines[-1])},
        )
        return {item["label"]: json.dumps(item, ensure_ascii=False) for item in found["items"]}

    def _open(self, path: Path, text: str) -> None:
        document = {"uri": path.as_uri(), "languageId": "yaml", "version": 1, "text": text}
        self._tell("textDocument/didOpen", textDocument=document)

    def _ask(self, method: str, **params: Any) -> Any:
        self._number += 1
        self._send({"id": self._number, "method": method, "params": params})
        while True:
            message = self._read()
            if message.get("id") == self._number and "method" not in message:
                return message["result"]

    def _tell(self, method: str, **params: Any) -> None:
        self._send({"method": method, "params": params})

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self._process.stdin.flush()

    def _read(self) -> dict[str, Any]:
        """Return the server's next message; what it asks of us is answered with nothing."""
        assert self._process.stdout
        length = 0
        while line := self._process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        assert length, "the server has gone"
        message: dict[str, Any] = json.loads(self._process.stdout.read(length))
        if "id" in message and "method" in message:
            wanted = message["params"].get("items", []) if message.get("params") else []
            self._send({"id": message["id"], "result": [None] * len(wanted)})
        return message


@pytest.fixture
def editor() -> Iterator[Editor]:
    assert SERVER
    editor = Editor(SERVER)
    yield editor
    editor.close()


@pytest.mark.parametrize("file", [*FILES, MUST])
def test_the_files_fit_their_schema(editor: Editor, file: str) -> None:
    path = FAQ / file
    assert editor.problems(path, path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "word"),
    [
        ("aid.yaml", "\ntopic: aid\n", "\ntopic: aids\n", "enrollment"),
        ("aid.yaml", "\ntopic: aid\n", "\ntopic: aid\nnotes: 多余\n", "notes"),
        ("hours.yaml", "answered_days: 3", "answered_days: 三", "integer"),
    ],
)
def test_a_slip_is_underlined(editor: Editor, file: str, old: str, new: str, word: str) -> None:
    text = (FAQ / file).read_text("utf-8")
    assert old in text
    problems = editor.problems(FAQ / file, text.replace(old, new, 1))
    assert any(word in problem for problem in problems), problems


def test_keys_are_offered_with_their_chinese_help(editor: Editor) -> None:
    modeline = (FAQ / "aid.yaml").read_text("utf-8").partition("\n")[0]
    offered = editor.completions(FAQ / "aid.yaml", f"{modeline}\ntopic: aid\nentries:\n  - ")
    assert {"id", "question", "answer", "review_by"} <= offered.keys()
    assert "第一行就是答案" in offered["answer"]
