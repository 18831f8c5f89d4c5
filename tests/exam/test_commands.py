"""`eval`, `check --exam` and `ask --why` as typed, on a FAQ small enough to be learned here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import Result
from typer.testing import CliRunner

from bot.cli import make_app
from bot.faq import load
from bot.faq.must import MUST
from handlers import HANDLERS
from tests.desk import small_faq

SAID = "这句现在答对了，请从 known_failures 里删掉"


class Desk:
    """The command line on a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.faq = small_faq(folder / "faq")
        (self.faq / "tests").mkdir()
        entries = load(self.faq).entries.values()
        self.own = {entry.phrases[0]: entry.id for entry in entries}
        exam = [{"text": text, "id": entry} for text, entry in self.own.items()]
        exam.append({"text": "红烧肉怎么做才好吃", "id": None})
        self.exam = self.faq / "tests" / "own.jsonl"
        self.exam.write_text("".join(json.dumps(line) + "\n" for line in exam), "utf-8")
        self._environment = {"BOT_DATA_DIR": str(folder / "data"), "BOT_FAQ_DIR": str(self.faq)}

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(make_app(HANDLERS), list(words), env=self._environment)

    def must(self, **parts: Any) -> None:
        text = yaml.safe_dump(parts, allow_unicode=True, sort_keys=False)
        (self.faq / MUST).write_text(text, "utf-8")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk(tmp_path_factory.mktemp("desk"))


@pytest.fixture
def own(desk: Desk) -> tuple[str, str, str]:
    """A phrase, its entry, and another entry."""
    (phrase, entry), (_, other), *_ = desk.own.items()
    return phrase, entry, other


def test_the_own_exam_is_reported_in_two_shares(desk: Desk) -> None:
    done = desk.run("eval", "--json")
    assert done.exit_code == 0, done.output
    read = json.loads(done.stdout)
    shares = [read["calibrating"]["figures"], read["held_out"]["figures"]]
    assert sum(share["n_in"] for share in shares) == len(desk.own)
    assert sum(share.get("n_oos", 0) for share in shares) == 1
    assert 0 < read["answer_at"] <= 1
    shown = desk.run("eval")
    assert "校准用的三分之二" in shown.stdout
    assert "只报数的三分之一" in shown.stdout


def test_a_file_gives_its_figures_first_and_the_report_only_when_asked(desk: Desk) -> None:
    [line] = desk.run("eval", str(desk.exam)).stdout.splitlines()
    figures = json.loads(line)
    assert figures["n_in"] == len(desk.own)
    assert "ms_p50" in figures
    first, second = desk.run("eval", str(desk.exam), "--report", "--json").stdout.splitlines()
    assert json.loads(first)["answered_right"] == figures["answered_right"]
    assert json.loads(second)["file"]["figures"]["answered_right"] == figures["answered_right"]


def test_what_staff_wrote_is_kept_or_the_check_fails(desk: Desk, own: tuple[str, str, str]) -> None:
    phrase, entry, other = own
    desk.must(must=[{"text": phrase, "expect": entry}], must_not=[{"text": phrase, "never": other}])
    done = desk.run("check", "--exam")
    assert done.exit_code == 0, done.output
    assert "得分" in done.stdout
    assert "抢答" in done.stdout
    known = {"text": phrase, "expect": entry, "since": "2026-11", "why": "试一试"}
    desk.must(known_failures=[known])
    done = desk.run("check", "--exam")
    assert done.exit_code == 1
    assert SAID in done.stdout
    assert f"{MUST} 第2行" in done.stdout


def test_a_slip_in_the_file_fails_the_cheap_check_too(desk: Desk) -> None:
    desk.must(must=[{"text": "几岁", "expect": "no.such"}])
    done = desk.run("check")
    assert done.exit_code == 1
    assert "没有编号为 no.such 的条目" in done.stdout


def test_why_names_the_runner_up_and_the_thresholds(desk: Desk, own: tuple[str, str, str]) -> None:
    phrase, entry, _ = own
    plain, why = desk.run("ask", phrase), desk.run("ask", "--why", phrase)
    assert plain.exit_code == why.exit_code == 0
    assert "为什么" not in plain.stdout
    assert f"结果：{entry}" in why.stdout
    assert "比第一条差 " in why.stdout
    assert "门槛：" in why.stdout
