"""The commands: serve (the default), ask, chat, check, eval, config; more are in `operate`."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
from collections.abc import Sequence
from datetime import date, datetime
from datetime import time as clock_time
from pathlib import Path
from typing import Annotated, Any

import typer

from bot import build, operate
from bot.config import described, read_settings
from bot.dialogue import Handler
from bot.engine import wall_clock
from bot.errors import BotError
from bot.jsonl import DEFAULT_TIME, Chat, ask_lines, chat_lines
from bot.matching import explain
from bot.matching.understand import Understanding
from bot.model import CHONGQING

FaqOption = Annotated[
    Path | None,
    typer.Option("--faq", help="用另一个 FAQ 文件夹，或者别人的 FAQ：有 question、answer 就行"),
]
AsOfOption = Annotated[str, typer.Option("--as-of", help="当作这一天，如 2027-09-01；不写就是今天")]
_NOON = clock_time(12, tzinfo=CHONGQING)


def make_app(handlers: Sequence[Handler]) -> typer.Typer:
    """Return the command line on these handlers."""
    app = typer.Typer(
        add_completion=False,
        help="九龙坡家长咨询台。不带命令就启动服务。",
        pretty_exceptions_enable=False,
    )

    @app.callback(invoke_without_command=True)
    def main(context: typer.Context) -> None:
        _utf8()
        logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
        if context.invoked_subcommand is None:
            from bot.serve import serve

            asyncio.run(serve(read_settings(), handlers))

    @app.command()
    def ask(
        question: Annotated[str, typer.Argument(help="要试的问题")] = "",
        jsonl: Annotated[bool, typer.Option("--jsonl", help="从标准输入逐行读 JSON")] = False,
        why: Annotated[bool, typer.Option("--why", help="原因前先写明结果：归哪条")] = False,
        faq: FaqOption = None,
        as_of: AsOfOption = "",
    ) -> None:
        """试问一句，看答复和原因。"""
        day = _day(as_of)
        mind = _mind(faq)

        async def run() -> None:
            async with build.throw_away_desk(mind, handlers) as desk:
                if jsonl:
                    now = datetime.combine(day, _NOON) if as_of else DEFAULT_TIME
                    await ask_lines(desk, sys.stdin, sys.stdout, time.perf_counter, now)
                else:
                    at = datetime.combine(day, _NOON).isoformat()
                    result = await Chat(desk).line(_line(text=question, at=at))
                    _show(result)
                    reasons = explain.why(mind, question)
                    if why:
                        from bot.exam.report import given

                        reasons = ["—— 为什么 ——", f"结果：{given(result)}", *reasons]
                    _echo("\n".join(reasons))

        if not jsonl and not question.strip():
            raise BotError('请在后面写上要试的问题，如 ask "几岁能上小学"')
        asyncio.run(run())

    @app.command()
    def chat(
        jsonl: Annotated[bool, typer.Option("--jsonl", help="从标准输入逐行读 JSON")] = False,
        db: Annotated[Path | None, typer.Option("--db", help="把对话存在这个文件里")] = None,
        faq: FaqOption = None,
    ) -> None:
        """在终端里对话。"""
        mind = _mind(faq)

        async def run() -> None:
            async with build.throw_away_desk(mind, handlers, db) as desk:
                if jsonl:
                    await chat_lines(desk, sys.stdin, sys.stdout)
                    return
                conversation = Chat(desk)
                _echo(mind.faq.say("welcome"))
                while True:
                    try:
                        words = await asyncio.to_thread(input, "> ")
                    except (EOFError, KeyboardInterrupt):
                        return
                    now = wall_clock().isoformat()
                    _show(await conversation.line(_line(text=words, at=now)))

        asyncio.run(run())

    @app.command()
    def check(
        faq: FaqOption = None,
        exam: Annotated[
            bool, typer.Option("--exam", help="再考一遍：自带的考题、must.yaml、抢答")
        ] = False,
        as_of: AsOfOption = "",
        lines: Annotated[
            bool, typer.Option("--lines", help="一行一个“文件:行:列: 级别: 说明”，给编辑器和 CI 用")
        ] = False,
    ) -> None:
        """检查 FAQ 文件，一次列出所有问题。"""
        from bot.faq.lint import check as lint
        from bot.faq.lint import unset
        from bot.faq.load import read
        from bot.faq.must import read_must
        from bot.faq.plain import is_plain, read_plain
        from bot.faq.problem import as_compilers_do

        folder = faq or read_settings().faq
        if faq is not None and is_plain(faq):
            words, problems = read_plain(faq, read_settings().faq)
        else:
            words, _ = read(folder)
            problems = [*lint(folder, _day(as_of)), *read_must(folder, words).problems]
        wrong = sum(problem.level == "error" for problem in problems)
        if lines:
            for problem in problems:
                _echo(as_compilers_do(problem, folder.as_posix()))
            raise typer.Exit(1 if wrong else 0)
        for problem in problems:
            _echo(problem.announced)
        _echo(f"{wrong} 处错误，{len(problems) - wrong} 处提醒")
        if words is not None and words.local:
            missing = unset(words)
            for name, label, used_by in missing:
                _echo(f"  未填：{name}（{label}），用在 {'、'.join(used_by) or '——'}")
            _echo(f"还有 {len(missing)} 项未填（在 {folder / 'local.yaml'} 里填）")
        if exam and not wrong:
            from bot.exam.commands import examine

            mind = _mind(faq)
            _say(f"正在考 {len(mind.faq.exam)} 题，再用各条自己的说法互相试，要几分钟……")
            wrong = examine(mind, handlers, folder, _echo)
        raise typer.Exit(1 if wrong else 0)

    @app.command("eval")
    def evaluate(
        file: Annotated[
            Path | None, typer.Argument(help="带标签的问题，JSON Lines；不写就用 FAQ 自带的考题")
        ] = None,
        faq: FaqOption = None,
        misses: Annotated[bool, typer.Option("--wrong", help="列出没答对的")] = False,
        report: Annotated[
            bool, typer.Option("--report", help="得分之后，再列门槛、把握和最常弄混的")
        ] = False,
        as_json: Annotated[bool, typer.Option("--json", help="给程序看，写成 JSON")] = False,
    ) -> None:
        """用带标签的问题打分。"""
        from bot.exam.commands import evaluate_file, evaluate_own

        mind = _mind(faq)
        if file is None:
            _say(f"正在考 {len(mind.faq.exam)} 题，要一两分钟……")
            evaluate_own(mind, handlers, _echo, list_misses=misses, as_json=as_json)
        else:
            evaluate_file(
                mind,
                handlers,
                file,
                _echo,
                list_misses=misses,
                report=report,
                as_json=as_json,
            )

    @app.command()
    def config() -> None:
        """列出所有设置和它们的意思。"""
        for name, value, meaning in described(read_settings()):
            _echo(f"{name}={value}\n    {meaning}")

    @app.command(hidden=True)
    def rehearse() -> None:
        """Try a change of the FAQ; the console starts this as a process of its own."""
        from bot.editing.rehearsal import rehearse as tried

        job = json.loads(sys.stdin.read())
        done = asyncio.run(tried(job, handlers))
        _echo(json.dumps(done, ensure_ascii=False))

    operate.add_commands(app)
    return app


def run(handlers: Sequence[Handler]) -> int:
    """Run the command line and return the exit code; our own errors are said without a trace."""
    try:
        make_app(handlers)(standalone_mode=True)
    except BotError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _day(as_of: str) -> date:
    """Return the day meant; raises BotError when it is none."""
    try:
        return date.fromisoformat(as_of) if as_of else wall_clock().date()
    except ValueError:
        raise BotError(f"{as_of} 不是日期；请写成 2027-09-01 这样") from None


def _mind(faq: Path | None) -> Understanding:
    if faq is not None and not faq.exists():
        raise BotError(f"没有 {faq} 这个文件夹或文件")
    return build.understanding(read_settings(), _say, faq)


def _show(result: dict[str, Any]) -> None:
    """Print a turn as a person reads it."""
    for reply in result["replies"]:
        _echo(reply["text"])
        for place, option in enumerate(reply["options"], start=1):
            _echo(f"  {place}. {option}")
    if result["error"]:
        _echo(result["error"])
    inquiry = result["inquiry"]
    if inquiry:
        _echo(f"〔{inquiry['number']}号 {inquiry['status']}〕")


def _line(**values: str) -> str:
    values.setdefault("session", "terminal")
    return json.dumps(values, ensure_ascii=False)


def _say(text: str) -> None:
    typer.echo(text, err=True)


def _echo(text: str) -> None:
    typer.echo(text)


def _utf8() -> None:
    """Speak UTF-8 on every terminal and pipe."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(encoding="utf-8", errors="replace", line_buffering=True)
