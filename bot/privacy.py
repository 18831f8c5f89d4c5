"""Mask identity-card, phone and bank-card numbers before anything is stored or logged. Pure."""

from __future__ import annotations

import re
import unicodedata

_GAP = r"[ .\-\u3000－—·]{0,2}"
_IDENTITY = re.compile(rf"(?<!\d)(?:\d{_GAP}){{17}}[\dXx](?!\d)|(?<!\d)\d{{15}}(?!\d)")
_BANK_CARD = re.compile(rf"(?<!\d)(?:\d{_GAP}){{15,18}}\d(?!\d)")
_MOBILE = re.compile(rf"(?<!\d)(?:\+?86{_GAP})?1{_GAP}[3-9]{_GAP}(?:\d{_GAP}){{8}}\d(?!\d)")
_LANDLINE = re.compile(rf"(?<!\d)0\d{{2,3}}{_GAP}\d{{7,8}}(?!\d)")

_MASKS = (
    (_IDENTITY, "〔身份证号已隐去〕"),
    (_BANK_CARD, "〔卡号已隐去〕"),
    (_MOBILE, "〔电话已隐去〕"),
    (_LANDLINE, "〔电话已隐去〕"),
)


def _plain_digits(text: str) -> str:
    """Return the text, same length, with every kind of decimal digit as ASCII."""
    return "".join(
        str(unicodedata.digit(char))
        if char.isdecimal()
        else unicodedata.normalize("NFKC", char)
        if char in "Ｘｘ"
        else char
        for char in text
    )


def mask(text: str) -> str:
    """Return the text with personal numbers replaced by what they were.

    >>> mask("我电话１３８ 1234 5678，身份证500107201701011234")
    '我电话〔电话已隐去〕，身份证〔身份证号已隐去〕'
    >>> mask("打12345还是110？2024年3月15日出生")
    '打12345还是110？2024年3月15日出生'
    """
    plain = _plain_digits(text)
    spans: list[tuple[int, int, str]] = []
    for pattern, label in _MASKS:
        for found in pattern.finditer(plain):
            start, end = found.span()
            if all(end <= s or start >= e for s, e, _ in spans):
                spans.append((start, end, label))
    for start, end, label in sorted(spans, reverse=True):
        text = text[:start] + label + text[end:]
    return text
