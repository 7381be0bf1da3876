"""The list of documents and the collections above it, as HTML."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from html import escape

from admin.service.library import DEFAULT_COLLECTION, Overview, Receipt, Reread, Upload
from admin.ui import words
from admin.ui.markup import attributes, button, column, day, empty, health, moment, paging, status
from chat.store.catalogue import Line, Sort, Stage, View
from chat.store.collections import CollectionSummary
from chat.store.health import Health
from chat.store.tables import MemberRole
from chat.ui.kit import icon_button

MOST_PROBLEMS = 20
"""Files that could not be taken and are named; of the others, the number is said."""
LONGEST_TAGS = 800
NUMBERS = (Sort.VERSION, Sort.CHUNKS)


def chips(overview: Overview) -> str:
    """The collections to choose from, and what can be done with the chosen one."""
    every = sum(collection.documents for collection in overview.collections)
    chosen = overview.view.collection
    known = [_chip(words.ALL, every, "", chosen is None)]
    known += [_chip(each.name, each.documents, each.name, each.name == chosen) for each in overview.collections]
    new = "" if not overview.may_make_collections else button(
        f"+ {words.NEW_COLLECTION}", "create", looks="quiet",
        question=words.NEW_QUESTION, warning=words.NEW_WARNING, field=words.NEW_FIELD, action=words.CREATE,
    )  # fmt: skip
    owned = [each for each in overview.collections if each.name == chosen and each.role is MemberRole.OWNER]
    acts = "".join(_members(each) + _delete_collection(each) for each in owned)
    return f'<nav class="chips" aria-label="{words.COLLECTIONS}">{"".join(known)}{new}{acts}</nav>'


def _chip(shown: str, documents: int, name: str, chosen: bool) -> str:
    return (
        f'<button type="button" class="chip" aria-pressed="{str(chosen).lower()}"'
        f"{attributes(event='choose', name=name)}>{escape(shown)} <small>{documents:,}</small></button>"
    )


def _members(collection: CollectionSummary) -> str:
    said = words.OPEN_TO_ALL if collection.open else words.CLOSED
    return button(f"{words.MEMBERS}: {said}", "members", looks="quiet", name=collection.name)


def _delete_collection(collection: CollectionSummary) -> str:
    return button(
        words.DELETE_COLLECTION, "drop", looks="quiet", name=collection.name, action=words.DELETE, danger=1,
        question=words.DELETE_COLLECTION_QUESTION.format(collection.name),
        warning=words.DELETE_COLLECTION_WARNING.format(words.count(collection.documents, "document")),
    )  # fmt: skip


def table(overview: Overview) -> str:
    """The stages, one page of the list, and the way to the other pages."""
    if not overview.listing.counts[Stage.ALL]:
        return _tags(overview) + _nothing(overview)
    view = overview.view
    head = "".join(
        column(shown, sort, here=sort is view.sort, descending=view.descending, number=sort in NUMBERS)
        for sort, shown in words.COLUMNS.items()
    )
    tick_all = f'<input type="checkbox" aria-label="{words.SELECT_ALL}">' if overview.curated else ""
    select_all = f'<th class="pick">{tick_all}</th>'
    concerns = overview.listing.health
    rows = "".join(
        _row(line, concerns.get(line.document_id, Health()), may_curate=line.collection in overview.curated)
        for line in overview.listing.lines
    )
    none = "" if rows else empty(words.NONE_FOUND, words.NONE_FOUND_HINT)
    return (
        f'{_tags(overview)}<div class="tools">{_stages(overview)}{_bulk() if overview.curated else ""}</div>'
        f"<table><thead><tr>{select_all}{head}<th></th></tr></thead><tbody>{rows}</tbody></table>"
        f"{none}{paging(view.page, overview.listing.total)}"
    )


def _nothing(overview: Overview) -> str:
    view = overview.view
    if view.text or view.tag:
        return empty(words.NONE_FOUND, words.NONE_FOUND_HINT)
    if view.collection is not None:
        hint = words.EMPTY_COLLECTION_HINT if overview.may_hand_in else ""
        return empty(words.EMPTY_COLLECTION.format(view.collection), hint)
    return empty(words.EMPTY, words.EMPTY_HINT if overview.may_hand_in else words.SHUT_HINT)


def _tags(overview: Overview) -> str:
    """The tags to choose one from; nothing where there are none."""
    chosen = overview.view.tag
    known = dict(overview.listing.tags) | (
        {} if chosen is None else {chosen: dict(overview.listing.tags).get(chosen, 0)}
    )
    buttons = "".join(
        f'<button type="button" class="tag" aria-pressed="{str(name == chosen).lower()}"'
        f"{attributes(event='narrow', name=name)}>{escape(name)} <small>{count:,}</small></button>"
        for name, count in sorted(known.items())
    )
    return f'<nav class="tags" aria-label="{words.TAGS}"><span>{words.TAGS}</span>{buttons}</nav>' if known else ""


def with_tag(view: View, tag: str) -> View:
    """The view, of the documents with that tag; of all of them where it is none, or the one chosen already."""
    return replace(view, tag=tag if tag and tag != view.tag else None, page=0)


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
    tag = button(
        words.TAG, "tag", ids="", one=words.TAG_QUESTION, many=words.TAG_MANY, warning=words.TAG_WARNING,
        field=words.TAGS, action=words.TAG, longest=LONGEST_TAGS,
    )  # fmt: skip
    publish = button(
        words.PUBLISH, "publish", ids="", one=words.PUBLISH_MANY, many=words.PUBLISH_MANY,
        warning=words.PUBLISH_WARNING, action=words.PUBLISH,
    )  # fmt: skip
    again = button(
        words.READ_AGAIN, "reread", ids="", one=words.READ_AGAIN_QUESTION, many=words.READ_AGAIN_MANY,
        warning=words.READ_AGAIN_WARNING, action=words.READ_AGAIN,
    )  # fmt: skip
    retry = button(words.RETRY, "retry", ids="")
    clear = f'<button type="button" class="quiet clear">{words.CLEAR}</button>'
    acts = f"{tag}{publish}{again}{retry}{delete}{clear}"
    return f'<div class="bulk" hidden><span><b></b> {words.SELECTED}</span>{acts}</div>'


def _row(line: Line, concerns: Health, *, may_curate: bool) -> str:
    title = button(line.title, "open", looks="title", id=line.document_id)
    error = f'<p class="why">{escape(line.error)}</p>' if line.status == "failed" and line.error else ""
    label = escape(words.SELECT.format(line.title))
    chosen = f'<input type="checkbox" value="{line.document_id}" aria-label="{label}">' if may_curate else ""
    tags = "".join(f'<span class="tag">{escape(tag)}</span>' for tag in line.tags)
    name = f"{title}{error}{health(concerns)}" + (f'<p class="tags">{tags}</p>' if tags else "")
    cells = (
        f'<td class="pick">{chosen}</td><td class="name">{name}</td>',
        f'<td class="in" data-label="{words.COLUMNS[Sort.COLLECTION]}">{escape(line.collection)}</td>',
        f'<td class="state">{status(line)}</td>',
        f'<td class="number" data-label="{words.COLUMNS[Sort.VERSION]}">{line.version}</td>',
        f'<td class="number" data-label="{words.COLUMNS[Sort.CHUNKS]}">{line.chunks:,}</td>',
        f'<td class="about" data-label="{words.COLUMNS[Sort.LANGUAGE]}">{_language(line)}</td>',
        f'<td class="about" data-label="{words.COLUMNS[Sort.OWNER]}">{escape(line.owner or words.UNKNOWN)}</td>',
        f'<td class="when" data-label="{words.COLUMNS[Sort.CITED]}">{_cited_last(line)}</td>',
        f'<td class="when" data-label="{words.COLUMNS[Sort.ADDED]}">{moment(line.added)}</td>',
        f'<td class="acts">{_next(line) + _bin(line) if may_curate else ""}</td>',
    )
    return f'<tr data-title="{escape(line.title)}">{"".join(cells)}</tr>'


def _language(line: Line) -> str:
    return escape(words.LANGUAGES.get(line.language or "", line.language or words.UNKNOWN))


def _cited_last(line: Line) -> str:
    return day(line.cited) if line.cited else words.NEVER


def _next(line: Line) -> str:
    """What a document that is not ready asks for."""
    if line.status == "failed":
        return button(words.RETRY, "retry", looks="quiet", ids=line.document_id)
    if line.status in ("queued", "processing"):
        return button(words.CANCEL, "cancel", looks="quiet", id=line.document_id)
    return ""


def _bin(line: Line) -> str:
    asks = attributes(
        event="remove", ids=line.document_id, question=words.DELETE_QUESTION.format(line.title),
        warning=words.DELETE_WARNING, action=words.DELETE, danger=1,
    )  # fmt: skip
    return icon_button("delete", words.DELETE, line.title).replace("<button", f"<button{asks}", 1)


def target(overview: Overview) -> str:
    """Where files that are handed in now would go, as HTML."""
    name = overview.view.collection or DEFAULT_COLLECTION
    if not overview.may_hand_in:
        return f'<p class="shut">{escape(words.SHUT_TARGET.format(name))}</p>'
    where = words.TARGET.format(name)
    folder = f'<button type="button" class="folder">{words.FOLDER}</button>'
    return f"<p><b>{words.UPLOAD}</b> {where}</p><p>{words.FORMATS} {folder}</p>"


def notice(*sentences: str, problems: Sequence[tuple[str, str]] = ()) -> str:
    """What was just done. `problems` are (file, reason)."""
    said = "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences if sentence)
    shown, more = problems[:MOST_PROBLEMS], len(problems) - MOST_PROBLEMS
    lines = "".join(f"<li><b>{escape(name)}</b> {escape(reason)}</li>" for name, reason in shown)
    lines += f"<li>{words.MORE_PROBLEMS.format(more)}</li>" if more > 0 else ""
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
        *_passed_over(uploads),
        problems=[(upload.name, upload.problem) for upload in uploads if upload.problem],
    )


def _passed_over(uploads: Sequence[Upload]) -> list[str]:
    """What came along in a folder or an archive and was left out, in words."""
    reasons = Counter(upload.passed_over for upload in uploads if upload.passed_over)
    return [words.PASSED_OVER.format(words.count(count, "file"), reason) for reason, count in reasons.items()]


def reread(rereads: Sequence[Reread]) -> str:
    """What became of documents that were to be read again."""
    begun = sum(bool(each.submissions) for each in rereads)
    busy = sum(not each.submissions and each.problem is None for each in rereads)
    return notice(
        words.READING_AGAIN.format(words.count(begun, "document")) if begun else "",
        words.READ_ALREADY.format(words.count(busy, "document is", "documents are")) if busy else "",
        problems=[(each.title, each.problem) for each in rereads if each.problem],
    )


def deleted(receipt: Receipt) -> str:
    """A deletion's receipt."""
    if not receipt.documents:
        return notice(words.DELETED_NONE)
    return notice(words.DELETED.format(*_receipt(receipt)), _cited(receipt))


def collection_deleted(name: str, receipt: Receipt) -> str:
    """The receipt of a collection's deletion."""
    return notice(words.DELETED_COLLECTION.format(name, *_receipt(receipt)), _cited(receipt))


def _cited(receipt: Receipt) -> str:
    uses = receipt.cited
    if not uses.answers:
        return words.NOT_CITED
    return words.STILL_CITED.format(
        words.count(uses.answers, "answer"), words.count(uses.conversations, "conversation")
    )


def _receipt(receipt: Receipt) -> tuple[str, ...]:
    return (
        words.count(receipt.documents, "document"),
        words.count(receipt.versions, "version"),
        words.count(receipt.chunks, "chunk"),
        words.count(receipt.chunks, "vector"),
        words.size(receipt.size),
    )
