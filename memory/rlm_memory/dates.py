"""The dates a question names, as spans of time; no clock but the one it is given."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt

_MONTHS: Final = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
_MONTH: Final = (
    r"(?P<month>"
    + "|".join(f"{name[:3]}(?:{'t|' * (name[0] == 's')}{name[3:]})?" for name in _MONTHS)
    + r")\.?"
)
_DAY: Final = r"(?:st|nd|rd|th)?"
_NAMED: Final = re.compile(
    rf"\b(?:(?P<before>\d{{1,2}}){_DAY}\s+(?:of\s+)?)?{_MONTH}(?![a-z])"
    rf"(?:\s+(?P<after>\d{{1,2}}){_DAY}(?!\d))?(?:,?\s+(?P<year>(?:19|20)\d\d)\b)?",
    re.IGNORECASE,
)
_ISO: Final = re.compile(r"\b(?P<year>(?:19|20)\d\d)-(?P<month>\d\d)(?:-(?P<day>\d\d))?\b")
_YEAR: Final = re.compile(r"\b(?:19|20)\d\d\b")
_AGO: Final = re.compile(r"\b(?P<count>\d{1,3}|an?|two|three)\s+(?P<unit>day|week|month)s?\s+ago\b")
_COUNTS: Final = {"a": 1, "an": 1, "two": 2, "three": 3}
_UNIT_DAYS: Final = {"day": 1, "week": 7, "month": 30, "year": 365}
_RECENT: Final = re.compile(r"\b(?:(?P<day>today|yesterday)|last\s+(?P<unit>week|month|year))\b")
# `may` and `march` are words of their own unless something about them says date.
_AMBIGUOUS: Final = frozenset({"may", "mar", "march", "sep", "dec", "jun", "jan"})
_DATED: Final = re.compile(r"\b(?:in|of|since|during|by|until|before|after|early|mid|late)[ -]$")

# Where no year is named, one that has every day.
_LEAP_YEAR: Final = 2024
_DAY_S: Final = 86_400.0
# What happened is told after it as a rule, and seldom long after.
_REACH_S: Final = 12 * _DAY_S


@dataclass(frozen=True, slots=True)
class Span:
    """From `start_s` up to `end_s`; without a year it comes again in every one."""

    start_s: float
    end_s: float
    yearly: bool = False


def spans_of(text: str, *, now_s: float) -> tuple[Span, ...]:
    """The days, months and years that a text names."""
    lower = text.lower()
    now = datetime.fromtimestamp(now_s, UTC)
    found = [span for match in _ISO.finditer(lower) if (span := _of_numbers(match)) is not None]
    for match in _NAMED.finditer(lower):
        span = _of_names(match, lower)
        if span is not None:
            found.append(span)
    for match in _AGO.finditer(lower):
        count, days = match["count"], _UNIT_DAYS[match["unit"]]
        number = _COUNTS.get(count) or int(count)
        found.append(_around(now - timedelta(days=number * days), days))
    for match in _RECENT.finditer(lower):
        days = 1 if match["day"] else _UNIT_DAYS[match["unit"]]
        found.append(_around(now - timedelta(days=0 if match["day"] == "today" else days), days))
    if not found:
        found = [_whole(int(year), None, None) for year in _YEAR.findall(lower)]
    return tuple(found)


def nearness(spans: tuple[Span, ...], times_s: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """For each time 1 within a span, falling to 0 over twelve days outside of it; float64 (n,)."""
    best = np.zeros(len(times_s))
    for span in spans:
        for start_s, end_s in _occurrences(span, times_s):
            outside = np.maximum(np.maximum(start_s - times_s, times_s - end_s), 0.0)
            best = np.maximum(best, 1.0 - outside / _REACH_S)
    return best


def _occurrences(span: Span, times_s: npt.NDArray[np.float64]) -> list[tuple[float, float]]:
    if not span.yearly or not len(times_s):
        return [(span.start_s, span.end_s)]
    start, end = (datetime.fromtimestamp(each, UTC) for each in (span.start_s, span.end_s))
    first, last = (datetime.fromtimestamp(float(each), UTC).year for each in _ends(times_s))
    shifted: list[tuple[float, float]] = []
    for year in range(max(1971, first), min(last, first + 100) + 1):
        moved = _moved(start, year - start.year)
        shifted.append((moved.timestamp(), (moved + (end - start)).timestamp()))
    return shifted


def _ends(times_s: npt.NDArray[np.float64]) -> tuple[float, float]:
    bounded = np.clip(times_s, 0.0, 4e9)
    return float(bounded.min()), float(bounded.max())


def _moved(day: datetime, years: int) -> datetime:
    return day.replace(year=day.year + years, day=min(day.day, 28) if day.month == 2 else day.day)


def _of_numbers(match: re.Match[str]) -> Span | None:
    day = int(match["day"]) if match["day"] else None
    return _checked(int(match["year"]), int(match["month"]), day)


def _of_names(match: re.Match[str], text: str) -> Span | None:
    name, day, year = match["month"], match["before"] or match["after"], match["year"]
    if name in _AMBIGUOUS and not (day or year or _DATED.search(text[: match.start()])):
        return None
    month = next(at for at, full in enumerate(_MONTHS, start=1) if full.startswith(name[:3]))
    span = _checked(int(year) if year else _LEAP_YEAR, month, int(day) if day else None)
    return span and Span(span.start_s, span.end_s, yearly=not year)


def _checked(year: int, month: int, day: int | None) -> Span | None:
    if not 1 <= month <= 12 or (day is not None and not 1 <= day <= monthrange(year, month)[1]):
        return None
    return _whole(year, month, day)


def _whole(year: int, month: int | None, day: int | None) -> Span:
    start = datetime(year, month or 1, day or 1, tzinfo=UTC)
    if day is not None:
        days = 1
    elif month is not None:
        days = monthrange(year, month)[1]
    else:
        days = 366
    return Span(start.timestamp(), start.timestamp() + days * _DAY_S)


def _around(day: datetime, days: int) -> Span:
    """A span of so many days, in the midst of which this one lies."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=days // 2)
    return Span(start.timestamp(), start.timestamp() + days * _DAY_S)
