"""The list of training examples, the ways to make new ones, and what was just done, as HTML."""

from collections.abc import Sequence
from html import escape

from admin.service.examples import ImportReceipt, Overview
from admin.training.drafting import DraftingReport
from admin.training.formats import Found
from admin.training.reviewing import Decision
from admin.ui import examples_words as words
from admin.ui import listing
from admin.ui import words as page_words
from admin.ui.markup import attributes, button, column, empty, moment, paging
from admin.ui.words import count
from chat.store.example_listing import Line, Sort
from chat.store.staleness import Stale
from chat.store.tables import ExampleOrigin, ExampleState


def chips(overview: Overview) -> str:
    """The collections to choose from; nothing where there is only one."""
    if len(overview.collections) < 2:
        return ""
    chosen = overview.view.collection
    known = [("", words.ALL), *((each.name, each.name) for each in overview.collections)]
    buttons = "".join(
        f'<button type="button" class="chip" aria-pressed="{str((name or None) == chosen).lower()}"'
        f"{attributes(event='choose', name=name)}>{escape(shown)}</button>"
        for name, shown in known
    )
    return f'<nav class="chips" aria-label="Collections">{buttons}</nav>'


def target(overview: Overview) -> str:
    """What may be dropped, and where it goes."""
    return f"<p><b>{words.TARGET}</b> {escape(words.TARGET_WHERE.format(overview.home))}</p><p>{words.FORMATS}</p>"


def forms(overview: Overview, written: int = 0) -> str:
    """Writing one by hand, drafting from documents, exporting: each folded. Another `written` empties them."""
    where = overview.home
    kinds = "".join(f'<option value="{kind}">{said}</option>' for kind, said in words.FILE_KINDS.items())
    shapes = "".join(f'<option value="{shape}">{said}</option>' for shape, said in words.SHAPES.items())
    write = (
        f'<label>{words.QUESTION}<textarea name="question" rows="2" required></textarea></label>'
        f'<label>{words.ANSWER}<textarea name="answer" rows="4" required></textarea></label>'
        f'<label class="option"><input type="checkbox" name="refuse"> {words.REFUSE}</label>'
        f'<button class="go">{words.ADD}</button>'
    )
    draft = (
        f"<p>{escape(words.DRAFT_SAID.format(where))}</p>"
        f'<label>{words.DRAFT_MANY}<input name="many" type="number" min="1" max="500" value="20" required></label>'
        f'<button class="go">{words.DRAFT_GO}</button>'
    )
    export = (
        f'<p>{words.EXPORT_SAID}</p><label>{words.FORMAT}<select name="format">{kinds}</select></label>'
        f'<label>{words.SHAPE}<select name="shape">{shapes}</select></label>'
        f'<button class="go">{words.EXPORT_GO}</button>'
    )
    every = ((words.WRITE, "write", write), (words.DRAFT, "draft", draft), (words.EXPORT, "export", export))
    return "".join(
        f'<details name="example-forms"><summary>{title}</summary>'
        f"<form{attributes(sends=event, collection=where, written=written)}>{fields}</form></details>"
        for title, event, fields in every
    )


def table(overview: Overview) -> str:
    """What is left to review, one page of the list, and the way to the other pages."""
    if not overview.may_add:
        return empty(words.SHUT, words.SHUT_HINT)
    told = drafting(overview.drafting)
    if not overview.listing.every:
        return told + empty(words.EMPTY, words.EMPTY_HINT)
    view = overview.view
    head = "".join(
        column(shown, sort, here=sort is view.sort, descending=view.descending, number=sort is Sort.VERSION)
        for sort, shown in words.COLUMNS.items()
    )
    tick_all = f'<th class="pick"><input type="checkbox" aria-label="{page_words.SELECT_ALL}"></th>'
    rows = "".join(map(_row, overview.listing.lines))
    none = "" if rows else empty(words.NONE_FOUND, words.NONE_FOUND_HINT)
    return (
        f'{told}<div class="tools">{_stages(overview)}{_review(overview)}{_bulk()}</div>'
        f"<table><thead><tr>{tick_all}{head}</tr></thead><tbody>{rows}</tbody></table>{none}"
        f"{paging(view.page, overview.listing.total)}"
    )


def drafting(report: DraftingReport | None) -> str:
    """How drafting goes, or went: what survived the checks, and why the others did not."""
    if report is None:
        return ""
    if report.under_way:
        said = words.DRAFTING.format(report.collection, report.kept, report.wanted)
        return f'<p class="drafting" role="status">{escape(said)} {button(words.STOP, "stop")}</p>'
    more = words.DRAFTED_NOT.format(report.unanswerable) if report.unanswerable else ""
    said = words.DRAFTED.format(report.collection, report.kept, report.tried, more)
    why = ", ".join(f"{number:,} × {reason}" for reason, number in report.dropped.items())
    dropped = f" <small>{escape(words.DRAFTED_DROPPED.format(why))}</small>" if why else ""
    return f'<p class="drafting">{escape(said)}{dropped}</p>'


def status(state: ExampleState) -> str:
    """A state, in a sign and words."""
    sign, word = words.STATES[state]
    name = state.replace(" ", "-")
    return f'<span class="status {name}"><span aria-hidden="true">{sign}</span> {word}</span>'


def stale(reasons: Sequence[Stale]) -> str:
    """Why an example is stale; nothing where it is not."""
    said = "".join(f"<li>{escape(words.STALE_REASONS[each.reason].format(each.document))}</li>" for each in reasons)
    return f'<ul class="health" aria-label="{words.STALE}">{said}</ul>' if said else ""


def imported(name: str, receipt: ImportReceipt) -> str:
    """What an import did."""
    return listing.notice(
        words.IMPORTED.format(name, receipt.added, receipt.revised, receipt.unchanged),
        words.SYSTEMS.format(count(receipt.systems, "row")) if receipt.systems else "",
        words.PASSED_OVER.format(count(receipt.passed_over, "bad row")) if receipt.passed_over else "",
    )


def not_imported(name: str, found: Found) -> str:
    """Why nothing was imported, and the way to import the good rows all the same."""
    problems = [(f"Row {number:,}", f"{said}.") for number, said in found.problems]
    said = listing.notice(f"{name}: {words.NOTHING_GOOD}", problems=problems)
    if not found.examples:
        return said
    anyway = button(words.GOOD_ROWS.format(len(found.examples), found.rows), "anyway", looks="go")
    return said.replace("</ul>", f"</ul>{anyway}", 1)


def decided(decision: Decision) -> str:
    """What was decided about how many, and the way to take it back."""
    said = listing.notice(words.DECIDED[decision.state].format(count(len(decision.before), "example")))
    undo = button(words.UNDO, "undo")
    return said.replace("</p>", f"</p>{undo}", 1) if decision.before else said


def _stages(overview: Overview) -> str:
    counts, view = overview.listing.counts, overview.view
    known = [("", words.ALL, sum(counts.values())), *((s, words.STATES[s][1], counts.get(s, 0)) for s in words.STATES)]
    buttons = "".join(
        f'<button type="button" aria-pressed="{str((state or None) == view.state).lower()}"'
        f"{attributes(event='stage', state=state)}>{word} <small>{number:,}</small></button>"
        for state, word, number in known
    )
    if overview.listing.stale or view.stale:
        buttons += (
            f'<button type="button" class="outdated" aria-pressed="{str(view.stale).lower()}"'
            f"{attributes(event='outdated')}>{words.STALE} <small>{overview.listing.stale:,}</small></button>"
        )
    return f'<div class="stages" role="group" aria-label="{words.STATE}">{buttons}</div>'


def _review(overview: Overview) -> str:
    drafts = overview.listing.counts.get(ExampleState.DRAFT, 0)
    return button(words.REVIEW.format(count(drafts, "draft")), "review", looks="go start") if drafts else ""


def _bulk() -> str:
    """What can be done with the selected ones; the script shows it, and says how many they are."""
    approve = button(
        words.APPROVE, "approve", ids="", one=words.APPROVE_ONE, many=words.APPROVE_MANY,
        warning=words.APPROVE_WARNING, action=words.APPROVE,
    )  # fmt: skip
    work = _with_reason(words.WORK, "work", words.WORK_MANY, words.WORK_WARNING)
    reject = _with_reason(words.REJECT, "reject", words.REJECT_MANY, words.REJECT_WARNING)
    export = button(words.EXPORT, "export", ids="")
    delete = button(
        page_words.DELETE, "remove", looks="danger", ids="", one=words.DELETE_ONE, many=words.DELETE_MANY,
        warning=words.DELETE_WARNING, action=page_words.DELETE, danger=1,
    )  # fmt: skip
    clear = f'<button type="button" class="quiet clear">{page_words.CLEAR}</button>'
    acts = approve + work + reject + export + delete + clear
    return f'<div class="bulk" hidden><span><b></b> {page_words.SELECTED}</span>{acts}</div>'


def _with_reason(shown: str, event: str, many: str, warning: str) -> str:
    return button(
        shown, event, ids="", one=many.replace("{} examples", "1 example"), many=many, warning=warning,
        field=words.REASON, action=shown, longest=300,
    )  # fmt: skip


def _row(line: Line) -> str:
    title = button(line.question, "open", looks="title", id=line.id)
    notes = [words.PREFERENCE if line.preference else "", "" if line.answerable else words.NOT_ANSWERABLE]
    note = "".join(f"<small>{said}</small>" for said in notes if said)
    own = f"<small>{words.BY_AUTHOR}</small>" if line.by_author and line.state is not ExampleState.DRAFT else ""
    cells = (
        f'<td class="pick"><input type="checkbox" value="{line.id}"'
        f' aria-label="{escape(page_words.SELECT.format(line.question[:80]))}"></td>',
        f'<td class="name">{title}{stale(line.stale)}</td>',
        f'<td class="answer"><span>{escape(line.answer)}</span>{note}</td>',
        f'<td class="state">{status(line.state)}{own}</td>',
        f'<td class="about">{words.ORIGINS[ExampleOrigin(line.origin)]}<small>{escape(line.key)}</small></td>',
        f'<td class="number" data-label="{words.COLUMNS[Sort.VERSION]}">{line.version}</td>',
        f'<td class="about">{escape(line.person or page_words.UNKNOWN)}</td>',
        f'<td class="when">{moment(line.changed)}</td>',
    )
    return f'<tr data-title="{escape(line.question[:80])}">{"".join(cells)}</tr>'
