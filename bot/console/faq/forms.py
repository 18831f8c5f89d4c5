"""Between the edit form and an entry's fields. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.datastructures import FormData

from bot.console.guard import field_text
from bot.editing.change import FIELD_ORDER, lines_of
from bot.editing.notation import Value

LISTS = ("phrases", "not_for", "facts", "related")
_SHORT_LISTS = ("facts", "related")
_MAY_LACK = ("valid_from", "valid_until")


def shown(values: Mapping[str, Value]) -> dict[str, str]:
    """Return an entry's fields as the form shows them."""
    form = {}
    for name in FIELD_ORDER:
        value = values.get(name)
        if isinstance(value, tuple):
            form[name] = ("、" if name in _SHORT_LISTS else "\n").join(value)
        elif isinstance(value, bool):
            form[name] = "yes" if value else ""
        else:
            form[name] = str(value or "").strip()
    form["published"] = "" if values.get("published") is False else "yes"
    return form


def typed(form: FormData) -> dict[str, str]:
    """Return the form's fields as they were typed."""
    return {name: field_text(form, name) for name in FIELD_ORDER}


def values(form: Mapping[str, str]) -> dict[str, Value]:
    """Return the fields of an entry that the form says; None for what is not there."""
    found: dict[str, Value] = {}
    for name in FIELD_ORDER:
        text = form.get(name, "").strip()
        if name in _SHORT_LISTS:
            items = tuple(text.replace("、", " ").replace("，", " ").replace(",", " ").split())
            found[name] = items or None
        elif name in LISTS:
            found[name] = tuple(dict.fromkeys(lines_of(text))) or None
        elif name == "published":
            found[name] = None if text else False
        elif name == "answer":
            found[name] = "\n".join(line.rstrip() for line in text.split("\n"))
        elif name in _MAY_LACK:
            found[name] = text or None
        else:
            found[name] = " ".join(text.split())
    return found
