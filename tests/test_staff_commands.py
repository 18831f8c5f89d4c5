"""Accounts at the command line, as when a link is lost: a process for each command."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from bot.storage.audit import Audit
from bot.storage.store import Store
from tests.desk import ROOT, environment


def staff(data: Path, *arguments: str) -> tuple[int, str]:
    """Return exit code and everything printed."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "run_bot.py"), "staff", *arguments],
        cwd=data.parent,
        env=environment(data),
        capture_output=True,
        encoding="utf-8",
    )
    return done.returncode, done.stdout + done.stderr


async def test_accounts_without_the_pages(tmp_path: Path) -> None:
    data = tmp_path / "data"
    code, said = staff(data, "add", "王老师")
    assert (code, len(re.findall("/staff/sign-in#", said))) == (0, 1)
    assert staff(data, "list") == (0, "王老师\n")
    assert staff(data, "add", "王老师", "--admin")[0] == 0
    assert staff(data, "list") == (0, "王老师（管理员）\n")
    code, again = staff(data, "link", "王老师")
    assert (code, again == said) == (0, False)
    code, refused = staff(data, "link", "没有这个人")
    assert (code, "没有账号" in refused, "Traceback" in refused) == (1, True, False)
    code, refused = staff(data, "disable", "王老师")
    assert (code, "最后一位管理员" in refused) == (1, True)
    staff(data, "add", "李老师")
    assert staff(data, "disable", "李老师")[0] == 0
    assert staff(data, "list") == (0, "李老师（已停用）\n王老师（管理员）\n")
    store = await Store.open(data / "desk.sqlite3")
    kept = await Audit(store.database).page()
    await store.close()
    assert {entry.who for entry in kept} == {"命令行"}
    assert [entry.what for entry in kept][:2] == ["account.disable", "account.link"]
