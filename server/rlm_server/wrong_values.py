"""What is wrong with the values of a call, in words that say what would be right."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError
    from pydantic_core import ErrorDetails

_SHOWN_CHARS = 60


def told_wrong(error: "ValidationError", known: "type[BaseModel] | None" = None) -> str:
    """Say which value is wrong, why, and what it may be; `known` has the names there are."""
    names = list(known.model_fields) if known is not None else []
    issues = error.errors(include_url=False)
    return "; ".join(_told(issue, names) for issue in issues)


def told_arguments(known: "type[BaseModel]") -> str:
    """The names of all arguments; those that are needed say so."""
    return (
        ", ".join(
            f"{name} (needed)" if field.is_required() else name
            for name, field in known.model_fields.items()
        )
        or "none"
    )


def _told(issue: "ErrorDetails", names: list[str]) -> str:
    name = ".".join(str(part) for part in issue["loc"]) or "the arguments"
    about: dict[str, Any] = issue.get("ctx", {})
    given = f"{name}={_short(issue['input'])}"
    match issue["type"]:
        case "missing":
            return f"{name} is missing"
        case "extra_forbidden":
            from difflib import get_close_matches

            near = get_close_matches(name, names, n=1)
            return f"there is no {name}" + (f", perhaps {near[0]} was meant" if near else "")
        case "string_too_short":
            return f"{name} is empty"
        case "string_too_long":
            return f"{name} is longer than {about['max_length']} characters"
        case "greater_than_equal":
            return f"{given} is too small, the least is {about['ge']}"
        case "less_than_equal":
            return f"{given} is too large, the most is {about['le']}"
        case "int_parsing" | "int_type" | "int_from_float":
            return f"{given} is no whole number"
        case "float_parsing" | "float_type":
            return f"{given} is no number"
        case "bool_parsing" | "bool_type":
            return f"{given} is neither true nor false"
        case "string_type":
            return f"{given} is no text"
        case "literal_error":
            return f"{given} is none of {about['expected']}"
        case _:
            return f"{name}: {issue['msg']}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}…"
