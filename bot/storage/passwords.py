"""Passwords of staff: argon2id, worked out beside the event loop."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 10
LONGEST = 200
_HASHER = PasswordHasher()
_NOBODYS = (
    "$argon2id$v=19$m=65536,t=3,p=4$RKoZcsW7Qnrq7uXzP7dzYg$"
    "4vVmye1KnfadX5GHNW4ycSUkGKIWxgR/HcMycn4VJgQ"
)
"""Checked where there is none, so that nobody learns by the time it takes who has an account."""
_TWO_AT_ONCE = ThreadPoolExecutor(2, "passwords")
"""Each takes 64 MB: many tries at once must not exhaust the machine."""


async def hashed(password: str) -> str:
    """Return what is stored of a password."""
    return await asyncio.get_running_loop().run_in_executor(_TWO_AT_ONCE, _HASHER.hash, password)


async def fits(password_hash: str | None, password: str) -> bool:
    """Return whether the password is the one that was hashed; slow also when there is none."""
    work = asyncio.get_running_loop().run_in_executor
    return await work(_TWO_AT_ONCE, _fits, password_hash, password)


def is_outdated(password_hash: str) -> bool:
    """Return whether it was hashed with weaker settings than today's."""
    return _HASHER.check_needs_rehash(password_hash)


def _fits(password_hash: str | None, password: str) -> bool:
    try:
        _HASHER.verify(password_hash or _NOBODYS, password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None
