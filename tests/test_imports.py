"""Which way imports point, and what pure files keep out of.

The picture below is the rule: each part of the house may import itself, `model`, `errors`, and
what stands behind its arrow. Arrows point down the page. A new part needs a line of its own.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

PICTURE = """
run_bot              → cli handlers
cli                  → operate serve exam build jsonl editing config engine dialogue
                       matching.report matching.explain matching.understand faq exam.report
operate              → channels build figures learning config engine storage hours faq
exam                 → build jsonl exam.report exam.must evaluate dialogue
                       matching.understand faq faq.value
exam.must *          → exam.report evaluate faq faq.schema
exam.report *        → evaluate faq.schema
serve                → messengers live build previews channels console webhook editing learning
                       outbox config engine dialogue matching.understand storage
messengers           → channels outbox config engine
live                 → build matching.understand matching faq
build                → config engine dialogue matching.understand matching storage faq
jsonl                → engine wire
previews             → channels console storage faq.value
channels             → doors names engine outbox inquiry wire privacy storage news faq.value text
                       cutting poster
console              → doors names figures learning editing editing.impact engine words wire
                       inquiry storage news targets hours matching.explain faq faq.value
                       faq.schema text
figures              → learning storage hours faq.value
learning             → editing matching.understand matching storage faq.value faq.schema text
editing              → engine dialogue matching.understand matching storage faq faq.schema
                       faq.value editing.impact editing.merging
webhook              → engine storage news
outbox               → storage
engine               → clock readers dialogue acts words inquiry matching.understand storage news
                       privacy faq.value
readers              →
doors                →
names *              →
clock                → words inquiry storage news targets faq.value
editing.impact *     →
editing.merging *    →
evaluate *           →
handlers *           → dialogue ledger words inquiry matching.reading faq.value faq.schema text
acts *               → words inquiry faq.value
dialogue *           → ledger words matching.understand faq.value text
matching.report *    → matching.understand matching.reading matching faq.value
matching.explain *   → matching.understand matching.reading matching faq.value
matching.understand* → matching.reading matching faq.value faq.schema text
matching.reading *   →
matching *           → faq.value faq.schema text
ledger *             → inquiry
words *              → hours faq.value faq.schema
storage              → news targets
news *               → targets inquiry
targets *            → hours inquiry faq.schema
inquiry *            → faq.schema
faq                  → hours faq.value faq.schema text
hours *              → faq.schema
faq.value *          → faq.schema
faq.schema *         →
wire *               →
config               →
privacy *            →
text *               →
cutting *            →
poster *             →
model *              →
errors *             →

* pure: no await, no files, no clock, no randomness; what time it is comes as an argument.
bot never imports handlers: run_bot passes HANDLERS in. Channels do not know each other.
"""

COMMON = {"model", "errors"}

IMPURE = {"bot.matching.training": "keeps trained models on disk"}

_DOORS_OUT = {
    *("asyncio", "concurrent", "io", "logging", "os", "pathlib", "pickle", "random", "secrets"),
    *("shutil", "socket", "sqlite3", "subprocess", "sys", "tempfile", "threading", "time", "uuid"),
    *("dotenv", "filelock", "httpx", "starlette", "telegram", "typer", "uvicorn"),
    *("watchfiles", "yaml"),
}
_FUNCTIONS_OUT = {"open", "print", "input"}
_METHODS_OUT = {"now", "utcnow", "today"}


def _draw() -> tuple[dict[str, set[str]], set[str]]:
    """Return the picture as part → what it may import, top first, and the pure parts."""
    arrows: dict[str, set[str]] = {}
    pure = set()
    name = ""
    for line in PICTURE.partition("\n\n")[0].splitlines():
        left, _, right = line.rpartition("→")
        if left:
            name = left.replace("*", "").strip()
            if "*" in left:
                pure.add(name)
        arrows.setdefault(name, set()).update(right.split())
    arrows.pop("", None)
    return arrows, pure


ARROWS, PURE = _draw()


def _modules() -> dict[str, ast.Module]:
    """Return every module of the program, parsed, by its dotted name."""
    files = [ROOT / "run_bot.py"]
    for folder in ("bot", "handlers"):
        files += sorted((ROOT / folder).rglob("*.py"))
    found = {}
    for file in files:
        parts = file.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(file.read_text("utf-8"), str(file))
    return found


MODULES = _modules()


def _part(module: str) -> str | None:
    """Return the part of the picture that a module belongs to: the longest name that fits."""
    name = module.removeprefix("bot.")
    while name and name not in ARROWS:
        name = name.rpartition(".")[0]
    return name or None


def _imports(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Yield (dotted name, line) of everything imported anywhere in the file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            source = "." * node.level + (node.module or "")
            for alias in node.names:
                inner = f"{source}.{alias.name}"
                yield (inner if inner in MODULES else source), node.lineno


def _ours(name: str) -> bool:
    return name.partition(".")[0] in ("bot", "handlers", "run_bot")


def _where(module: str, line: int) -> str:
    file = Path(*module.split("."))
    inside = (ROOT / file).is_dir()
    return f"{file / '__init__.py' if inside else file.with_suffix('.py')}:{line}"


def _said(wrong: list[str]) -> str:
    return "\n".join([*wrong, "", "The house:", PICTURE])


@pytest.mark.parametrize("module", MODULES)
def test_imports_follow_the_arrows(module: str) -> None:
    part = _part(module)
    wrong = []
    for name, line in _imports(MODULES[module]):
        if name.startswith("."):
            wrong.append(f"{_where(module, line)} imports {name}: write the whole name")
        elif _ours(name):
            target = _part(name)
            if part is None or target is None:
                lost = module if part is None else name
                wrong.append(f"{_where(module, line)}: {lost} has no line in the picture yet")
            elif target not in {part} | COMMON | ARROWS[part]:
                wrong.append(f"{_where(module, line)} {part} imports {target}: no arrow there")
    assert not wrong, _said(wrong)


def test_channels_do_not_know_each_other() -> None:
    def channel(name: str) -> str | None:
        return name.split(".")[2] if name.startswith("bot.channels.") else None

    wrong = [
        f"{_where(module, line)}: channel {channel(module)} imports channel {channel(name)}"
        for module, tree in MODULES.items()
        for name, line in _imports(tree)
        if channel(module) and channel(name) and channel(module) != channel(name)
    ]
    assert not wrong, _said(wrong)


def test_arrows_point_down() -> None:
    order = list(ARROWS)
    wrong = [
        f"{part} → {target}: draw {part} above {target}"
        for part, targets in ARROWS.items()
        for target in targets
        if target not in order or order.index(target) < order.index(part)
    ]
    assert not wrong, _said(wrong)


PURE_MODULES = [m for m in MODULES if _part(m) in PURE and m not in IMPURE]


@pytest.mark.parametrize("module", PURE_MODULES)
def test_pure_files_keep_out_of_the_world(module: str) -> None:
    tree = MODULES[module]
    wrong = [
        f"{_where(module, line)} imports {name}"
        for name, line in _imports(tree)
        if name.partition(".")[0] in _DOORS_OUT
    ]
    for node in ast.walk(tree):
        match node:
            case ast.Await() | ast.AsyncFor() | ast.AsyncWith() | ast.AsyncFunctionDef():
                wrong.append(f"{_where(module, node.lineno)} awaits")
            case ast.Call(func=ast.Name(id=name)) if name in _FUNCTIONS_OUT:
                wrong.append(f"{_where(module, node.lineno)} calls {name}()")
            case ast.Call(func=ast.Attribute(attr=name)) if name in _METHODS_OUT:
                wrong.append(f"{_where(module, node.lineno)} asks the clock: .{name}()")
            case ast.Attribute(attr="random"):
                wrong.append(f"{_where(module, node.lineno)} uses randomness")
            case _:
                pass
    assert not wrong, _said([f"{module} is pure, but:", *wrong])
