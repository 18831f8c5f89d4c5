"""Keep the token out of every log: whatever a library writes, it is blotted out."""

from __future__ import annotations

import logging
from typing import Any

BLOT = "〔令牌〕"
_SHORTEST = 4
_hidden: set[str] = set()
_formatter = logging.Formatter()


def scrub(text: str) -> str:
    """Return the text without any hidden secret."""
    for secret in _hidden:
        text = text.replace(secret, BLOT)
    return text


def hide(*secrets: str) -> None:
    """Blot these out of all log records from now on, tracebacks too."""
    _hidden.update(secret for secret in secrets if len(secret) >= _SHORTEST)
    make = logging.getLogRecordFactory()
    if not getattr(make, "hides_secrets", False):

        def make_hidden(*given: Any, **named: Any) -> logging.LogRecord:
            return _blotted(make(*given, **named))

        make_hidden.hides_secrets = True  # type: ignore[attr-defined]
        logging.setLogRecordFactory(make_hidden)
    # Their request lines are nothing but URLs with the token, and their errors quote bodies.
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("telegram").setLevel(logging.CRITICAL)


def _blotted(record: logging.LogRecord) -> logging.LogRecord:
    said = record.getMessage()
    if (clean := scrub(said)) != said:
        record.msg, record.args = clean, ()
    if record.exc_info and record.exc_info[0] is not None:
        # Formatters write this text instead of the exception.
        record.exc_text = scrub(_formatter.formatException(record.exc_info))
    return record
