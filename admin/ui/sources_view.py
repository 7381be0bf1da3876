"""The sources, and what a sync of one would do, as HTML."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import escape

from admin.curation.sources.plan import Plan
from admin.curation.sources.survey import Change, Finding
from admin.service.library import DEFAULT_COLLECTION, Receipt
from admin.service.sources import Reach
from admin.ui import sources_words as words
from admin.ui.listing import notice
from admin.ui.markup import attributes, button, empty, moment
from admin.ui.words import count, size
from chat.store.sources import SourceLine, Sync, SyncState
from chat.store.tables import SourceKind
from chat.ui.kit import icon_button

SHOWN = 200
"""Places of a plan that are listed; the others are counted."""
INTERVALS = {int(minutes): said for minutes, said in words.INTERVALS.items() if minutes}


def form(reach: Reach, lines: int) -> str:
    """The form for a new source, or why there is none.

    Another number of `lines` empties it; it stands open where there are none.
    """
    if not reach.anywhere:
        return f'<p class="shut">{words.SHUT}</p>'
    known = "".join(f'<option value="{escape(name)}">' for name in reach.collections)
    first = DEFAULT_COLLECTION if reach.may_make_collections else reach.collections[0]
    every = "".join(f'<option value="{minutes}">{said}</option>' for minutes, said in words.INTERVALS.items())
    offered = [kind for kind in SourceKind if reach.may_name_folders or kind is not SourceKind.FOLDER]
    kinds = "".join(_kind(kind, chosen=kind is offered[0]) for kind in offered)
    kinds += "" if reach.may_name_folders else f"<small>{words.NO_FOLDERS}</small>"
    return (
        f'<details{"" if lines else " open"} data-lines="{lines}"><summary>{words.NEW}</summary><form>'
        f"<fieldset><legend>{words.KIND}</legend>{kinds}</fieldset>"
        f'{"".join(map(_place, offered))}<div class="line">'
        f'<label>{words.NAME}<input name="name" maxlength="80" required placeholder="{words.NAME_EXAMPLE}"></label>'
        f'<label>{words.COLLECTION}<input name="collection" value="{escape(first)}" list="source-collections" required'
        f' maxlength="63" pattern="[a-z0-9][a-z0-9\\-]*" autocapitalize="none"></label>'
        f'<datalist id="source-collections">{known}</datalist>'
        f'<label>{words.EVERY}<select name="every">{every}</select></label></div>'
        f'<div class="acts"><button value="look" formnovalidate>{words.PREVIEW}</button>'
        f'<button value="add" class="go">{words.ADD}</button></div></form></details>'
    )


def _kind(kind: SourceKind, *, chosen: bool) -> str:
    here = " checked" if chosen else ""
    return f'<label><input type="radio" name="kind" value="{kind}"{here}> {words.KINDS[kind][0]}</label>'


def _place(kind: SourceKind) -> str:
    _, label, example = words.KINDS[kind]
    rows = 4 if kind is SourceKind.URLS else 1
    example = escape(example).replace("\n", "&#10;")
    return (
        f'<label class="for-{kind}">{label}<textarea name="places-{kind}" rows="{rows}" spellcheck="false"'
        f' autocapitalize="none" placeholder="{example}"></textarea></label>'
    )


def table(lines: Sequence[SourceLine], reach: Reach) -> str:
    """The list of sources, or what one is good for."""
    if not lines:
        return empty(words.EMPTY, words.EMPTY_HINT)
    head = "".join(f"<th>{name}</th>" for name in words.COLUMNS)
    rows = "".join(_row(line, may_curate=line.collection in reach.collections) for line in lines)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _row(line: SourceLine, *, may_curate: bool) -> str:
    place = escape(str(line.places[0])) + (f" {words.AND_MORE.format(len(line.places) - 1)}" if line.places[1:] else "")
    kind = words.KINDS[SourceKind(line.kind)][0]
    cells = (
        f'<td class="name"><b>{escape(line.name)}</b><small>{kind} · <code>{place}</code></small></td>',
        f'<td class="in" data-label="{words.COLUMNS[1]}">{escape(line.collection)}</td>',
        f'<td class="number" data-label="{words.COLUMNS[2]}">{line.documents:,}</td>',
        f'<td class="did" data-label="{words.COLUMNS[3]}">{_standing(line, may_curate=may_curate)}</td>',
        f'<td class="when" data-label="{words.COLUMNS[4]}">{_next(line)}</td>',
        f'<td class="acts">{_acts(line) if may_curate else ""}</td>',
    )
    return f"<tr>{''.join(cells)}</tr>"


def _acts(line: SourceLine) -> str:
    look = button(words.LOOK, "look", id=line.source_id)
    sync = "" if line.sync.under_way else button(words.SYNC, "sync", id=line.source_id)
    asks = attributes(
        event="remove", id=line.source_id, question=words.REMOVE_QUESTION.format(line.name),
        warning=words.REMOVE_WARNING.format(count(line.documents, "document")), action=words.KEEP,
        other=words.DELETE if line.documents else None,
    )  # fmt: skip
    return look + sync + icon_button("delete", words.REMOVE, line.name).replace("<button", f"<button{asks}", 1)


def _next(line: SourceLine) -> str:
    if line.next_sync_at is None or line.every_minutes is None:
        return words.ON_DEMAND
    due = moment(line.next_sync_at) if line.next_sync_at > datetime.now(UTC) else words.SOON
    return f"{due}<small>{INTERVALS.get(line.every_minutes, f'every {line.every_minutes:,} minutes')}</small>"


def _standing(line: SourceLine, *, may_curate: bool) -> str:
    """How the latest sync stands: in work with what is left, or what it did and what went wrong."""
    sync = line.sync
    if sync.under_way:
        return _progress(sync)
    if sync.state == SyncState.NEVER:
        return words.NEVER
    when = moment(line.synced_at) if line.synced_at else ""
    if sync.state == SyncState.FAILED:
        last = f"<small>{when}</small>" if when else ""
        return f'<p class="why"><span aria-hidden="true">!</span> <b>{words.FAILED}.</b> {escape(sync.error)}</p>{last}'
    return f"{when}<small>{_did(sync.counts)}</small>{_held_back(line, may_curate=may_curate)}{_problems(sync)}"


def _progress(sync: Sync) -> str:
    if sync.state == SyncState.QUEUED or not sync.total:
        word = words.QUEUED if sync.state == SyncState.QUEUED else words.RUNNING
        return f'<span role="status">{word}…</span>'
    said = words.PROGRESS.format(sync.done, sync.total)
    bar = f'<progress max="{sync.total}" value="{sync.done}" aria-label="{words.RUNNING}"></progress>'
    return f"{bar}<small>{said} · {_did(sync.counts)}</small>"


def _did(counts: Mapping[str, int]) -> str:
    """Counts in words, those that matter first."""
    said = [f"{counts[change]:,} {word}" for change, (_, word) in words.CHANGES.items() if counts.get(change)]
    return ", ".join(said) or words.NO_CHANGES


def _held_back(line: SourceLine, *, may_curate: bool) -> str:
    if not line.sync.held_back:
        return ""
    anyway = "" if not may_curate else button(
        words.REMOVE_ALL, "purge", id=line.source_id, question=words.REMOVE_ALL_QUESTION.format(line.name),
        warning=words.REMOVE_ALL_WARNING, action=words.REMOVE_ALL, danger=1,
    )  # fmt: skip
    return f'<p class="why">{escape(line.sync.held_back)}</p>{anyway}'


def _problems(sync: Sync) -> str:
    if not sync.problems:
        return ""
    total = max(sync.counts.get(Change.UNREADABLE, 0), len(sync.problems))
    listed = "".join(f"<li><code>{escape(place)}</code> {escape(reason)}</li>" for place, reason in sync.problems)
    left = total - len(sync.problems)
    more = f"<li>{words.AND_MORE.format(left)}</li>" if left else ""
    return f"<details><summary>{count(total, 'problem')}</summary><ul>{listed}{more}</ul></details>"


def plan(found: Plan | None, source_id: int | None = None) -> str:
    """What a sync would do, as far as it is known; None while the places are being listed."""
    title = words.PLAN_NEW if source_id is None else words.PLAN
    close = button(words.CLOSE, "shut")
    if found is None or not found.complete:
        said = words.LOOKING.format(len(found.findings), found.total) if found else words.LISTING
        return f'<section aria-label="{title}"><h2>{title}</h2><p role="status">{said}</p>{close}</section>'
    sync = button(words.SYNC, "sync", looks="go", id=source_id) if source_id is not None else ""
    held = f'<p class="why">{escape(found.held_back)}</p>' if found.held_back else ""
    return (
        f'<section aria-label="{title}"><h2>{title}</h2><p>{words.WOULD_BE.format(_did(found.counts))}</p>{held}'
        f'{_findings(found.findings)}<div class="acts">{sync}{close}</div></section>'
    )


def _findings(findings: Sequence[Finding]) -> str:
    order = list(Change)
    told = sorted((f for f in findings if f.change is not Change.UNCHANGED), key=lambda f: order.index(f.change))
    if not told:
        return f"<p>{words.PLAN_NOTHING}</p>"
    head = "".join(f"<th>{name}</th>" for name in words.PLAN_COLUMNS)
    rows = "".join(map(_finding, told[:SHOWN]))
    more = f"<p>{words.PLAN_MORE.format(len(told) - SHOWN)}</p>" if len(told) > SHOWN else ""
    return (
        f'<div class="rows" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>{more}'
    )


def _finding(finding: Finding) -> str:
    sign, word = words.CHANGES[finding.change]
    return (
        f'<tr><td class="change {finding.change}"><span aria-hidden="true">{sign}</span> {word}</td>'
        f"<td><code>{escape(finding.place)}</code></td><td>{escape(finding.reason)}</td></tr>"
    )


def removed(receipt: Receipt, *, with_documents: bool) -> str:
    """The receipt of a source's removal."""
    if not with_documents:
        return notice(words.REMOVED_KEPT)
    return notice(
        words.REMOVED_DELETED.format(
            count(receipt.documents, "document"),
            count(receipt.versions, "version"),
            count(receipt.chunks, "chunk"),
            size(receipt.size),
        )
    )
