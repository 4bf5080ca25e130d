"""Reads a record of which a part cannot be read, because a newer version wrote it, say: that part alone is as usual."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

_Record = TypeVar("_Record", bound=msgspec.Struct)


def convert(raw: dict[str, Any], kind: type[_Record]) -> tuple[_Record, list[str]]:
    """Return `raw` as a record, and the names of the fields that cannot be read; those keep their defaults.

    Every field of `kind` needs a default. A name is dotted where the field is one of a record inside.
    """
    values: dict[str, Any] = {}
    unreadable: list[str] = []
    for field in msgspec.structs.fields(kind):
        if field.name not in raw:
            continue
        value = raw[field.name]
        if isinstance(value, dict) and isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            values[field.name], inside = convert(value, field.type)
            unreadable += [f"{field.name}.{name}" for name in inside]
        elif is_readable(value, field.type):
            values[field.name] = msgspec.convert(value, field.type)
        else:
            unreadable.append(field.name)
    return kind(**values), unreadable


def is_readable(raw: Any, kind: Any) -> bool:
    """Tell whether a value can be converted to a type."""
    try:
        msgspec.convert(raw, kind)
    except (msgspec.ValidationError, RecursionError):
        return False
    return True
