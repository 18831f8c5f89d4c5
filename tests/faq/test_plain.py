"""Somebody else's FAQ: handed over with `--faq`, in Chinese or in English."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import Result
from typer.testing import CliRunner

from bot.cli import make_app
from bot.errors import FaqError
from bot.faq import load
from handlers import HANDLERS

FAQ = Path(__file__).parents[2] / "faq"

LIBRARY = """\
- question: When does the library open?
  answer: At nine, except on
    Sundays.
  phrases: [opening hours, what time can I come in, are you open on saturday]
- question: How do I renew a book?
  answer: Online.
  shelf: 12
- id: fines
  question: What does it cost to bring a book back late?
  answer: 2
- question: Where is the toilet?
  answer: "Beside the stairs: left."
"""
ASKED = [
    ("what time do you open", "When does the library open?"),
    ("Can I keep my book for another week? I'd like to renew it.", "How do I renew a book?"),
    ("how much is the fine for a late book", "fines"),
    ("where can i find the toilet", "Where is the toilet?"),
]
UNASKED = ["best pizza in town", "who won the football game last night"]

GYM = {
    "hours": [
        "健身房几点开门",
        "什么时候开始营业",
        "早上六点能进去吗",
        "周日开不开",
        "晚上几点关门",
    ],
    "price": ["办一张年卡多少钱", "月卡什么价格", "有没有学生优惠", "次卡怎么收费", "会员费贵不贵"],
    "pool": [
        "有没有游泳池",
        "泳池水深多少",
        "游泳要戴泳帽吗",
        "能带小孩游泳吗",
        "泳池是不是恒温的",
    ],
    "coach": ["私教课怎么约", "可以换一个教练吗", "教练有没有证", "有女教练吗", "约了教练能取消吗"],
    "locker": [
        "储物柜要不要钱",
        "东西能放在柜子里过夜吗",
        "柜子钥匙丢了",
        "储物柜密码忘了",
        "有大柜子吗",
    ],
    "parking": ["开车来停哪里", "停车收费吗", "车位多不多", "停车能停几个小时", "有没有地下车库"],
    "classes": [
        "有瑜伽课吗",
        "团课怎么预约",
        "动感单车几点上课",
        "课表在哪里看",
        "团课要另外交钱吗",
    ],
}
ASKED_OF_GYM = [
    ("你们早上几点开门营业", "hours"),
    ("年卡现在卖多少钱", "price"),
    ("里面有游泳池没有", "pool"),
    ("怎么约私教", "coach"),
    ("我把柜子的钥匙弄丢了", "locker"),
    ("停车要收钱吗", "parking"),
    ("瑜伽课怎么预约", "classes"),
]
DANGER = """\
kinds:
  - id: jump
    title: 要跳楼
    phrases: [有人要跳楼, 他站在楼顶上, 她说不想活了, 快来人他要跳, 楼顶有人想不开]
    reply: 马上打110。
harmless: [楼顶有没有停车位, 想跳操]
"""
NOT_OF_GYM = ["身份证过期了去哪里换", "红烧肉怎么做才好吃", "明天会不会下雪", "救命有人要跳楼"]


def run(folder: Path, *words: object) -> Result:
    environment = {"BOT_DATA_DIR": str(folder / "data"), "BOT_FAQ_DIR": str(FAQ)}
    return CliRunner().invoke(make_app(HANDLERS), [str(word) for word in words], env=environment)


def written(path: Path, what: Sequence[tuple[str, str | None]]) -> Path:
    lines = [json.dumps({"text": text, "id": name}, ensure_ascii=False) for text, name in what]
    path.write_text("\n".join(lines), "utf-8")
    return path


def figures(done: Result) -> dict[str, Any]:
    assert done.exit_code == 0, done.output
    read = json.loads(done.output.splitlines()[-1])
    assert isinstance(read, dict)
    return read


def test_one_english_file_of_questions_and_answers_is_enough(tmp_path: Path) -> None:
    file = tmp_path / "library.yml"
    file.write_text(LIBRARY, "utf-8")
    asked = written(tmp_path / "q.jsonl", [*ASKED, *((text, None) for text in UNASKED)])
    found = figures(run(tmp_path, "eval", "--faq", file, asked))
    assert (found["n_in"], found["n_oos"]) == (len(ASKED), len(UNASKED))
    assert found["top1"] == found["within_one_tap"] == 100
    assert found["answered_wrong"] == found["oos_answered"] == found["false_crisis"] == 0


@pytest.fixture(scope="module")
def gym(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gym")
    (folder / "faq").mkdir()
    entries = [
        {"id": name, "question": first, "answer": f"见{name}。", "phrases": rest}
        for name, (first, *rest) in GYM.items()
    ]
    (folder / "faq" / "gym.yaml").write_text(
        yaml.safe_dump({"entries": entries}, allow_unicode=True), "utf-8"
    )
    return folder


def test_a_chinese_folder_needs_nothing_but_entries(gym: Path) -> None:
    asked = written(gym / "q.jsonl", [*ASKED_OF_GYM, *((text, None) for text in NOT_OF_GYM)])
    found = figures(run(gym, "eval", "--faq", gym / "faq", asked))
    assert found["top1"] == found["within_one_tap"] == 100
    assert found["answered_wrong"] == found["oos_answered"] == 0
    # Whoever names no danger hears none.
    assert found["false_crisis"] == 0


def test_its_answer_is_said_as_written(gym: Path) -> None:
    done = run(gym, "ask", "--faq", gym / "faq", "健身房几点开门")
    assert done.exit_code == 0
    assert done.output.startswith("见hours。\n")
    assert "依据" not in done.output.partition("〔")[0]


def test_what_people_say_beside_can_be_told(gym: Path, tmp_path: Path) -> None:
    folder = tmp_path / "faq"
    folder.mkdir()
    entries = yaml.safe_load((gym / "faq" / "gym.yaml").read_text("utf-8"))
    told = {**entries, "out_of_scope": ["洗澡水太冷了", "今天好热", "你们老板是谁"]}
    (folder / "gym.yaml").write_text(yaml.safe_dump(told, allow_unicode=True), "utf-8")
    (folder / "danger.yaml").write_text(DANGER, "utf-8")
    asked = written(tmp_path / "q.jsonl", [("洗澡水太冷了", None), ("救命有人要跳楼", "crisis")])
    found = figures(run(tmp_path, "eval", "--faq", folder, asked))
    assert found["oos_answered"] == 0
    assert found["crisis_caught"] == 100


BROKEN = [
    ("entries:\n  - question: a\n", "my.yaml 第2行", "缺少 answer"),
    ("- {question: a, answer: b}\n- {question: a, answer: c}\n", "my.yaml 第2行", "重复"),
    ("entries: []\n", "my.yaml 第1行", "entries"),
    ("entries: [a\n", "my.yaml", "错误"),
    ("", "my.yaml", "空的"),
]


@pytest.mark.parametrize(("text", "where", "words"), BROKEN)
def test_what_is_wrong_is_said_with_its_place(
    tmp_path: Path, text: str, where: str, words: str
) -> None:
    (tmp_path / "my.yaml").write_text(text, "utf-8")
    done = run(tmp_path, "check", "--faq", tmp_path)
    assert done.exit_code == 1
    assert where in done.output
    assert words in done.output


def test_a_place_that_is_not_there(tmp_path: Path) -> None:
    done = run(tmp_path, "ask", "--faq", tmp_path / "nowhere", "hello")
    assert done.exit_code != 0
    assert "nowhere" in str(done.exception)


def test_house_rules_do_not_keep_a_folder_of_our_form_from_being_tried(folder: Path) -> None:
    text = (folder / "aid.yaml").read_text("utf-8")
    lines = text.splitlines(keepends=True)
    phrases = [number for number, line in enumerate(lines) if line.startswith("      - ")]
    kept = [line for number, line in enumerate(lines) if number not in phrases[1:6]]
    (folder / "aid.yaml").write_text("".join(kept), "utf-8")
    with pytest.raises(FaqError, match="phrases 只有"):
        load(folder)
    assert len(load(folder, to_serve=False).entries) == 15
