"""Bytes of a YAML file → text: what Notepad and WPS do to encodings and line ends."""

from __future__ import annotations

import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE

from bot.faq.problem import Problem

_SAVE_AS_UTF8 = "用记事本打开，点“另存为”，“编码”选 UTF-8（不要选 ANSI 或 Unicode），再保存"
_LINE_END = re.compile(r"\r\n?")
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""What YAML refuses to read, or takes for a line end where editors see none."""


def decode(raw: bytes, file: str) -> tuple[str, list[Problem]]:
    """Return the text with `\\n` line ends and nothing YAML refuses, and what had to be mended.

    Never fails: bytes of any encoding give some text, so that the rest can still be checked.
    """
    text, problems = _characters(raw, file)
    if "\r" in text:
        problems.append(
            Problem(
                file,
                text[: text.index("\r")].count("\n") + 1,
                None,
                "换行是 Windows 的（CRLF），已照常读取",
                "保存时换行选 LF（Notepad++：编辑→文档格式转换→Unix）；不改也能用",
                "warning",
            )
        )
    lines = _LINE_END.sub("\n", text).split("\n")
    for number, line in enumerate(lines, 1):
        if found := _FORBIDDEN.search(line):
            problems.append(
                Problem(
                    file,
                    number,
                    found.start() + 1,
                    f"有看不见的控制字符（U+{ord(found[0]):04X}）",
                    "删掉这一行，再手工重打一遍（不要粘贴）",
                )
            )
            lines[number - 1] = _FORBIDDEN.sub("", line)
        elif "\ufffd" in line:
            problems.append(
                Problem(
                    file,
                    number,
                    line.index("\ufffd") + 1,
                    "有乱码字符“\ufffd”，原来的字已经丢了",
                    "照原稿重打这个字，再存成 UTF-8",
                )
            )
    return "\n".join(lines), problems


def _characters(raw: bytes, file: str) -> tuple[str, list[Problem]]:
    if raw.startswith(BOM_UTF8):
        remedy = "另存为时“编码”选 UTF-8，不选“带有 BOM 的 UTF-8”；不改也能用"
        text, problems = _characters(raw.removeprefix(BOM_UTF8), file)
        what = "文件开头有 BOM 标记（记事本加的），已照常读取"
        return text, [Problem(file, 1, 1, what, remedy, "warning"), *problems]
    if wide := _wide_encoding(raw):
        what = "编码是 UTF-16（记事本里叫 Unicode），要用 UTF-8"
        text = raw.decode(wide, "replace").removeprefix("\ufeff")
        return text, [Problem(file, 1, None, what, _SAVE_AS_UTF8)]
    try:
        return raw.decode(), []
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
    loose = raw.decode("utf-8", "replace")
    beyond_ascii = sum(char > "\x7f" for char in loose)
    if loose.count("\ufffd") * 4 < beyond_ascii:  # mostly good UTF-8: damaged, not GBK
        return loose, []
    what = "编码是 GBK/GB18030（记事本里叫 ANSI），要用 UTF-8"
    return raw.decode("gb18030", "replace"), [Problem(file, line, None, what, _SAVE_AS_UTF8)]


def _wide_encoding(raw: bytes) -> str | None:
    if raw.startswith(BOM_UTF16_LE):
        return "utf-16-le"
    if raw.startswith(BOM_UTF16_BE):
        return "utf-16-be"
    if raw.count(0) * 10 > len(raw):
        return "utf-16-le" if raw[1::2].count(0) >= raw[::2].count(0) else "utf-16-be"
    return None
