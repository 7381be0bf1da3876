"""Speed against the number of users, as a table and as a drawing with the memory's limit in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

from benchmarks.engine.running import TOKENS
from benchmarks.report import Table
from chat.engine.keyvalues import bytes_per_token
from chat.engine.loading import LoadedModel

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 300, 56, 56, 40, 44
BUFFER = 512 << 20
"""Bytes that are read to measure the memory: far more than any cache holds."""
COLUMNS = 64
"""Tokens that a row has behind it, on average, when its next one is computed."""


@dataclass(frozen=True)
class Measured:
    """What so many users get: all tokens of a second together, and milliseconds to the first token of each."""

    users: int
    speed: float
    first_ms: float


@dataclass(frozen=True)
class ByUsers:
    """What was measured, by rising numbers of users."""

    measured: Sequence[Measured]

    def table(self) -> Table:
        return Table(
            "Engine: by users",
            ("users", "tokens/s", "first token, ms"),
            [(str(each.users), f"{each.speed:.1f}", f"{each.first_ms:.0f}") for each in self.measured],
            f"All ask at the same moment, for {TOKENS} tokens each. Base model; no prompt was seen before. "
            "Drawn in docs/engine.svg.",
        )

    def drawing(self, loaded: LoadedModel) -> str:
        """An SVG: tokens per second (left), milliseconds to the first token (right), and the bandwidth's limit.

        The limit is what the memory could deliver if nothing had to be computed: all weights are read once for a token
        of every row, and each row's keys and values once.
        """
        bandwidth = bytes_per_second()
        weights = sum(each.numel() * each.element_size() for each in loaded.model.parameters())
        limits = [
            each.users * bandwidth / (weights + each.users * COLUMNS * bytes_per_token(loaded))
            for each in self.measured
        ]
        speeds = [each.speed for each in self.measured]
        firsts = [each.first_ms for each in self.measured]
        fastest, slowest = max(speeds) * 1.25, max(firsts) * 1.25
        lines = [
            self._line([min(limit, fastest) for limit in limits], fastest, "limit"),
            self._line(speeds, fastest, "speed"),
            self._line(firsts, slowest, "first"),
        ]
        return SVG.format(
            width=WIDTH,
            height=HEIGHT,
            axis=HEIGHT - BOTTOM,
            right=WIDTH - RIGHT,
            title=f"{loaded.id}, {loaded.dtype}: {bandwidth / 1e9:.0f} GB/s of memory",
            lines="\n".join(lines),
            labels="\n".join(self._labels(fastest, slowest)),
        )

    def _x(self, number: int) -> float:
        return LEFT + number * (WIDTH - LEFT - RIGHT) / (len(self.measured) - 1)

    def _line(self, values: Sequence[float], most: float, kind: str) -> str:
        points = " ".join(f"{self._x(n):.0f},{_y(value, most):.0f}" for n, value in enumerate(values))
        return f'<polyline class="{kind}" points="{points}"/>'

    def _labels(self, fastest: float, slowest: float) -> list[str]:
        below = HEIGHT - BOTTOM + 18
        drawn = []
        for number, each in enumerate(self.measured):
            x = self._x(number)
            drawn.append(_text(x, below, str(each.users)))
            drawn.append(_text(x, _y(each.speed, fastest) - 8, f"{each.speed:.0f}", "speed"))
            drawn.append(_text(x, _y(each.first_ms, slowest) + 16, f"{each.first_ms:.0f} ms", "first"))
        return drawn


def _text(x: float, y: float, said: str, kind: str = "users") -> str:
    return f'<text class="{kind}" x="{x:.0f}" y="{y:.0f}">{said}</text>'


def _y(value: float, most: float) -> float:
    return HEIGHT - BOTTOM - value / most * (HEIGHT - BOTTOM - TOP)


def bytes_per_second() -> float:
    """What the memory delivers to a plain sum on all cores, the best of five."""
    import torch

    buffer = torch.ones(BUFFER // 4)
    taken = []
    for _ in range(5):
        began = perf_counter()
        buffer.sum()
        taken.append(perf_counter() - began)
    return BUFFER / min(taken)


SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" font-family="system-ui, sans-serif">
<style>
  rect {{ fill: #fff }} text {{ font-size: 12px; fill: #444; text-anchor: middle }}
  polyline {{ fill: none; stroke-width: 2.500 }} line {{ stroke: #bbb }}
  .speed {{ stroke: #1a7f5a }} text.speed {{ stroke: none; fill: #1a7f5a; font-weight: 600 }}
  .first {{ stroke: #b4570f }} text.first {{ stroke: none; fill: #b4570f }}
  .limit {{ stroke: #999; stroke-dasharray: 6 5 }} text.limit {{ stroke: none; fill: #777 }}
  @media (prefers-color-scheme: dark) {{ rect {{ fill: #16181c }} text {{ fill: #c8ccd2 }} line {{ stroke: #555 }} }}
</style>
<rect width="{width}" height="{height}"/>
<text x="320" y="20">{title}</text>
<line x1="56" x2="{right}" y1="{axis}" y2="{axis}"/>
{lines}
{labels}
<text x="320" y="294">users at once:
<tspan class="speed">tokens per second</tspan>, <tspan class="first">first token</tspan>,
<tspan class="limit">dashed: the memory's limit</tspan></text>
</svg>
"""
