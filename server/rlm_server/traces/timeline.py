"""When what happened in a run, as one SVG: a bar for each call to a model and each cell of code."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from rlm_engine.recorded import RecordedRun

from rlm_server.traces.markup import Markup, element, number

_LANES_MAX: Final = 16
_LANE_PX: Final = 14
_AXIS_PX: Final = 22
_LEAST_PERCENT: Final = 0.2
_TICKS: Final = 5

Kind = Literal["root", "code", "call", "cached", "failed"]


@dataclass(frozen=True, slots=True)
class Bar:
    """One thing that took time; `lane` is its row, `anchor` where the page tells of it."""

    kind: Kind
    label: str
    anchor: str
    begin_s: float
    end_s: float
    lane: int = 0


def bars_of(run: RecordedRun, names: "dict[int, str]") -> list[Bar]:
    """The bars of a run and those below it, in lanes; `names` gives the anchors by identity."""
    lanes: list[Bar] = []
    first = 0
    for group in _groups(run, names):
        packed, used = _packed(group, first)
        lanes += packed
        first += used
    return lanes


def timeline(bars: Sequence[Bar], seconds: float) -> Markup:
    """The picture; nothing where no times are known."""
    if not bars:
        return Markup("")
    whole = max(seconds, *(bar.end_s for bar in bars), 1e-6)
    height = (1 + max(bar.lane for bar in bars)) * _LANE_PX + _AXIS_PX
    return element(
        "svg",
        *_axis(whole, height),
        *(_drawn(bar, whole) for bar in bars),
        height=height,
        role="group",
        aria_label=f"Timeline of {whole:.2f} seconds",
    )


def _groups(run: RecordedRun, names: dict[int, str]) -> Iterator[list[Bar]]:
    """The root's calls, its code, the sub-calls; then the same of each level below."""
    level = [run]
    while level:
        turns = [turn for one in level for turn in one.turns]
        cells = [cell for one in level for cell in one.cells()]
        calls = [call for cell in cells for call in cell.subcalls]
        yield [
            Bar("root", f"turn {turn.number}", names[id(turn)], turn.span.begin_s, turn.span.end_s)
            for turn in turns
            if turn.span.begin_s is not None and not turn.refused
        ]
        yield [
            Bar(
                "failed" if cell.fault or cell.stopped else "code",
                "code",
                names[id(cell)],
                cell.span.begin_s,
                cell.span.end_s,
            )
            for cell in cells
            if cell.span.begin_s is not None
        ]
        yield [
            Bar(
                "failed" if call.error else "cached" if call.cached else "call",
                "sub-call",
                names[id(call)],
                call.span.begin_s,
                call.span.end_s,
            )
            for call in calls
            if call.span.begin_s is not None
        ]
        level = [deeper for cell in cells for deeper in cell.deeper]


def _packed(bars: list[Bar], first: int) -> tuple[list[Bar], int]:
    """Bars that overlap in lanes of their own, from lane `first`; how many were taken."""
    free_s: list[float] = []
    packed: list[Bar] = []
    for bar in sorted(bars, key=lambda bar: (bar.begin_s, bar.end_s)):
        lane = next((n for n, at in enumerate(free_s) if at <= bar.begin_s), len(free_s))
        if lane == _LANES_MAX:
            lane = min(range(_LANES_MAX), key=free_s.__getitem__)
        if lane == len(free_s):
            free_s.append(0.0)
        free_s[lane] = max(free_s[lane], bar.end_s)
        packed.append(Bar(bar.kind, bar.label, bar.anchor, bar.begin_s, bar.end_s, first + lane))
    return packed, len(free_s)


def _drawn(bar: Bar, whole: float) -> Markup:
    told = f"{bar.label}, {bar.begin_s:.2f} s to {bar.end_s:.2f} s"
    width = max(_LEAST_PERCENT, 100 * (bar.end_s - bar.begin_s) / whole)
    return element(
        "a",
        element("title", told),
        element(
            "rect",
            x=f"{min(100 - width, 100 * bar.begin_s / whole):.3f}%",
            y=_AXIS_PX + bar.lane * _LANE_PX,
            width=f"{width:.3f}%",
            height=_LANE_PX - 3,
            rx=2,
            class_=bar.kind,
        ),
        href=f"#{bar.anchor}",
        # Hundreds of sub-calls would stand in the way of the key that goes from one to the next.
        tabindex=0 if bar.kind in ("root", "code") else -1,
        aria_label=told,
    )


def _axis(whole: float, height: int) -> Iterator[Markup]:
    for tick in range(_TICKS):
        share = tick / (_TICKS - 1)
        x = f"{100 * share:g}%"
        anchor = "start" if tick == 0 else "end" if tick == _TICKS - 1 else "middle"
        yield element("line", x1=x, x2=x, y1=_AXIS_PX - 5, y2=height)
        yield element("text", f"{number(whole * share)} s", x=x, y=11, text_anchor=anchor)
