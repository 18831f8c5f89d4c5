"""The page and its files, with names that change when the contents do."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from bot.channels.web.guard import shield

_HERE = Path(__file__).parent
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_FOREVER = "public, max-age=31536000, immutable"


class Assets:
    """Everything under static/, in memory, and the chat page that refers to it."""

    def __init__(self) -> None:
        self._files = {
            path.name: path.read_bytes()
            for path in (_HERE / "static").iterdir()
            if path.suffix in _TYPES
        }
        self._versions = {
            name: hashlib.sha256(body).hexdigest()[:12] for name, body in self._files.items()
        }
        templates = Environment(
            loader=FileSystemLoader(_HERE / "templates"), autoescape=True, trim_blocks=True
        )
        templates.globals["asset"] = self.url
        self._page = templates.get_template("chat.html")

    def url(self, name: str) -> str:
        """Return the address of a file, good until the file changes."""
        return f"/static/{name}?v={self._versions[name]}"

    def page(self, **fields: Any) -> str:
        """Return the chat page."""
        return self._page.render(**fields)

    async def serve(self, request: Request) -> Response:
        """Return one file; only its versioned address is cached for good."""
        name = request.path_params["name"]
        body = self._files.get(name)
        if body is None:
            return shield(PlainTextResponse("404", status_code=404))
        current = request.query_params.get("v") == self._versions[name]
        etag = f'"{self._versions[name]}"'
        headers = {"Cache-Control": _FOREVER if current else "no-cache", "ETag": etag}
        if request.headers.get("if-none-match") == etag:
            return shield(Response(status_code=304, headers=headers))
        return shield(Response(body, media_type=_TYPES[Path(name).suffix], headers=headers))
