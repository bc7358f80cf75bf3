"""What the checks of pydantic find wrong, in our words: each says what was found and what would be accepted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from pydantic import BaseModel

from gateway.web.schemas import PATTERN_WORDS

HALF = "holds half a surrogate pair; send whole characters"
_TRUTH = "must be true or false, without quotes"
_WHOLE = "must be a whole number, such as 5"
_OBJECT = 'must be an object, such as {{"name": "value"}}'
_ONE_OF = "is not known; give {expected}"
_SENTENCES = {
    "missing": "is missing; it must be given",
    "string_type": "must be text in double quotes",
    "string_unicode": HALF,
    "string_too_short": "is too short; give at least {min_length} characters",
    "string_too_long": "is too long; give at most {max_length} characters",
    "bool_type": _TRUTH,
    "bool_parsing": _TRUTH,
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": _WHOLE,
    "int_from_float": _WHOLE,
    "finite_number": _WHOLE,
    "greater_than_equal": "is too small; give {ge} or more",
    "less_than_equal": "is too large; give {le} or less",
    "list_type": 'must be a list, such as ["one", "two"]',
    "too_short": "holds {actual_length}; give at least {min_length}",
    "too_long": "holds too many; give at most {max_length}",
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "dict_type": _OBJECT,
    "enum": _ONE_OF,
    "literal_error": _ONE_OF,
}


def words(error: Mapping[str, Any], model: type[BaseModel], thing: str, place: str) -> str:
    """What is wrong, for the person who wrote the client. `thing` and `place` name what an unknown name is not: a field of
    this request."""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        known = _names(model, error["loc"][:-1])
        return f"is not a {thing} of {place}; its {thing}s are {', '.join(known)}"
    if kind == "string_pattern_mismatch" and context["pattern"] in PATTERN_WORDS:
        return PATTERN_WORDS[context["pattern"]]
    if kind == "string_too_short" and context["min_length"] == 1:
        return "is empty; give at least 1 character"
    if kind in _SENTENCES:
        return _SENTENCES[kind].format(**context)
    return str(error["msg"]).removeprefix("Value error, ")


def _names(model: type[BaseModel], where: tuple[str | int, ...]) -> list[str]:
    """The fields of the model that stands at `where` inside of `model`, as a client spells them."""
    for step in where:
        field = next((field for name, field in model.model_fields.items() if step in (name, field.alias)), None)
        if field is not None:
            kinds = (field.annotation, *get_args(field.annotation))
            model = next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), model)
    return [field.alias or name for name, field in model.model_fields.items()]
