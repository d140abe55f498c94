"""What pydantic finds wrong, in the words of the operator who has to mend it.

A mistake says where (file and dotted key), what stands there, and what would be right. Tables in a
list are counted from 1, as people count them: `battery.3.rack` is in the third `[[battery]]`. A
key that nobody knows is answered with the nearest one that exists. What stands under a key that
sounds like a secret is never repeated, nor is an address with a secret in it, nor a whole table.
"""

import difflib
import json
import re
from collections.abc import Iterable, Sequence
from types import MappingProxyType
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from batteryd.errors import Mistake

HIDDEN = "(hidden)"

_VALUE_LENGTH_MAX = 60
_KNOWN_COUNT_MAX = 40
_SECRET = re.compile(r"passw|pasw|token|secret|communit|_key$", re.IGNORECASE)
_SECRET_IN_ADDRESS = re.compile(r"://[^/?#]*@|[?&][^=]*(passw|token|communit|user)", re.IGNORECASE)

_A_TABLE = "a table"
_OF_KEY = "[key]"  # with which pydantic ends a path where a table's own name is wrong

# By pydantic's own names; the braces are filled from the details that come with the error.
_ALLOWED = MappingProxyType(
    {
        "missing": "this key is required",
        "value_error": "{error}",
        "literal_error": "one of {expected}",
        "enum": "one of {expected}",
        "greater_than_equal": "{ge:g} or more",
        "less_than_equal": "{le:g} or less",
        "greater_than": "more than {gt:g}",
        "less_than": "less than {lt:g}",
        "int_type": "a whole number",
        "int_parsing": "a whole number",
        "int_from_float": "a whole number",
        "float_type": "a number",
        "float_parsing": "a number",
        "finite_number": "a finite number",
        "bool_type": "true or false",
        "bool_parsing": "true or false",
        "string_type": "a text in quotes",
        "string_pattern_mismatch": "a text that matches {pattern}",
        "path_type": "a path in quotes",
        "string_too_short": "a text that is not empty",
        "string_too_long": "a text of at most {max_length} characters",
        "date_type": "a date as YYYY-MM-DD",
        "too_short": "{min_length} or more entries",
        "too_long": "at most {max_length} entries",
        "tuple_type": "a list",
        "list_type": "a list",
        "dict_type": _A_TABLE,
        "model_type": _A_TABLE,
        "model_attributes_type": _A_TABLE,
    }
)


def mistakes_of(
    error: ValidationError, *, model: type[BaseModel], file: str, key: str = ""
) -> tuple[Mistake, ...]:
    """Return one mistake for everything that is wrong; `key` is where the model's table stands."""
    return tuple(
        Mistake(
            file=file,
            key=key_text(details["loc"], under=key),
            value=_shown(details),
            allowed=allowed_text(details, model=model),
        )
        for details in error.errors()
        if not _follows(details)
    )


def _follows(details: ErrorDetails) -> bool:
    """Whether a list is too short only as its entries are wrong, which is told of each of them."""
    found, limits = details["input"], details.get("ctx", {})
    is_short = details["type"] == "too_short" and isinstance(found, list | tuple | dict)
    return is_short and len(found) >= limits.get("min_length", 0)


def key_text(path: Sequence[int | str], *, under: str = "") -> str:
    """Return `battery.3.rack` for the path ("battery", 2, "rack")."""
    parts = (str(part + 1) if isinstance(part, int) else part for part in path if part != _OF_KEY)
    return ".".join(filter(None, (under, *parts)))


def allowed_text(details: ErrorDetails, *, model: type[BaseModel]) -> str:
    """Return what would be right, in words."""
    if details["type"] == "extra_forbidden":
        *path, name = details["loc"]
        return unknown_text("key", str(name), known=_keys_at(model, path))
    template = _ALLOWED.get(details["type"])
    if template is None:
        return details["msg"]
    return template.format_map(details.get("ctx", {}))


def unknown_text(what: str, name: str, *, known: Iterable[str]) -> str:
    """Return what to say of a name that does not exist: the nearest, and all that do."""
    known = list(known)
    if not known:
        return f"unknown {what}; there is none"
    nearest = difflib.get_close_matches(name, known, n=1)
    guess = f" did you mean {nearest[0]}?" if nearest else ""
    more = f" and {len(known) - _KNOWN_COUNT_MAX} more" if len(known) > _KNOWN_COUNT_MAX else ""
    return f"unknown {what};{guess} known: {', '.join(known[:_KNOWN_COUNT_MAX])}{more}"


def value_text(value: object, *, key: str = "") -> str:
    """Return a value as a TOML file writes it, shortened; secrets and tables are not repeated."""
    if isinstance(value, dict | list | tuple | BaseModel):
        return ""
    if _SECRET.search(key) and not key.endswith("_file"):
        return HIDDEN
    if isinstance(value, str) and _SECRET_IN_ADDRESS.search(value):
        return HIDDEN
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, bool | str) else str(value)
    return text if len(text) <= _VALUE_LENGTH_MAX else text[: _VALUE_LENGTH_MAX - 1] + "…"


def _shown(details: ErrorDetails) -> str:
    # Text in the place of a table may be a whole table in another notation, secrets included.
    if details["type"] == "missing" or _ALLOWED.get(details["type"]) == _A_TABLE:
        return ""
    name = details["loc"][-1] if details["loc"] else ""
    return value_text(details["input"], key=str(name))


def _keys_at(model: type[BaseModel], path: Sequence[int | str]) -> list[str]:
    for part in path:
        field = model.model_fields.get(str(part))
        if field is not None:  # otherwise a list index, a table's own key or a union's tag
            model = _model_in(field.annotation) or model
    return list(model.model_fields)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_model_in(argument) for argument in get_args(annotation))
    return next((model for model in found if model is not None), None)
