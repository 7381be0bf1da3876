"""What the checks found, as HTML: each check with what to do, each finding with the words that it is about."""

import difflib
import re
from collections.abc import Sequence
from html import escape

from admin.service.checks import SHOWN, Shown
from admin.training.findings import REDACTABLE, Check, Finding, Place, parts_of
from admin.training.leakage import Leak
from admin.ui import checks_words as words
from admin.ui.markup import button, empty
from admin.ui.words import count
from chat.store.examples import Kept

AROUND = 90
"""Characters that are shown on each side of what was found."""
LONGEST = 900
LEAST_ALIKE = 0.5
WORDS = re.compile(r"\s+|\w+|[^\w\s]")


def form(collections: Sequence[str], chosen: str) -> str:
    """The choice of a collection, and the button that begins."""
    options = "".join(f"<option{' selected' if name == chosen else ''}>{escape(name)}</option>" for name in collections)
    return (
        f'<form><label>{words.COLLECTION} <select name="collection">{options}</select></label>'
        f'<button class="go">{words.CHECK_NOW}</button></form>'
    )


def beginning() -> str:
    """What stands there before anything was checked."""
    return empty(words.EMPTY, words.EMPTY_HINT)


def working(check: Check, done: int) -> str:
    """How far the checks are."""
    said = words.CHECKING.format(words.NAMES[check].lower(), done, len(Check))
    return f'<p role="status">{said}</p><progress max="{len(Check)}" value="{done}" aria-label="{said}"></progress>'


def report(shown: Shown) -> str:
    """The whole report."""
    found = shown.report
    if not found.examples:
        return f"<p>{words.NO_EXAMPLES.format(escape(shown.collection))}</p>"
    unchecked = "".join(f'<p class="why">{words.UNCHECKED.format(escape(said))}</p>' for said in found.unchecked)
    return f"{_summary(shown)}{unchecked}{''.join(_check(shown, check) for check in Check)}"


def _summary(shown: Shown) -> str:
    found = shown.report
    looked = count(found.examples, "example")
    if not found.open:
        return f'<p class="sum"><span aria-hidden="true">✓</span> {words.NOTHING.format(looked)}</p>'
    blocked = words.BLOCKED.format(f"{len(found.blocking):,}") if found.blocking else ""
    return f'<p class="sum">{words.SUMMARY.format(looked, count(len(found.open), "finding"), blocked)}</p>'


def _check(shown: Shown, check: Check) -> str:
    findings = shown.report.of(check)
    still = [finding for finding in findings if finding.accepted is None]
    if not findings:
        return f'<p class="none"><b>{words.NAMES[check]}</b> <small>{words.NONE}</small></p>'
    said = [
        *([words.OPEN.format(f"{len(still):,}")] if still else []),
        *([words.ACCEPTED.format(f"{len(findings) - len(still):,}")] if len(findings) > len(still) else []),
        *([words.BLOCKS] if any(finding.blocks for finding in findings) else []),
    ]
    cards = "".join(_card(finding, shown) for finding in findings[:SHOWN])
    more = f"<p>{words.MORE.format(len(findings) - SHOWN)}</p>" if len(findings) > SHOWN else ""
    blocks = ' class="blocks" open' if any(finding.blocks for finding in findings) else ""
    return (
        f"<details{blocks}><summary><b>{words.NAMES[check]}</b> <small>{' · '.join(said)}</small></summary>"
        f'<p class="advice">{words.ADVICE[check]}</p>{_together(shown.collection, check, still)}{cards}{more}</details>'
    )


def _together(collection: str, check: Check, still: Sequence[Finding]) -> str:
    """The button that accepts many at once: of leaks, those that share only the document."""
    kind = Leak.DOCUMENT.value if check is Check.LEAKS else ""
    many = [finding for finding in still if kind in ("", finding.kind)]
    if len(many) < 2 or check is Check.SECRETS:
        return ""
    what = f"{len(many):,} {words.ALL_LEAKS[kind]}".strip()
    accept = _accept(words.ACCEPT_ALL.format(what), "every", check=check, kind=kind, name=collection)
    return f'<p class="acts">{accept}</p>'


def _accept(shown: str, event: str, **data: str) -> str:
    return button(
        shown, event, question=words.ACCEPT_QUESTION, warning=words.ACCEPT_WARNING, action=words.ACCEPT.rstrip("…"),
        field=words.ACCEPT_FIELD, longest=1_000, **data,
    )  # fmt: skip


def _card(finding: Finding, shown: Shown) -> str:
    known = [shown.examples[each] for each in finding.examples[:2] if each in shown.examples]
    head = f"<h3>{escape(finding.what)}</h3>"
    rest = finding.keys[2:]
    more = f"<p><small>{words.AND_MORE.format(len(rest), escape(', '.join(rest[:20])))}</small></p>" if rest else ""
    body = _pair(*known) if len(known) == 2 else "".join(_one(each, finding) for each in known)
    return f'<article>{head}{body}{more}<p class="acts">{_acts(finding)}</p></article>'


def _acts(finding: Finding) -> str:
    ids = ",".join(map(str, finding.examples))
    if finding.accepted is not None:
        who = escape(finding.accepted.person or words.SOMEBODY)
        said = words.ACCEPTED_BY.format(who, escape(finding.accepted.reason))
        return f"<small>{said}</small> {button(words.TAKE_BACK, 'back', ids=ids, digest=finding.digest)}"
    redactable = finding.check in REDACTABLE
    taken = finding.what.lower()
    redact = button(
        words.REDACT, "redact", looks="go", ids=ids, digest=finding.digest, action=words.REDACT,
        question=words.REDACT_QUESTION.format(finding.keys[0]), warning=words.REDACT_WARNING.format(taken),
    ) if redactable else ""  # fmt: skip
    return redact + _accept(words.ACCEPT, "accept", ids=ids, digest=finding.digest)


def _title(kept: Kept) -> str:
    """An example's name, which opens it in review."""
    return button(words.ONE.format(kept.key), "open", looks="title", id=kept.id)


def _one(kept: Kept, finding: Finding) -> str:
    """One example: what was found in it with the words around or, where no words were, its question and answer."""
    lines = [
        f"<dt>{_part(place)}</dt><dd>{_around(text, place)}</dd>"
        for place in finding.places
        for text in [_text(kept, place)]
    ] or [
        f"<dt>{words.QUESTION}</dt><dd>{escape(_cut(kept.wording.question))}</dd>",
        f"<dt>{words.ANSWER}</dt><dd>{escape(_cut(kept.wording.completion))}</dd>",
    ]
    if finding.held is not None:
        held = f"{finding.held.key}, {finding.held.set}"
        lines.append(f"<dt>{words.HELD}<small>{escape(held)}</small></dt><dd>{escape(_cut(finding.held.text))}</dd>")
    return f"<section><h4>{_title(kept)}</h4><dl>{''.join(lines)}</dl></section>"


def _pair(one: Kept, other: Kept) -> str:
    """Two examples side by side; words that the other one has not are marked."""
    questions = _differing(_cut(one.wording.question), _cut(other.wording.question))
    answers = _differing(_cut(one.wording.completion), _cut(other.wording.completion))
    sides = "".join(
        f"<section><h4>{_title(kept)}</h4><dl><dt>{words.QUESTION}</dt><dd>{question}</dd>"
        f"<dt>{words.ANSWER}</dt><dd>{answer}</dd></dl></section>"
        for kept, question, answer in zip((one, other), questions, answers, strict=True)
    )
    return f'<div class="pair">{sides}</div>'


def _differing(one: str, other: str) -> tuple[str, str]:
    """Both texts as HTML, with what is not in the other one marked; nothing is where almost everything would be."""
    left, right = WORDS.findall(one), WORDS.findall(other)
    sides: tuple[list[str], list[str]] = ([], [])
    matched = difflib.SequenceMatcher(None, left, right, autojunk=False)
    if matched.ratio() < LEAST_ALIKE:
        return escape(one), escape(other)
    for kind, begin, end, start, stop in matched.get_opcodes():
        for side, text in zip(sides, ("".join(left[begin:end]), "".join(right[start:stop])), strict=True):
            side.append(escape(text) if kind == "equal" or not text.strip() else f"<mark>{escape(text)}</mark>")
    return "".join(sides[0]), "".join(sides[1])


def _text(kept: Kept, place: Place) -> str:
    wanted = (place.field, place.index)
    return next((part.text for part in parts_of(kept.wording) if (part.field, part.index) == wanted), "")


def _around(text: str, place: Place) -> str:
    """What was found, marked, with some of the text before and after."""
    before, after = text[max(place.start - AROUND, 0) : place.start], text[place.end : place.end + AROUND]
    dots = ("…" if place.start > AROUND else "", "…" if place.end + AROUND < len(text) else "")
    marked = f"<mark>{escape(_cut(text[place.start : place.end]))}</mark>"
    return f"{dots[0]}{escape(before)}{marked}{escape(after)}{dots[1]} <small>{escape(place.kind)}</small>"


def _part(place: Place) -> str:
    names = {"completion": words.ANSWER, "rejected": words.REJECTED, "passages": words.PASSAGE.format(place.index + 1)}
    return names.get(place.field) or (words.TURN.format(place.index + 1) if place.index else words.QUESTION)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
