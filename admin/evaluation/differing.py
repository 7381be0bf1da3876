"""The questions on which two arms differ, with what each said and what it cites."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from admin.evaluation import metrics
from admin.evaluation.arms import Arm
from admin.evaluation.asked import Asked
from admin.evaluation.reading import Reply, Report

MOST = 40
"""Questions that are shown in full; the others are counted."""
LONGEST = 1_200


def section(report: Report) -> str:
    """The questions that one arm of a pair got right and the other did not, the pair of the verdict first."""
    pairs = [pair for pair in _pairs(report) if differing(report, *pair)]
    if not pairs:
        return ""
    shown = "".join(_pair(report, a, b, opened=place == 0) for place, (a, b) in enumerate(pairs))
    return f'<section class="differing"><h2>Where they differ</h2>{shown}</section>'


def differing(report: Report, a: str, b: str) -> list[Asked]:
    """The questions that only one of the two got right."""
    return [
        asked
        for asked in report.asked
        if (first := right(report, a, asked)) is not None
        and (second := right(report, b, asked)) is not None
        and first != second
    ]


def right(report: Report, arm: str, asked: Asked) -> bool | None:
    """Whether the arm got the question right: its answer accepted, or its refusal due. None where nothing says."""
    reply = report.reply(arm, asked)
    if reply is None:
        return None
    measure = metrics.CONTAINED if asked.answerable else metrics.REFUSED_UNANSWERABLE
    value = reply.measures.get(measure)
    return None if value is None else value == 1


def _pairs(report: Report) -> list[tuple[str, str]]:
    """Pairs of arms that could be chosen, the verdict's first."""
    best, rival = report.best, report.rival
    others = [arm.name for arm in report.arms if not arm.probes and arm.name not in (best, rival)]
    if best is None or rival is None:
        return []
    return [(best, rival), *((best, other) for other in others)]


def _pair(report: Report, a: str, b: str, *, opened: bool) -> str:
    found = differing(report, a, b)
    won = sum(bool(right(report, a, asked)) for asked in found)
    said = f"{escape(a)} alone is right on {won}, {escape(b)} alone on {len(found) - won}"
    listed = "".join(_question(report, asked, a, b) for asked in found[:MOST])
    more = f"<p class='note'>{len(found) - MOST} more are not shown here.</p>" if len(found) > MOST else ""
    state = " open" if opened else ""
    return (
        f"<details{state}><summary><h3>{escape(a)} and {escape(b)}</h3> <span>{said}</span></summary>{listed}{more}"
        "</details>"
    )


def _question(report: Report, asked: Asked, a: str, b: str) -> str:
    arms = {arm.name: arm for arm in report.arms}
    wanted = "; ".join(asked.answers) if asked.answerable else "no answer in the documents: a refusal is right"
    before = f"<small>After: {escape(asked.history[-1].question)}</small>" if asked.history else ""
    sides = "".join(_side(report, asked, arms[name]) for name in (a, b))
    return (
        f'<article><header><h4>{escape(asked.text)}</h4>{before}<p class="wanted"><b>Accepted:</b> {escape(wanted)} '
        f"<small>{escape(asked.type.replace('_', ' '))}, {escape(asked.id)}</small></p></header>"
        f'<div class="sides">{sides}</div></article>'
    )


def _side(report: Report, asked: Asked, arm: Arm) -> str:
    reply = report.reply(arm.name, asked)
    assert reply is not None
    good = right(report, arm.name, asked)
    mark = '<b class="yes">✓ right</b>' if good else '<b class="no">✗ wrong</b>'
    refused = " · refused" if reply.refused else ""
    return (
        f'<div><p class="who"><b>{escape(arm.name)}</b> {mark}{refused}</p>'
        f"<blockquote>{_clipped(reply.text)}</blockquote>"
        f"{_cited(reply.citations)}{_draft(reply)}</div>"
    )


def _cited(citations: Sequence[Mapping[str, Any]]) -> str:
    """The passages that the answer stands on."""
    lines = "".join(
        f"<li>[{escape(str(each['marker']))}] <b>{escape(each['document'])}</b> “{_clipped(each['quote'])}”</li>"
        for each in citations
    )
    return f'<ul class="cited">{lines}</ul>' if lines else ""


def _draft(reply: Reply) -> str:
    """What the model had written, where something else was said in its place."""
    if not reply.draft or reply.draft.strip() == reply.text.strip() or not reply.refused:
        return ""
    return f'<p class="draft"><small>The model had written: “{_clipped(reply.draft)}”</small></p>'


def _clipped(text: str) -> str:
    return escape(text if len(text) <= LONGEST else f"{text[:LONGEST]}…")
