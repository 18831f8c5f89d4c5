"""The folder as a whole: read, or refused with everything that is wrong."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from faq_files import Break, entry, line_of

from bot.errors import FaqError
from bot.faq import load
from bot.faq.folder import FILES
from bot.faq.load import read


def test_a_good_folder_is_loaded_with_nothing_to_say(folder: Path) -> None:
    faq, problems = read(folder)
    assert problems == []
    assert faq is not None
    assert len(faq.entries) == 15
    assert load(folder) == faq
    assert re.fullmatch(r"[0-9a-f]{12}", faq.version)


def test_version_changes_with_any_byte(folder: Path, breaks: Break) -> None:
    before = load(folder).version
    assert load(folder).version == before
    breaks("hours.yaml", "answered_days: 3", "answered_days: 4")
    assert load(folder).version != before


@pytest.mark.parametrize("file", FILES)
def test_a_missing_file_is_named(folder: Path, file: str) -> None:
    (folder / file).unlink()
    faq, problems = read(folder)
    assert faq is None
    assert [(p.file, p.line) for p in problems] == [(file, None)]
    assert "没有这个文件" in problems[0].what
    with pytest.raises(FaqError, match=file):
        load(folder)


def test_a_missing_folder_names_every_file(tmp_path: Path) -> None:
    _, problems = read(tmp_path / "nowhere")
    assert [p.file for p in problems] == list(FILES)


def test_a_renamed_file_is_recognised(folder: Path) -> None:
    (folder / "aid.yaml").rename(folder / "aid.yaml.txt")
    _, problems = read(folder)
    assert "aid.yaml.txt" in problems[0].remedy
    assert [(p.file, p.level) for p in problems[1:]] == [("aid.yaml.txt", "warning")]


def test_a_folder_in_place_of_a_file(folder: Path) -> None:
    (folder / "aid.yaml").unlink()
    (folder / "aid.yaml").mkdir()
    _, problems = read(folder)
    assert "打不开" in problems[0].what


LONG = "长" * 41

BROKEN = [
    # file, old, new, a text on the line named, words of the problem, words of the remedy
    ("aid.yaml", "id: aid.third", "id: aid.second", None, "编号 aid.second 和 aid.yaml", "换一个"),
    ("aid.yaml", "id: aid.third", "id: safety.x", "id: safety.x", "不是以 aid. 开头", "aid.x"),
    ("aid.yaml", "topic: aid", "topic: safety", "topic: safety", "topic 写的是", "topic: aid"),
    ("aid.yaml", "[aid.first]", "[aid.frist]", "[aid.frist]", "没有编号为 aid.frist", "aid.first"),
    ("aid.yaml", "- aid.third", "- aid.thrid", "- aid.thrid", "没有编号为 aid.thrid", "aid.third"),
    ("aid.yaml", "[aid.first]", "[aid.second]", "[aid.second]", "把自己", "删掉"),
    ("danger.yaml", "safety.first", "safety.fist", "safety.fist", "没有编号为", "safety.first"),
    ("danger.yaml", "请先打110", "打{{enroll_phone}}", "打{{", "家长会原样看到", "确定的号码"),
    ("aid.yaml", "{{enroll_phone}}", "{{enrol_phone}}", "{{enrol_phone", "local.yaml 里没有",
     "是不是 enroll_phone"),
    ("aid.yaml", "{{enroll_phone}}", "{enroll_phone}}", "电话{", "花括号没写对", "{{名字}}"),
    ("aid.yaml", "{{enroll_phone}}", "｛｛enroll_phone｝｝", "电话｛", "花括号没写对",
     "英文花括号"),
    ("aid.yaml", "资助甲按当年", "{{enroll_phone}}当年", "{{enroll_phone}}当年", "第一行里有占位符",
     "后面的行"),
    ("aid.yaml", "《义务教育法》第12条", "法{{enroll_phone}}", "法{{", "basis 里有占位符",
     "answer"),
    ("elsewhere.yaml", "打12333问", "打{{enroll_phone}}问", "打{{", "door 里有占位符", "12345"),
    ("aid.yaml", "资助甲按当年公告办理。", LONG, LONG, "第一行有41个字，最多40个字", "移到下一行"),
    ("aid.yaml", "先问学校。", "先问学校。" * 100, "资助甲按", "最多400个字", "至少删去"),
    ("aid.yaml", "2027-03-01", "2027-02-30", "2027-02-30", "没有这一天", "日历"),
    ("aid.yaml", "- 资助甲资助甲从哪天起办", "- 入学甲，入学甲手续麻不麻烦！", "- 入学甲，",
     "和 enrollment.yaml 第", "只留"),
    ("aid.yaml", "- 资助甲资助甲从哪天起办", "- ！！！", "- ！！！", "里没有字", "删掉"),
    ("aid.yaml", "    answer: |", "    not_for: [资助甲资助甲手续麻不麻烦]\n    answer: |",
     "not_for", "又在 phrases 里", "只留一处"),
    ("elsewhere.yaml", "id: noise", "id: noise\n    phrases: [a, b, c]\n  - id: noise", None,
     "编号 noise 和第", "合并"),
    ("messages.yaml", "  find_out: 可拨12345问。\n", "", "not_yet_known", "缺少 find_out",
     "加一句"),
    ("messages.yaml", "{labels}", "{label}", "{label}", "{label} 程序填不了", "{labels}"),
    ("messages.yaml", "可拨12345问", "可拨{x}问", "可拨{x}", "{x} 程序填不了", "不要用花括号"),
    ("messages.yaml", "{labels}", "{}", "{}还没有", "{} 程序填不了", "{labels}"),
    ("messages.yaml", "{labels}", "{labels", "{labels还", "没有配对", "左右各一个"),
    ("messages.yaml", "{labels}", "{labels!r}", "{labels!r}", "不只有名字", "只写名字"),
    ("messages.yaml", "{labels}", "｛labels｝", "｛labels", "花括号是全角的", "英文"),
    ("messages.yaml", "thanks: 不", "thank: 不", "thank: 不", "没有说法", "删掉这一句"),
    ("lexicon.yaml", "thanks: [", "bye: [再见]\n  thanks: [", "bye:", "没有回答", "加一句"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "at", "what", "remedy"), BROKEN)
def test_what_only_several_files_show(
    folder: Path,
    breaks: Break,
    file: str,
    old: str,
    new: str,
    at: str | None,
    what: str,
    remedy: str,
) -> None:
    text = breaks(file, old, new)
    _, problems = read(folder)
    found = [p for p in problems if p.file == file and p.level == "error"]
    assert any(
        what in p.what
        and remedy in p.remedy
        and p.line is not None
        and (at is None or p.line == line_of(text, at))
        for p in found
    ), problems
    with pytest.raises(FaqError):
        load(folder)


def test_the_same_phrase_in_an_entry_and_a_matter_names_both_places(
    folder: Path, breaks: Break
) -> None:
    text = breaks("elsewhere.yaml", "社保断缴怎么补", "入學甲入学甲，手续麻不麻烦")
    _, problems = read(folder)
    [problem] = problems
    first = line_of((folder / "enrollment.yaml").read_text("utf-8"), "手续麻不麻烦")
    assert (problem.file, problem.line) == ("elsewhere.yaml", line_of(text, "手续麻不麻烦"))
    assert f"enrollment.yaml 第{first}行" in problem.what


def test_a_set_value_can_make_an_answer_too_long(folder: Path, breaks: Break) -> None:
    breaks("local.yaml", 'value: ""', f'value: "{"1" * 400}"')
    _, problems = read(folder)
    assert {p.file for p in problems} == {
        f"{t}.yaml" for t in ("enrollment", "safety", "aid", "special_education", "general")
    }
    assert all("最多400个字" in p.what for p in problems)


def test_sentences_the_code_does_not_use_are_a_warning(folder: Path, breaks: Break) -> None:
    breaks("messages.yaml", "  find_out:", "  nobody_says_this: 你好。\n  find_out:")
    _, problems = read(folder)
    assert [(p.level, "用不到" in p.what) for p in problems] == [("warning", True)]
    load(folder)


def test_problems_of_several_files_come_at_once(folder: Path, breaks: Break) -> None:
    breaks("aid.yaml", 'as_of: "2025"', "as_of: 2025")
    breaks("safety.yaml", "[safety.first]", "[safety.fist]")
    breaks("hours.yaml", "answered_days: 3", "answered_days: 0")
    (folder / "lexicon.yaml").unlink()
    with pytest.raises(FaqError) as refused:
        load(folder)
    # references wait: aid.yaml, which could hold the entry meant, has no shape yet
    assert [p.file for p in refused.value.problems] == ["aid.yaml", "lexicon.yaml", "hours.yaml"]  # type: ignore[attr-defined]


def test_116_entries_of_40_phrases_are_read_quickly(folder: Path) -> None:
    path = folder / "enrollment.yaml"
    text = path.read_text("utf-8")
    extra = "".join(
        entry("enrollment", f"n{n}", f"第{n}样").replace(
            "    answer:", "".join(f"      - 说法{n}之{i}\n" for i in range(28)) + "    answer:"
        )
        for n in range(101)
    )
    path.write_text(text + extra, "utf-8")
    start = time.perf_counter()
    faq, problems = read(folder)
    assert time.perf_counter() - start < 2  # 0.2 s on the machine it was written on
    assert faq is not None
    assert len(faq.entries) == 116
    assert problems == []
