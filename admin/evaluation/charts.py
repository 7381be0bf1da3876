"""The report's charts, drawn as SVG with real text: one can select it, a screen reader reads it, no script draws it.

Places are percentages, so that a chart is as wide as its page and its text keeps its size, on a phone too. An arm has
its own sign beside its own colour: nothing is told by colour alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import floor, log10

SIGNS = ("circle", "square", "diamond", "up", "down", "ring", "cross")
ROW = 30


@dataclass(frozen=True)
class Mark:
    """A value with its interval, as a chart shows it. `said` is how it is written."""

    arm: str
    value: float
    low: float
    high: float
    said: str


@dataclass(frozen=True)
class Dot:
    """An arm between what an answer costs, in seconds or money, and its quality, 0 to 1."""

    arm: str
    cost: float
    quality: float


def sign(order: Mapping[str, int], arm: str, x: str, y: str) -> str:
    """The sign of an arm at a place: its shape and its colour are its own."""
    number = order[arm]
    shape = SIGNS[number % len(SIGNS)]
    drawn = {
        "circle": '<circle r="5.5"/>',
        "square": '<rect x="-5" y="-5" width="10" height="10"/>',
        "diamond": '<rect x="-4.6" y="-4.6" width="9.2" height="9.2" transform="rotate(45)"/>',
        "up": '<path d="M0-6.2 6 4.600H-6z"/>',
        "down": '<path d="M0 6.2 6-4.600H-6z"/>',
        "ring": '<circle r="4.500" class="open"/>',
        "cross": '<path d="M-5-5 5 5M5-5-5 5" class="open"/>',
    }[shape]
    return f'<svg x="{x}" y="{y}" overflow="visible" class="arm arm-{number % 6}">{drawn}</svg>'


def key(order: Mapping[str, int], arm: str) -> str:
    """An arm's sign, to stand in a line of text."""
    drawn = sign(order, arm, "50%", "50%")
    return f'<svg class="key" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">{drawn}</svg>'


def intervals(marks: Sequence[Mark], order: Mapping[str, int], most: float = 1.0) -> str:
    """A row for each arm: its name, its value, and its interval on a common scale from 0 to `most`."""
    rows = "".join(_interval(mark, order, most) for mark in marks)
    return f'<div class="intervals">{rows}</div>'


def _interval(mark: Mark, order: Mapping[str, int], most: float) -> str:
    place, low, high = (_percent(each / most) for each in (mark.value, mark.low, mark.high))
    grid = "".join(f'<line class="grid" x1="{at}%" x2="{at}%" y1="0" y2="100%"/>' for at in (0, 25, 50, 75, 100))
    return (
        f'<div class="row"><span class="name">{key(order, mark.arm)} {escape(mark.arm)}</span>'
        f'<svg class="scale" height="{ROW}" width="100%" role="img" '
        f'aria-label="{escape(mark.arm)}: {escape(mark.said)}">'
        f'{grid}<g class="arm-{order[mark.arm] % 6}">'
        f'<line class="reach" x1="{low}" x2="{high}" y1="50%" y2="50%"/>'
        f'<line class="end" x1="{low}" x2="{low}" y1="32%" y2="68%"/>'
        f'<line class="end" x1="{high}" x2="{high}" y1="32%" y2="68%"/></g>'
        f'{sign(order, mark.arm, place, "50%")}</svg><span class="said">{escape(mark.said)}</span></div>'
    )


HEIGHT = 300
LEFT, RIGHT, TOP, BOTTOM = 12.0, 94.0, 22.0, 248.0
"""Where the plot lies: left and right in percent of the width, top and bottom in pixels."""
STEPS = 4
NEAR = 20
"""Pixels within which two names would touch."""
LATE = 0.55
"""From here on an arm's name stands to the left of its sign, lest it run off the page."""


def against(dots: Sequence[Dot], order: Mapping[str, int], quality: str, cost: str) -> str:
    """Quality upwards, cost to the right: the upper left is where one wants to be. Both are named in words."""
    apart, step = _step(max((dot.cost for dot in dots), default=1.0)), _step(max(dot.quality for dot in dots))
    most, best = STEPS * apart, STEPS * step
    across = "".join(
        f'<line class="grid" x1="{LEFT}%" x2="{RIGHT}%" y1="{_down(n / STEPS):.1f}" y2="{_down(n / STEPS):.1f}"/>'
        f'<text class="tick" x="{LEFT - 1.5}%" y="{_down(n / STEPS) + 4:.1f}" text-anchor="end">{100 * step * n:.0f} %'
        "</text>"
        for n in range(STEPS + 1)
    )
    along = "".join(
        f'<text class="tick" x="{_along(n / STEPS)}" y="{BOTTOM + 20}" text-anchor="middle">{apart * n:g}</text>'
        for n in range(STEPS + 1)
    )
    names = f'<text class="axis" x="{RIGHT}%" y="{BOTTOM + 42}" text-anchor="end">{escape(cost)} →</text>'
    names += f'<text class="axis" x="0" y="12">↑ {escape(quality.lower())}</text>'
    places = {dot.arm: (dot.cost / most, _down(dot.quality / best)) for dot in dots}
    points = "".join(sign(order, arm, _along(x), f"{y:.1f}") for arm, (x, y) in places.items())
    said = "; ".join(f"{dot.arm}: {100 * dot.quality:.0f} %, {dot.cost:.3g} {cost}" for dot in dots)
    return (
        f'<svg class="against" width="100%" height="{HEIGHT}" role="img" aria-label="{escape(said)}">'
        f"{across}{along}{names}{points}{_labels(places)}</svg>"
    )


def _labels(places: Mapping[str, tuple[float, float]]) -> str:
    """The arms' names beside their signs: of two that stand side by side, the left one's on the left."""
    drawn = []
    for arm, (x, y) in places.items():
        level = [other for name, (other, height) in places.items() if name != arm and abs(height - y) < NEAR]
        left = any(other >= x for other in level) if level else x > LATE
        shift, anchor = ("-12", "end") if left else ("12", "start")
        drawn.append(
            f'<text class="label" x="{_along(x)}" y="{y + 4.5:.1f}" dx="{shift}" text-anchor="{anchor}">{escape(arm)}'
            "</text>"
        )
    return "".join(drawn)


def _along(share: float) -> str:
    return f"{LEFT + (RIGHT - LEFT) * share:.2f}%"


def _down(share: float) -> float:
    return BOTTOM - (BOTTOM - TOP) * share


def _percent(share: float) -> str:
    return f"{2 + 96 * min(max(share, 0.0), 1.0):.2f}%"


def _step(most: float) -> float:
    """The distance between the lines of a scale that ends above `most`: 1, 2, 2.5 or 5 times a power of ten."""
    least = max(most, 1e-3) * 1.02 / STEPS
    power = 10.0 ** floor(log10(least))
    return next(each * power for each in (1, 2, 2.5, 5, 10) if each * power >= least)
