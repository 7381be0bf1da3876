"""The list of documents and the collections above it, as HTML."""

from collections.abc import Sequence
from html import escape

from admin.service.library import DEFAULT_COLLECTION, Overview, Receipt, Upload
from admin.ui import words
from admin.ui.markup import attributes, button, empty, moment, status
from chat.store.catalogue import PAGE, Line, Sort, Stage, View
from chat.store.collections import CollectionSummary
from chat.ui.kit import icon_button

NUMBERS = (Sort.VERSION, Sort.CHUNKS)


def chips(overview: Overview) -> str:
    """The collections to choose from, and what can be done with the chosen one."""
    every = sum(collection.documents for collection in overview.collections)
    chosen = overview.view.collection
    known = [_chip(words.ALL, every, "", chosen is None)]
    known += [_chip(each.name, each.documents, each.name, each.name == chosen) for each in overview.collections]
    new = button(
        f"+ {words.NEW_COLLECTION}", "create", looks="quiet",
        question=words.NEW_QUESTION, warning=words.NEW_WARNING, field=words.NEW_FIELD, action=words.CREATE,
    )  # fmt: skip
    gone = "".join(_delete_collection(each) for each in overview.collections if each.name == chosen)
    return f'<nav class="chips" aria-label="{words.COLLECTIONS}">{"".join(known)}{new}{gone}</nav>'


def _chip(shown: str, documents: int, name: str, chosen: bool) -> str:
    return (
        f'<button type="button" class="chip" aria-pressed="{str(chosen).lower()}"'
        f"{attributes(event='choose', name=name)}>{escape(shown)} <small>{documents:,}</small></button>"
    )


def _delete_collection(collection: CollectionSummary) -> str:
    return button(
        words.DELETE_COLLECTION, "drop", looks="quiet", name=collection.name, action=words.DELETE, danger=1,
        question=words.DELETE_COLLECTION_QUESTION.format(collection.name),
        warning=words.DELETE_COLLECTION_WARNING.format(words.count(collection.documents, "document")),
    )  # fmt: skip


def table(overview: Overview) -> str:
    """The stages, one page of the list, and the way to the other pages."""
    if not overview.listing.counts[Stage.ALL]:
        return _nothing(overview)
    head = "".join(_column(sort, overview.view) for sort in Sort)
    select_all = f'<th class="pick"><input type="checkbox" aria-label="{words.SELECT_ALL}"></th>'
    rows = "".join(map(_row, overview.listing.lines))
    none = "" if rows else empty(words.NONE_FOUND, words.NONE_FOUND_HINT)
    return (
        f'<div class="tools">{_stages(overview)}{_bulk()}</div>'
        f"<table><thead><tr>{select_all}{head}<th></th></tr></thead><tbody>{rows}</tbody></table>"
        f"{none}{_paging(overview)}"
    )


def _nothing(overview: Overview) -> str:
    view = overview.view
    if view.text:
        return empty(words.NONE_FOUND, words.NONE_FOUND_HINT)
    if view.collection is not None:
        return empty(words.EMPTY_COLLECTION.format(view.collection), words.EMPTY_COLLECTION_HINT)
    return empty(words.EMPTY, words.EMPTY_HINT)


def _stages(overview: Overview) -> str:
    buttons = (
        f'<button type="button" aria-pressed="{str(stage is overview.view.stage).lower()}"'
        f"{attributes(event='stage', stage=stage)}>{words.STAGES[stage]} <small>{count:,}</small></button>"
        for stage, count in overview.listing.counts.items()
    )
    return f'<div class="stages" role="group" aria-label="{words.STAGE}">{"".join(buttons)}</div>'


def _bulk() -> str:
    """What can be done with the selected ones; the script shows it, and says how many they are."""
    delete = button(
        words.DELETE, "remove", looks="danger", ids="", one=words.DELETE_QUESTION, many=words.DELETE_MANY,
        warning=words.DELETE_WARNING, action=words.DELETE, danger=1,
    )  # fmt: skip
    clear = f'<button type="button" class="quiet clear">{words.CLEAR}</button>'
    return f'<div class="bulk" hidden><span><b></b> {words.SELECTED}</span>{delete}{clear}</div>'


def _column(sort: Sort, view: View) -> str:
    here = sort is view.sort
    order = f' aria-sort="{"descending" if view.descending else "ascending"}"' if here else ""
    number = ' class="number"' if sort in NUMBERS else ""
    return f"<th{order}{number}>{button(words.COLUMNS[sort], 'sort', sort=sort)}</th>"


def _row(line: Line) -> str:
    title = button(line.title, "open", looks="title", id=line.document_id)
    error = f'<p class="why">{escape(line.error)}</p>' if line.status == "failed" and line.error else ""
    label = escape(words.SELECT.format(line.title))
    chosen = f'<input type="checkbox" value="{line.document_id}" aria-label="{label}">'
    retry = button(words.RETRY, "retry", looks="quiet", id=line.document_id) if line.status == "failed" else ""
    cells = (
        f'<td class="pick">{chosen}</td><td class="name">{title}{error}</td>',
        f'<td class="in" data-label="{words.COLUMNS[Sort.COLLECTION]}">{escape(line.collection)}</td>',
        f'<td class="state">{status(line)}</td>',
        f'<td class="number" data-label="{words.COLUMNS[Sort.VERSION]}">{line.version}</td>',
        f'<td class="number" data-label="{words.COLUMNS[Sort.CHUNKS]}">{line.chunks:,}</td>',
        f'<td class="when">{moment(line.added)}</td><td class="acts">{retry}{_bin(line)}</td>',
    )
    return f'<tr data-title="{escape(line.title)}">{"".join(cells)}</tr>'


def _bin(line: Line) -> str:
    asks = attributes(
        event="remove", ids=line.document_id, question=words.DELETE_QUESTION.format(line.title),
        warning=words.DELETE_WARNING, action=words.DELETE, danger=1,
    )  # fmt: skip
    return icon_button("delete", words.DELETE, line.title).replace("<button", f"<button{asks}", 1)


def _paging(overview: Overview) -> str:
    view, total = overview.view, overview.listing.total
    if total <= PAGE:
        return ""
    first, last = view.page * PAGE + 1, min((view.page + 1) * PAGE, total)
    before = button(words.PREVIOUS, "turn", page=view.page - 1) if view.page else ""
    after = button(words.NEXT, "turn", page=view.page + 1) if last < total else ""
    return (
        f'<nav class="paging" aria-label="{words.PAGING}"><span>{words.RANGE.format(first, last, total)}</span>'
        f"{before}{after}</nav>"
    )


def target(overview: Overview) -> str:
    """Where files that are handed in now would go, as HTML."""
    where = words.TARGET.format(overview.view.collection or DEFAULT_COLLECTION)
    return f"<p><b>{words.UPLOAD}</b> {where}</p><p>{words.FORMATS}</p>"


def notice(*sentences: str, problems: Sequence[tuple[str, str]] = ()) -> str:
    """What was just done. `problems` are (file, reason)."""
    said = "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences if sentence)
    lines = "".join(f"<li><b>{escape(name)}</b> {escape(reason)}</li>" for name, reason in problems)
    trouble = f"<p>{words.PROBLEMS}</p><ul>{lines}</ul>" if lines else ""
    kind = "note trouble" if lines else "note"
    return f'<div class="{kind}" role="status"><div>{said}{trouble}</div>{icon_button("close", words.DISMISS)}</div>'


def uploaded(uploads: Sequence[Upload], collection: str | None) -> str:
    """What became of files that were handed in."""
    new = sum(upload.submission is not None and upload.submission.new for upload in uploads)
    same = sum(upload.submission is not None and not upload.submission.new for upload in uploads)
    return notice(
        words.ADDED.format(words.count(new, "file"), collection or DEFAULT_COLLECTION) if new else "",
        words.UNCHANGED.format(words.count(same, "file")) if same else "",
        problems=[(upload.name, upload.problem) for upload in uploads if upload.problem],
    )


def deleted(receipt: Receipt) -> str:
    """A deletion's receipt."""
    if not receipt.documents:
        return notice(words.DELETED_NONE)
    return notice(words.DELETED.format(*_receipt(receipt)))


def collection_deleted(name: str, receipt: Receipt) -> str:
    """The receipt of a collection's deletion."""
    return notice(words.DELETED_COLLECTION.format(name, *_receipt(receipt)))


def _receipt(receipt: Receipt) -> tuple[str, str, str, str]:
    return (
        words.count(receipt.documents, "document"),
        words.count(receipt.versions, "version"),
        words.count(receipt.chunks, "chunk"),
        words.size(receipt.size),
    )
