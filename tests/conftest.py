"""Doctests are looked for in the program only: files here that hold no tests are not collected."""

from __future__ import annotations

from pathlib import Path


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Skip helpers and peers, some of which need packages that a machine may lack."""
    name = collection_path.name
    if name.endswith(".py") and not name.startswith("test_"):
        return True
    return None
