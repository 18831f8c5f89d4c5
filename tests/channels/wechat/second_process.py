"""A desk in a process of its own: `second_process.py DATABASE SECONDS`, ends with its stdin."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[3]), str(Path(__file__).parent)]

from wechat_desk import running  # noqa: E402


async def main() -> None:
    async with running(database=Path(sys.argv[1]), slow=float(sys.argv[2])) as desk:
        print(desk.url, flush=True)
        await asyncio.to_thread(sys.stdin.read)


asyncio.run(main())
