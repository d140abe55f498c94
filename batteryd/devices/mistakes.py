"""Turns what pydantic finds wrong into mistakes that an operator can mend.

Every mistake says where (file and dotted key), what stands there, and what would be right. The
texts of the common kinds are ours; pydantic's own wording serves for the rest.
"""

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from batteryd.errors import Mistake

_VALUE_LENGTH_MAX = 60

_ALLOWED = MappingProxyType(
    {
        "missing": "this key is required",
        "value_error": "{error}",
        "literal_error": "one of {expected}",
        "enum": "one of {expected}",
        "greater_than_equal": "{ge} or more",
        "less_than_equal": "{le} or less",
        "greater_than": "more than {gt}",
        "less_than": "less than {lt}",
        "int_type": "a whole number",
        "int_parsing": "a whole number",
        "int_from_float": "a whole number",
        "float_type": "a number",
        "float_parsing": "a number",
        "finite_number": "a finite number",
        "bool_type": "true or false",
        "bool_parsing": "true or false",
        "string_type": "a text",
        "string_too_short": "a text that is not empty",
        "tuple_type": "a list",
        "dict_type": "a table",
        "model_type": "a table",
    }
)


def mistakes_of(
    error: ValidationError, *, model: type[BaseModel], file: str
) -> tuple[Mistake, ...]:
    """Return one mistake for everything that pydantic found wrong."""
    return tuple(_mistake(details, model=model, file=file) for details in error.errors())


def _mistake(details: ErrorDetails, *, model: type[BaseModel], file: str) -> Mistake:
    return Mistake(
        file=file,
        key=".".join(str(part) for part in details["loc"]),
        value=_shown(details),
        allowed=_allowed(details, model=model),
    )


def _shown(details: ErrorDetails) -> str:
    given = details["input"]
    # A whole table is named by its key; repeating its content would hide the message.
    if details["type"] == "missing" or isinstance(given, dict | list | BaseModel):
        return ""
    text = repr(given)
    return text if len(text) <= _VALUE_LENGTH_MAX else text[: _VALUE_LENGTH_MAX - 1] + "…"


def _allowed(details: ErrorDetails, *, model: type[BaseModel]) -> str:
    if details["type"] == "extra_forbidden":
        return f"unknown key; allowed here: {', '.join(_keys_at(model, details['loc'][:-1]))}"
    template = _ALLOWED.get(details["type"])
    if template is None:
        return details["msg"]
    return template.format_map(details.get("ctx", {}))


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
