"""faq/ changed in one step: checked first, whole or not at all, refused when it moved on."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import pytest

from bot.editing.change import Change, Edit
from bot.editing.folder import FaqFolder, MovedOn, Refused
from bot.editing.history import History
from bot.editing.impact import Impact
from bot.editing.rehearsal import Rehearsal
from bot.editing.shelf import Shelf
from bot.editing.workshop import Workshop
from bot.faq import load

TODAY = date(2026, 12, 1)
NOW = datetime.fromisoformat("2026-12-01T10:00:00+08:00")


def change(answer: str = "新的一行。", entry: str = "aid.first") -> Change:
    return Change((Edit("aid.yaml", "entries", entry, {"answer": answer}),))


def test_a_change_is_written_and_served(folder: FaqFolder) -> None:
    draft = folder.draft(change(), folder.state("aid.yaml"), TODAY)
    assert load(folder.path).entries["aid.first"].answer != "新的一行。"
    folder.write(draft)
    assert load(folder.path).entries["aid.first"].answer == "新的一行。"
    assert sorted(p.name for p in folder.path.iterdir() if p.name.startswith(".")) == []


@pytest.mark.parametrize("when", ["before the draft", "before writing"])
def test_what_changed_meanwhile_is_not_written_over(folder: FaqFolder, when: str) -> None:
    state = folder.state("aid.yaml")
    file = folder.path / "aid.yaml"
    theirs = file.read_bytes() + "# 别人写的\n".encode()
    if when == "before the draft":
        file.write_bytes(theirs)
        with pytest.raises(MovedOn, match="又被别人改过"):
            folder.draft(change(), state, TODAY)
    else:
        draft = folder.draft(change(), state, TODAY)
        file.write_bytes(theirs)
        with pytest.raises(MovedOn, match="又被别人改过"):
            folder.write(draft)
    assert file.read_bytes() == theirs


@pytest.mark.parametrize(
    ("answer", "what"),
    [("字" * 41, "第一行有41个字"), ("甲。\n{{nobody}}", "占位符 nobody"), ("", "是空的")],
)
def test_what_check_refuses_is_not_proposed(folder: FaqFolder, answer: str, what: str) -> None:
    with pytest.raises(Refused) as refused:
        folder.draft(change(answer), folder.state("aid.yaml"), TODAY)
    assert any(what in str(problem) for problem in refused.value.problems)


@pytest.mark.parametrize(
    ("damage", "remedy"),
    [
        (lambda raw: raw.replace(b"title: ", "title：".encode(), 1), "英文冒号"),
        (lambda raw: raw.replace(b"\n    title", b"\n\ttitle", 1), "空格"),
        (lambda raw: raw.decode().encode("gb18030"), "UTF-8"),
        (lambda raw: raw.decode().encode("utf-16"), "UTF-8"),
        (lambda raw: raw.replace(b'as_of: "2025"', "as_of: “2025”".encode(), 1), "英文"),
    ],
)
def test_files_that_notepad_and_wps_damaged_get_their_remedy(
    folder: FaqFolder, damage: object, remedy: str
) -> None:
    file = folder.path / "aid.yaml"
    file.write_bytes(damage(file.read_bytes()))  # type: ignore[operator]
    with pytest.raises(Refused) as refused:
        folder.draft(change(), folder.state("aid.yaml"), TODAY)
    assert any(remedy in problem.remedy for problem in refused.value.problems)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_marks_and_line_ends_of_windows_stay(folder: FaqFolder, mark: bytes, end: bytes) -> None:
    file = folder.path / "aid.yaml"
    file.write_bytes(mark + file.read_bytes().replace(b"\n", end))
    before = file.read_bytes().split(end)
    folder.write(folder.draft(change("一。\n二。"), folder.state("aid.yaml"), TODAY))
    after = file.read_bytes()
    assert after.startswith(mark)
    assert after.replace(end, b"").count(b"\n") == 0
    assert len(set(before) - set(after.split(end))) <= 2
    assert load(folder.path).entries["aid.first"].answer == "一。\n二。"


# ------------------------------------------------------------------------------ history


class NoTrial(Rehearsal):
    """A rehearsal that finds nothing, at once."""

    async def impact(self, instead: object, past: object, edited: object) -> Impact:
        return Impact(0, 0)


async def nothing() -> Sequence[str]:
    return ()


def workshop(folder: FaqFolder, tmp_path: Path) -> Workshop:
    history = History(folder.path, tmp_path / "journal")
    trial = NoTrial(folder.path, tmp_path)
    shelf = Shelf(tmp_path / "proposals")
    return Workshop(folder, history, trial, shelf, tmp_path / "cache", nothing, lambda: NOW)


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True)
    return done.stdout.decode()


def repository(path: Path) -> None:
    git(path.parent, "init", "-q")
    git(path.parent, "add", ".")
    who = ("-c", "user.name=甲", "-c", "user.email=a@b")
    git(path.parent, *who, "commit", "-qm", "手工存的")


def stage_something_else(folder: Path) -> None:
    (folder / "notes.txt").write_text("别人还没存的", "utf-8")
    git(folder, "add", "notes.txt")


@pytest.fixture(params=["git", "journal"])
def shop(request: pytest.FixtureRequest, folder: FaqFolder, tmp_path: Path) -> Workshop:
    if request.param == "git":
        repository(folder.path)
        stage_something_else(tmp_path)
    return workshop(folder, tmp_path)


async def publish(shop: Workshop, who: str, made: Change) -> None:
    proposal = await shop.propose(made, shop.folder.state(*made.files), who)
    await shop.publish(proposal, who)


async def test_history_says_who_and_what_and_takes_back(shop: Workshop) -> None:
    original = (shop.folder.path / "aid.yaml").read_bytes()
    await publish(shop, "王老师", change("第一次改。"))
    await publish(shop, "李老师", change("另一条。", "aid.third"))
    latest = shop.history.latest()
    assert [(each.who, each.files) for each in latest[:2]] == [
        ("李老师", ("aid.yaml",)),
        ("王老师", ("aid.yaml",)),
    ]
    assert "aid.first：答复" in latest[1].what
    before, after = shop.history.texts(latest[1])["aid.yaml"]
    assert before == original
    assert "第一次改。" in after.decode()

    # The earlier one goes, the later one stays.
    proposal = await shop.take_back(latest[1], "赵老师")
    await shop.publish(proposal, "赵老师")
    faq = load(shop.folder.path)
    assert faq.entries["aid.first"].answer == "资助丙按当年公告办理。\n先问学校。"
    assert faq.entries["aid.third"].answer == "另一条。"
    assert "撤销" in shop.history.latest()[0].what

    with pytest.raises(Refused, match="没有可撤销的"):
        await shop.take_back(latest[1], "赵老师")


async def test_what_was_written_over_is_not_taken_back(shop: Workshop) -> None:
    await publish(shop, "王老师", change("第一次改。"))
    first = shop.history.latest()[0]
    await publish(shop, "李老师", change("第二次改。"))
    with pytest.raises(MovedOn, match="同一处又改过"):
        await shop.take_back(first, "王老师")


async def test_git_takes_this_file_alone(folder: FaqFolder, tmp_path: Path) -> None:
    repository(folder.path)
    stage_something_else(tmp_path)
    await publish(workshop(folder, tmp_path), "王老师", change())
    shown = git(tmp_path, "show", "--name-only", "--format=%an", "HEAD")
    assert shown.split() == ["王老师", "faq/aid.yaml"]
    assert "A  notes.txt" in git(tmp_path, "status", "--short")


async def test_of_two_at_the_same_instant_one_writes(folder: FaqFolder, tmp_path: Path) -> None:
    shop = workshop(folder, tmp_path)
    state = folder.state("aid.yaml")
    proposals = [
        await shop.propose(change(f"第{n}个人写的。"), state, f"{n}老师") for n in range(5)
    ]
    done = await asyncio.gather(
        *(shop.publish(p, p.who) for p in proposals), return_exceptions=True
    )
    [winner] = [p for p, result in zip(proposals, done, strict=True) if result is None]
    assert sum(isinstance(result, MovedOn) for result in done) == 4
    assert load(folder.path).entries["aid.first"].answer == f"第{winner.who[0]}个人写的。"
    assert [each.who for each in shop.history.latest()] == [winner.who]
