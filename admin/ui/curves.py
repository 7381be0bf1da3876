"""A run's curves as inline SVG: drawn by the server, in the page's own colours, with their words beside them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from admin.ui import training_words as words

POINTS = 400
"""Of a line, at most."""
MARGIN = 0.06
Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class History:
    """What a run's log comes to: the steps as they stand, and those that a break lost and that were done again."""

    steps: Sequence[Mapping[str, Any]]
    lost: Sequence[Sequence[Mapping[str, Any]]]
    seams: Sequence[int]
    """Steps at which it was resumed."""
    evaluations: Sequence[Mapping[str, Any]]

    @staticmethod
    def of(events: Sequence[Mapping[str, Any]]) -> "History":
        """Go through a log in its order."""
        steps: dict[int, Mapping[str, Any]] = {}
        evaluations: dict[int, Mapping[str, Any]] = {}
        lost, seams = [], []
        for event in events:
            if event["event"] == "step":
                steps[event["step"]] = event
            elif event["event"] == "evaluation":
                evaluations[event["step"]] = event
            elif event["event"] == "begin" and steps:
                seams.append(event["step"])
                again = [step for number, step in sorted(steps.items()) if number > event["step"]]
                lost += [again] if again else []
                steps = {number: step for number, step in steps.items() if number <= event["step"]}
        ordered = [evaluations[number] for number in sorted(evaluations)]
        return History([steps[number] for number in sorted(steps)], lost, seams, ordered)

    def line(self, figure: str) -> Points:
        """One figure of the steps, thinned."""
        return thinned([(step["step"], step[figure]) for step in self.steps])

    @property
    def held_out(self) -> Points:
        """The loss on what was held out."""
        return [(each["step"], each["loss"]) for each in self.evaluations if each["loss"] is not None]


@dataclass(frozen=True)
class Line:
    """A line of a chart. `looks` is its class: how it is told from the others without colour."""

    name: str
    points: Points
    looks: str = ""
    dots: bool = False


def charts(history: History, steps: int) -> str:
    """The curves of a run of so many steps; words where there is none yet."""
    if not history.steps:
        return f'<p class="hint">{words.NO_CURVE}</p>'
    again = [Line(words.AGAIN, [(s["step"], s["loss"]) for s in part], "again") for part in history.lost]
    losses = [*again, Line(words.LEARNING, history.line("loss")), Line(words.HELD_OUT, history.held_out, "held", True)]
    seams = f'<p class="hint">{words.SEAM.format(_listed(history.seams))}</p>' if history.seams else ""
    small = "".join(
        chart(title, [Line(title, history.line(figure))], steps, history.seams)
        for title, figure in ((words.GRAD_NORM, "grad_norm"), (words.RATE, "learning_rate"))
    )
    return f'{chart(words.LOSS, losses, steps, history.seams)}{seams}<div class="beside">{small}</div>'


def chart(title: str, lines: Sequence[Line], steps: int, seams: Sequence[int] = ()) -> str:
    """One chart: its title, its legend where there are several lines, the lines and the ends of its axes."""
    lines = [line for line in lines if line.points]
    low, high = _range([value for line in lines for _, value in line.points])
    last = max(steps, *(step for line in lines for step, _ in line.points), 1)
    drawn = "".join(_seam(seam / last) for seam in seams) + "".join(_drawn(line, last, low, high) for line in lines)
    legend = "".join(f'<span class="{line.looks or "plain"}">{line.name}</span>' for line in _named(lines))
    return (
        f'<figure class="chart"><figcaption><b>{title}</b>{legend if len(lines) > 1 else ""}</figcaption>'
        f'<div class="plot" role="img" aria-label="{escape(said(title, lines, seams))}">'
        f'<svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">{drawn}</svg>'
        f"<i>{high:.3g}</i><i>{low:.3g}</i></div>"
        f'<p class="axis"><span>{words.STEP.format(0)}</span><span>{words.STEP.format(last)}</span></p></figure>'
    )


def said(title: str, lines: Sequence[Line], seams: Sequence[int]) -> str:
    """A chart in words: where each line begins and ends."""
    ends = " ".join(
        words.SAID.format(line.name, line.points[0][1], line.points[0][0], line.points[-1][1], line.points[-1][0])
        for line in _named(lines)
    )
    return f"{title}. {ends}" + (words.SAID_SEAMS.format(_listed(seams)) if seams else "")


def thinned(points: Points) -> Points:
    """No more than so many of the points, with the last one among them."""
    stride = len(points) // POINTS + 1
    return [point for number, point in enumerate(points) if number % stride == 0 or number == len(points) - 1]


def _drawn(line: Line, last: float, low: float, high: float) -> str:
    scaled = [(100 * step / last, 100 * (high - value) / (high - low)) for step, value in line.points]
    path = "M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in scaled)
    dots = "".join(f"M{x:.2f} {y:.2f}h0" for x, y in scaled) if line.dots or len(scaled) == 1 else ""
    return f'<path class="{line.looks}" d="{path}"/>' + (f'<path class="dots" d="{dots}"/>' if dots else "")


def _seam(at: float) -> str:
    return f'<path class="seam" d="M{100 * at:.2f} 0V100"/>'


def _range(values: Sequence[float]) -> tuple[float, float]:
    """The values' range with some room, never nothing."""
    low, high = min(values), max(values)
    room = (high - low) * MARGIN or abs(high) * MARGIN or 1.0
    return max(low - room, 0.0) if low >= 0 else low - room, high + room


def _named(lines: Sequence[Line]) -> Sequence[Line]:
    """The lines, each name once."""
    return list({line.name: line for line in lines}.values())


def _listed(steps: Sequence[int]) -> str:
    return ", ".join(f"{step:,}" for step in steps)
