"""Every usual form of a birth date, and the autumn that it means."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.enrollment import Birth, birth_date

TODAY = date(2026, 5, 20)
FORMS = (
    "{y}年{m}月{d}日出生",
    "{y}年{m}月{d}号生的",
    "{y}年{m:02}月{d:02}日生",
    "生日{y}-{m:02}-{d:02}",
    "生日{y}-{m}-{d}",
    "{y}.{m}.{d}出生",
    "{y}.{m:02}.{d:02}出生",
    "{y}/{m}/{d}出生",
    "{y}{m:02}{d:02}出生",
    "{s:02}年{m}月{d}号生的",
    "{y} 年 {m} 月 {d} 日出生",
    "{y}年 {m}月 {d}日出生",
    "娃儿是{y}年{m}月{d}号嘞，几岁能上小学",
    "出生日期：{y}年{m}月{d}日",
    "我家娃生于{y}年{m}月{d}日",
)


@pytest.mark.parametrize("form", FORMS)
@given(born=st.dates(date(2015, 1, 1), date(2025, 12, 31)))
def test_a_birth_date_is_read_in_every_usual_form(form: str, born: date) -> None:
    text = form.format(y=born.year, s=born.year % 100, m=born.month, d=born.day)
    assert birth_date(text, TODAY) == Birth(born.year, born.month, born.day)


@pytest.mark.parametrize(
    ("text", "born"),
    [
        ("二〇二〇年九月一日出生", date(2020, 9, 1)),
        ("二零二零年九月一号生的", date(2020, 9, 1)),
        ("二〇一九年十月十日生的", date(2019, 10, 10)),
        ("二〇一九年十一月三十号生的", date(2019, 11, 30)),
        ("二〇一九年十二月二十一日生", date(2019, 12, 21)),
        ("２０２０年９月１日出生", date(2020, 9, 1)),
        ("二〇年九月一号生的", date(2020, 9, 1)),
        ("2020年九月一号生的", date(2020, 9, 1)),
        ("老二2020年9月1日生的", date(2020, 9, 1)),
        ("我有两个娃，小的2020年9月1日生", date(2020, 9, 1)),
    ],
)
def test_a_birth_date_in_chinese_numerals(text: str, born: date) -> None:
    assert birth_date(text, TODAY) == Birth(born.year, born.month, born.day)


@pytest.mark.parametrize(
    "text",
    [
        "2020年2月30日出生",
        "2020年13月1日出生",
        "2026年5月20日报名截止吗",
        "1985年3月4日出生",
        "2030年1月1日出生",
        "老大2018年5月1日生，老二2020年9月1日生",
        "8月31日前满6岁怎么算",
        "电话12345678，生日呢",
        "",
    ],
)
def test_what_is_no_one_birth_date_of_a_child_is_passed_over(text: str) -> None:
    assert birth_date(text, TODAY) is None


@given(st.dates(date(2000, 1, 1), date(2040, 12, 31)))
def test_the_autumn_is_the_first_one_with_six_full_years_by_the_end_of_august(born: date) -> None:
    def six_by(year: int) -> bool:
        return (year - born.year, -born.month, -born.day) >= (6, -8, -31)

    autumn = Birth(born.year, born.month, born.day).autumn
    assert six_by(autumn)
    assert not six_by(autumn - 1)
