"""Snapshots, what one holds, and what is not the same in two, as HTML."""

from collections.abc import Sequence
from html import escape

from admin.training.snapshots import Difference
from admin.ui import snapshots_words as words
from admin.ui.markup import button, empty, moment
from admin.ui.words import count
from chat.store.snapshots import Frozen, SnapshotLine

SHOWN = 100
"""Examples of a snapshot, or of a difference, that are listed."""


def form(collections: Sequence[str], made: int) -> str:
    """The form for a new snapshot. Another number `made` empties it; without any it stands open."""
    options = "".join(f"<option>{escape(name)}</option>" for name in collections)
    shares = "".join(
        f'<option value="{share}"{" selected" if share == "0.1" else ""}>{said}</option>'
        for share, said in words.SHARES.items()
    )
    return (
        f'<details{"" if made else " open"} data-made="{made}"><summary>{words.NEW}</summary><form><div class="line">'
        f'<label>{words.NAME}<input name="name" required maxlength="63" pattern="[a-z0-9][a-z0-9\\-]*"'
        f' placeholder="{words.NAME_EXAMPLE}" autocapitalize="none" autocomplete="off"></label>'
        f'<label>{words.COLLECTION}<select name="collection">{options}</select></label>'
        f'<label>{words.SHARE}<select name="share">{shares}</select></label>'
        f'<label>{words.SEED}<input name="seed" value="1" inputmode="numeric" pattern="[0-9]{{1,9}}" required'
        f' title="{words.SEED_HINT}"></label></div>'
        f'<label>{words.DECLARED}<input name="declared" maxlength="1000" placeholder="{words.DECLARED_HINT}"></label>'
        f'<div class="acts"><button class="go">{words.CREATE}</button></div></form></details>'
    )


def table(lines: Sequence[SnapshotLine]) -> str:
    """The list of snapshots, or what one is good for."""
    if not lines:
        return empty(words.EMPTY, words.EMPTY_HINT)
    head = "".join(f"<th>{name}</th>" for name in words.COLUMNS)
    rows = "".join(map(_row, lines))
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{_comparing(lines)}"


def _row(line: SnapshotLine) -> str:
    runs = ", ".join(words.RUN.format(run.run, escape(run.status)) for run in line.runs) or words.NO_RUNS
    who = f"<small>{escape(line.person)}</small>" if line.person else ""
    cells = (
        f'<td class="name"><b>{escape(line.name)}</b><small>{escape(line.collection)}</small></td>',
        f'<td class="number" data-label="{words.COLUMNS[1]}">{line.train:,}</td>',
        f'<td class="number" data-label="{words.COLUMNS[2]}">{line.validation:,}</td>',
        f'<td data-label="{words.COLUMNS[3]}"><code title="{line.sha256}">{line.sha256[:12]}</code></td>',
        f'<td class="said">{checked(line)}</td>',
        f'<td class="when">{moment(line.created_at)}{who}</td>',
        f'<td class="when" data-label="{words.COLUMNS[6]}">{runs}</td>',
        f'<td class="acts">{_acts(line)}</td>',
    )
    return f"<tr>{''.join(cells)}</tr>"


def _acts(line: SnapshotLine) -> str:
    look = button(words.LOOK, "look", name=line.name, label=f"{words.LOOK} {line.name}")
    if line.runs:
        return look
    return look + button(
        words.DELETE, "remove", name=line.name, danger=1, action=words.DELETE, label=f"{words.DELETE} {line.name}",
        question=words.DELETE_QUESTION.format(line.name),
        warning=words.DELETE_WARNING.format(count(line.rows, "example")),
    )  # fmt: skip


def checked(line: SnapshotLine) -> str:
    """What the checks said of it, and what was declared."""
    counts = line.report.get("counts", {}).values()
    still, accepted = (sum(each.get(kind, 0) for each in counts) for kind in ("open", "accepted"))
    said = [
        *([words.OPEN.format(f"{still:,}")] if still else []),
        *([words.ACCEPTED.format(f"{accepted:,}")] if accepted else []),
    ]
    declared = line.settings.get("declared", "")
    leaks = f"<small>{words.LEAKS.format(escape(declared))}</small>" if declared else ""
    return (", ".join(said) or words.CLEAN) + leaks


def _comparing(lines: Sequence[SnapshotLine]) -> str:
    if len(lines) < 2:
        return ""
    first, second = (
        "".join(
            f"<option{' selected' if at == chosen else ''}>{escape(line.name)}</option>"
            for at, line in enumerate(lines)
        )
        for chosen in (1, 0)
    )
    return (
        f'<form class="compare"><label>{words.COMPARE} <select name="before">{first}</select></label> '
        f'<label>{words.WITH} <select name="after">{second}</select></label> '
        f'<button value="compare">{words.COMPARE}</button></form>'
    )


def opened(line: SnapshotLine, rows: Sequence[Frozen]) -> str:
    """A snapshot with the first of its examples."""
    head = "".join(f"<th>{name}</th>" for name in words.ROWS)
    body = "".join(
        f"<tr><td>{escape(row.key)}</td><td>{row.number}</td><td>{words.FOR[row.split]}</td>"
        f"<td>{escape(row.wording.question[:300])}</td></tr>"
        for row in rows[:SHOWN]
    )
    about = words.ABOUT.format(count(line.rows, "example"), escape(line.collection), line.settings.get("seed", "?"))
    hashed = f"<p>{about} <code>{line.sha256}</code></p>"
    table = f'<div class="rows" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
    return _section(escape(line.name), hashed + table + _more(len(rows)))


def difference(before: str, after: str, found: Difference) -> str:
    """What is not the same in two snapshots."""
    lists = "".join(
        f"<h3>{said} <small>{len(keys):,}</small></h3><p>{escape(', '.join(keys[:SHOWN]))}</p>{_more(len(keys))}"
        for said, keys in (
            (words.ADDED, found.added),
            (words.REMOVED, found.removed),
            (words.REWORDED, found.reworded),
            (words.MOVED, found.moved),
        )
        if keys
    )
    title = words.DIFFERENCE.format(escape(before), escape(after))
    return _section(title, f"{lists}<p>{words.SAME_ROWS.format(count(found.same, 'example'))}</p>")


def _more(total: int) -> str:
    return f"<p>{words.MORE.format(total - SHOWN)}</p>" if total > SHOWN else ""


def _section(title: str, body: str) -> str:
    close = f'<p class="acts">{button(words.CLOSE, "shut")}</p>'
    return f'<section aria-label="{title}"><h2>{title}</h2>{body}{close}</section>'
