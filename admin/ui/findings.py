"""What retrieval did with a question, as HTML: the passages with their ranks, the verdict, the prompt, the times."""

import re
from html import escape

from admin.curation.bench.trace import Probe
from admin.ui import retrieval_words, words
from admin.ui.markup import button, empty
from admin.ui.tuning import in_words
from chat.rag.answer import Source

HEADING = re.compile(r"^(#{1,6} .*\n+)+")


def findings(probe: Probe, collection: str = "") -> str:
    """All of it, the verdict first. `collection` is where it was looked; empty: everywhere."""
    if not probe.sources:
        return empty(words.FOUND_NOTHING, words.FOUND_NOTHING_HINT)
    head = "".join(f"<th>{name}</th>" for name in words.FOUND_COLUMNS)
    rows = "".join(_row(source, probe) for source in probe.sources)
    return (
        f"{_verdict(probe, collection)}<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        f'{_prompt(probe)}<p class="times">{_times(probe)}</p>'
    )


def _verdict(probe: Probe, collection: str) -> str:
    sign, said = ("✕", words.WOULD_REFUSE) if probe.refused else ("✓", words.WOULD_ANSWER)
    evidence = "".join(
        f"<li>{escape(words.EVIDENCE.get(name, name))}: <b>{_number(value)}</b></li>"
        for name, value in probe.evidence.items()
    )
    kind = "refused" if probe.refused else "answered"
    settings = f"<li>{in_words(probe.settings)}</li>"
    if probe.draft is not None:
        settings += f"<li>{retrieval_words.AS_IF}</li>"
    # Of one collection, who may mark a passage may mark the question, too.
    keeps = collection and {source.document_id for source in probe.sources} <= probe.markable
    unanswered = button(retrieval_words.NOT_ANSWERED, "unanswered", words=probe.question) if keeps else ""
    return (
        f'<div class="verdict {kind}"><p><span aria-hidden="true">{sign}</span> {said}</p>'
        f"<ul>{evidence}{settings}</ul>{unanswered}</div>"
    )


def _number(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else escape(str(value))


def _row(source: Source, probe: Probe) -> str:
    drafted = source.version if source.version_id == probe.draft else None
    where = button(source.document, "open", looks="title", id=source.document_id, chunk=source.chunk_id, number=drafted)
    section = f"<span>› {escape(source.section)}</span>" if source.section else ""
    page = f"<span>{words.PAGE.format(source.page)}</span>" if source.page else ""
    note = f'<span class="used">{words.IN_PROMPT}</span>' if source.chunk_id in probe.in_prompt else ""
    similarity = f"<small>{source.similarity:.2f}</small>" if source.similarity is not None else ""
    text_rank = f"<small>{source.text_rank:.3f}</small>" if source.text_rank is not None else ""
    dense, keyword = _rank(source.dense_rank), _rank(source.keyword_rank)
    _, _, score, meaning, by_words = words.FOUND_COLUMNS
    return (
        f'<tr><td class="rank">{source.rank}</td><td>'
        f'<p class="where">{where}{section}{page}{note}{_marks(source, probe)}</p>'
        f"<details><summary>{_preview(source.text)}</summary><div>{escape(source.text)}</div></details></td>"
        f'<td class="number" data-label="{score}">{source.score:.3f}</td>'
        f'<td class="number" data-label="{meaning}">{dense}{similarity}</td>'
        f'<td class="number" data-label="{by_words}">{keyword}{text_rank}</td></tr>'
    )


def _marks(source: Source, probe: Probe) -> str:
    """The two buttons that mark a passage; the one that is pressed takes the mark back. None for who may not."""
    if source.version_id == probe.draft or source.document_id not in probe.markable:
        return ""
    now = {True: "right", False: "wrong"}.get(probe.marks.get(source.chunk_id, None), "")  # type: ignore[arg-type]
    return '<span class="marks">' + "".join(
        button(
            f"{sign} {shown}" , "mark", looks="mark chosen" if now == name else "mark",
            label=retrieval_words.UNMARK if now == name else label, chunk=source.chunk_id, words=probe.question,
            **{"as": "none" if now == name else name},
        )
        for name, sign, shown, label in (
            ("right", "✓", retrieval_words.RIGHT, retrieval_words.MARK_RIGHT),
            ("wrong", "✕", retrieval_words.WRONG, retrieval_words.MARK_WRONG),
        )
    ) + "</span>"  # fmt: skip


def _preview(text: str) -> str:
    """A passage on one line, without the heading that is shown above it."""
    return escape(" ".join(HEADING.sub("", text).split()) or text)


def _rank(rank: int | None) -> str:
    return f"{rank}." if rank else f'<abbr title="{words.ABSENT_MEANS}">{words.ABSENT}</abbr>'


def _prompt(probe: Probe) -> str:
    """The messages word for word, folded; nothing where chat would refuse before any model is asked."""
    if not probe.messages:
        return ""
    said = "".join(
        f"<h4>{words.ROLES.get(role, escape(role))}</h4><pre tabindex=0>{escape(text)}</pre>"
        for role, text in probe.messages
    )
    size = words.PROMPT_SIZE.format(len(probe.messages), sum(len(text) for _, text in probe.messages))
    return f'<details class="prompt"><summary>{words.PROMPT} <small>{size}</small></summary>{said}</details>'


def _times(probe: Probe) -> str:
    times = probe.timings_ms.items()
    return " · ".join(f"{words.TIMINGS.get(name, name)} {words.MILLISECONDS.format(value)}" for name, value in times)
