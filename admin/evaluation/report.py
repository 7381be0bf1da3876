"""The report as HTML: the verdict first, then what it rests on. One file, no script, nothing from anywhere else.

Whatever a question, an answer, a document or a name says, it is escaped here.
"""

from collections.abc import Sequence, Set
from html import escape
from itertools import combinations
from pathlib import Path

from admin.evaluation import charts, differing, metrics
from admin.evaluation.arms import Given
from admin.evaluation.charts import Dot, Mark
from admin.evaluation.figures import NAMES, chance, gain, interval, number, reach
from admin.evaluation.reading import Report
from admin.evaluation.results import BY_TYPE, Comparison, Findings

QUALITY = tuple(name for name in NAMES if name not in metrics.AMOUNTS)
FIRST_SHOWN = (
    metrics.CONTAINED, metrics.REFUSED_UNANSWERABLE, metrics.REFUSED_ANSWERABLE, metrics.CITATION_PRECISION,
    metrics.RECALL, metrics.RECITED, metrics.FOLLOWED_PASSAGE,
)  # fmt: skip
"""The measures that are drawn; the others stand in the table."""


def page(report: Report) -> str:
    """The report as a file of its own, in light and dark as the reader's machine has it."""
    style = stylesheet()
    title = f"Evaluation {report.id} of {report.methods['collection']}"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{escape(title)}</title><style>{_asset('alone.css')}{style}</style></head>"
        f'<body><main class="report">{body(report)}</main></body></html>\n'
    )


def stylesheet() -> str:
    """The look of `body`, in the names of colours that a page around it defines."""
    return _asset("report.css")


def body(report: Report) -> str:
    """The report's sections, to stand in a page."""
    parts = (
        _head(report), _advice(report), _quality(report), _against_time(report), _against_price(report),
        _by_type(report), _table(report), _comparisons(report), differing.section(report), _methods(report),
    )  # fmt: skip
    return "".join(parts)


def order(report: Report) -> dict[str, int]:
    """The number of each arm, which gives it its sign and its colour."""
    return {arm.name: number for number, arm in enumerate(report.arms)}


def _head(report: Report) -> str:
    when = f"{report.ended_at.astimezone():%-d %B %Y}" if report.ended_at else ""
    facts = (
        f"{report.findings.questions:,} questions",
        f"{len(report.arms)} arms",
        f"collection {report.methods['collection']}",
        f"question set {report.methods['set']}",
        report.model,
        when,
    )
    listed = "".join(f"<li>{escape(fact)}</li>" for fact in facts if fact)
    return (
        f'<header><p class="kind">Evaluation {report.id}: retrieval, fine-tuning, or both?</p>'
        f'<h1>{_prose(report.verdict)}</h1><ul class="facts">{listed}</ul></header>'
    )


def _advice(report: Report) -> str:
    if not report.advice:
        return ""
    lines = "".join(
        f"<li><p>{_prose(each.finding)}</p><p class='next'><b>Next:</b> {_prose(each.next)}</p></li>"
        for each in report.advice
    )
    return f'<section class="advice"><h2>What follows from it</h2><ol>{lines}</ol></section>'


def _quality(report: Report) -> str:
    """A small chart for each measure that matters first."""
    known = order(report)
    drawn = []
    for measure in FIRST_SHOWN:
        marks = [
            Mark(arm, found.value, found.low, found.high, interval(measure, found))
            for arm, measures in report.findings.arms.items()
            if (found := measures.get(measure))
        ]
        if marks:
            name = NAMES[measure]
            drawn.append(
                f"<figure><figcaption><b>{name.name}</b> <span>{name.meaning}</span></figcaption>"
                f"{charts.intervals(marks, known)}</figure>"
            )
    note = (
        "The sign is the mean, the line its 95 % interval: where two lines overlap much, luck may have told them apart."
    )
    return f'<section><h2>Quality</h2><p class="note">{note}</p><div class="figures">{"".join(drawn)}</div></section>'


def _against_time(report: Report) -> str:
    """What quality costs in time."""
    note = "Further up is better, further left is faster. Times are with several asked at once: compare them, no more."
    drawn = _against(report, metrics.TOTAL, 1000, "seconds to the whole answer")
    return f'<section><h2>Quality against time</h2><p class="note">{note}</p>{drawn}</section>' if drawn else ""


def _against_price(report: Report) -> str:
    """What quality costs in money, where a price is set."""
    note = "Further up is better, further left is cheaper, in the currency that the prices of tokens were set in."
    drawn = _against(report, metrics.PRICE, 1, "for 1,000 answers")
    return f'<section><h2>Quality against price</h2><p class="note">{note}</p>{drawn}</section>' if drawn else ""


def _against(report: Report, cost: str, unit: float, name: str) -> str:
    """The arms that could be chosen between a cost, in units of so much, and what decides; nothing without numbers."""
    dots = [
        Dot(arm.name, amount / unit, quality)
        for arm in report.arms
        if not arm.probes
        and (amount := report.findings.value(arm.name, cost)) is not None
        and (quality := report.findings.value(arm.name, report.leading)) is not None
    ]
    return charts.against(dots, order(report), NAMES[report.leading].name, name) if dots else ""


def _by_type(report: Report) -> str:
    """How each arm does on each type of question."""
    if not report.findings.types:
        return ""
    arms = [arm.name for arm in report.arms if not arm.probes or arm.given is Given.ORACLE]
    head = "".join(f'<th scope="col">{escape(arm)}</th>' for arm in arms)
    chosen = {arm.name for arm in report.arms if not arm.probes}
    rows = "".join(
        _type(kind, measure, found, arms, chosen)
        for kind, found in report.findings.types.items()
        for measure in BY_TYPE[:2]
        if any(measure in found.arms[arm] for arm in arms)
    )
    note = "Results flip with the type of question: read this before deciding for all of them."
    return (
        f'<section><h2>By type of question</h2><p class="note">{note}</p><div class="wide"><table><thead><tr>'
        f'<th scope="col">Type</th><th scope="col">Measure</th><th scope="col" class="number">Questions</th>{head}'
        f"</tr></thead><tbody>{rows}</tbody></table></div></section>"
    )


def _type(kind: str, measure: str, found: Findings, arms: Sequence[str], chosen: Set[str]) -> str:
    """A type's row. The best of the arms that could be chosen is marked."""
    values = {arm: each for arm in arms if (each := found.arms[arm].get(measure))}
    best = max((each.value for arm, each in values.items() if arm in chosen), default=0.0)
    cells = "".join(
        f'<td class="number{" best" if arm in chosen and each.value == best > 0 else ""}">{number(measure, each.value)}'
        f"<small>{reach(measure, each.low, each.high)}</small></td>"
        if (each := values.get(arm))
        else '<td class="number">–</td>'
        for arm in arms
    )
    count = max(each.n for each in values.values())
    name = escape(kind.replace("_", " "))
    return f'<tr><th scope="row">{name}</th><td>{NAMES[measure].name}</td><td class="number">{count}</td>{cells}</tr>'


def _table(report: Report) -> str:
    """Every measure of every arm."""
    arms = [arm.name for arm in report.arms]
    head = "".join(f'<th scope="col">{charts.key(order(report), arm)} {escape(arm)}</th>' for arm in arms)
    rows = "".join(_measure(report, measure, arms) for measure in NAMES)
    return (
        '<section><h2>All measures</h2><p class="note">The mean, and below it the 95 % interval.</p><div class="wide">'
        f'<table><thead><tr><th scope="col">Measure</th>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
        "</section>"
    )


def _measure(report: Report, measure: str, arms: Sequence[str]) -> str:
    found = [report.findings.arms[arm].get(measure) for arm in arms]
    if not any(found):
        return ""
    cells = "".join(
        f'<td class="number">{number(measure, each.value)}<small>{reach(measure, each.low, each.high)}</small></td>'
        if each
        else '<td class="number">–</td>'
        for each in found
    )
    name = NAMES[measure]
    return f'<tr><th scope="row">{name.name}<small>{name.meaning}</small></th>{cells}</tr>'


def _comparisons(report: Report) -> str:
    """Every pair of arms on every measure, those that are more than luck first."""
    pairs = list(combinations([arm.name for arm in report.arms], 2))
    if not pairs:
        return ""
    ranked = sorted(report.findings.comparisons, key=lambda each: (each.p_corrected, list(NAMES).index(each.measure)))
    head = "".join(
        f'<th scope="col"{looks}>{name}</th>'
        for name, looks in (
            ("Measure", ""), ("Arms", ""), ("Difference", ' class="number"'), ("Test", ""), ("Corrected", ""),
            ("Would show from", ' class="number"'),
        )
    )  # fmt: skip
    rows = "".join(map(_comparison, ranked))
    sure = sum(each.certain for each in ranked)
    return (
        "<section><details><summary><h2>Comparisons</h2> "
        f"<span>{sure} of {len(ranked)} are more than luck</span></summary>"
        '<p class="note">The difference is what the second arm has more than the first, on the questions that apply to '
        f'both.</p><div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
        "</details></section>"
    )


def _comparison(each: Comparison) -> str:
    found = each.difference
    said = f"<b>{escape(each.better)} is better</b>" if each.better else "may be luck"
    shown = gain(each.measure, each.detectable).lstrip("+") if each.detectable is not None else "–"
    return (
        f'<tr><th scope="row">{NAMES[each.measure].name}</th><td>{escape(each.a)} → {escape(each.b)}</td>'
        f'<td class="number">{gain(each.measure, found.value)}<small>{gain(each.measure, found.low)} to '
        f"{gain(each.measure, found.high)}</small></td>"
        f"<td>{found.test}, n = {found.n}<small>{chance(found.p)}</small></td>"
        f'<td>{said}<small>{chance(each.p_corrected)}</small></td><td class="number">{shown}</td></tr>'
    )


def _methods(report: Report) -> str:
    """What was held fixed, and how it was counted."""
    facts = "".join(f"<dt>{escape(name)}</dt><dd>{said}</dd>" for name, said in methods(report) if said)
    opened = "<details open><summary><h2>Methods</h2></summary>"
    return f'<section class="methods">{opened}<dl>{facts}</dl></details></section>'


def methods(report: Report) -> list[tuple[str, str]]:
    """What a reader needs who wants to do it again: names, and HTML."""
    fixed, own = report.methods["fixed"], report.methods
    searched = ", ".join(f"{name} {value}" for name, value in fixed["retrieval"].items() if value is not None)
    arms = "".join(
        f"<li><b>{escape(arm.name)}</b>: mode {arm.mode}"
        + (f", adapter {escape(arm.adapter.name)} <code>{arm.adapter.digest[:16]}</code>" if arm.adapter else "")
        + (f", given: {arm.given}" if arm.given else "")
        + (f", retrieval settings {arm.revision}" if arm.revision is not None else "")
        + "</li>"
        for arm in report.arms
    )
    changed = " They changed while it ran: some answers rest on other versions." if own["documents_changed"] else ""
    return [
        ("Arms", f"<ul>{arms}</ul>"),
        ("Questions", f"{escape(own['set'])}, {report.findings.questions} asked of each arm that they apply to, "
                      f"<code>{own['set_sha256'][:16]}</code>"),
        ("Model", f"{escape(report.model)}, revision <code>{escape(report.revision or 'not told')}</code>, greedy"),
        ("Prompt", f"<code>{fixed['prompt'][:16]}</code>"),
        ("Documents", f"{fixed['documents']['count']} live versions, <code>{fixed['documents']['sha256'][:16]}</code>."
                      + changed),
        ("Retrieval", escape(f"{searched}; embedder {fixed['embedder']}")),
        ("Right answers", "After SQuAD's normalisation (Rajpurkar et al. 2016), by character where a language has no "
                          "spaces; citation markers do not count, and a refusal is no answer."),
        ("Support", "By the attribution that the chat itself cites with, on what the model wrote before that."),
        ("Tests", "Paired by question: exact McNemar for yes-or-no measures, Wilcoxon's signed-rank for the others, "
                  "Holm's correction over all measures and pairs of arms together, quality apart from cost; arms "
                  "that never differ are no test (Tarone 1990)."),
        ("Intervals", f"95 %, BCa bootstrap of {own['resamples']:,} resamples; exact binomial where all are the same."),
        ("Would show from", "The smallest difference that so many questions show in 80 of 100 tries, at Bonferroni's "
                            "level, which is no less strict than Holm's."),
        ("Memory", f"At most {memory / 1e6:,.0f} MB in the engine's process, with the model and all adapters in it."
                   if (memory := own.get("memory_bytes")) else ""),
        ("Seed", str(fixed["seed"])),
        ("Result", f"<code>{report.digest}</code>"),
    ]  # fmt: skip


def _prose(text: str) -> str:
    """A sentence in which no line begins with a percent sign."""
    return escape(text).replace(" %", "&nbsp;%")


def _asset(name: str) -> str:
    return (Path(__file__).parent / "assets" / name).read_text(encoding="utf-8")
