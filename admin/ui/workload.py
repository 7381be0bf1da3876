"""Workers, jobs in work, jobs that wait and what failed, as HTML."""

from collections.abc import Iterable, Sequence
from html import escape

from admin.service.jobs import Workload
from admin.ui import words
from admin.ui.markup import button, empty, moment
from chat.store.catalogue import Line
from chat.store.jobs import AliveWorker, Job


def page(work: Workload) -> str:
    """All of it: what needs somebody's attention does not hide below what does not."""
    if not (work.workers or work.running or work.waiting or work.failed or work.unread):
        return empty(words.JOBS_EMPTY, words.JOBS_EMPTY_HINT)
    return "".join(part(work) for part in (_summary, _failures, _running, _workers, _waiting))


def _summary(work: Workload) -> str:
    """How much is left, in one sentence that is read out when it changes."""
    left = work.count("waiting") + work.count("running")
    if not left:
        return f'<p class="left" role="status">{words.JOBS_DONE}</p>'
    kept = "" if work.workers else f" {words.JOBS_KEPT}"
    return f'<p class="left" role="status">{words.JOBS_LEFT.format(words.count(left, "job"))}{kept}</p>'


def _failures(work: Workload) -> str:
    unread = (_unread(line, may_act=line.collection in work.curated) for line in work.unread)
    rows = [*(_failed(job, may_act=_may_act(job, work)) for job in work.failed), *unread]
    return _section(words.JOBS_FAILED, ("job", "why", "when", "acts"), rows) if rows else ""


def _may_act(job: Job, work: Workload) -> bool:
    """Whether this person may end or retry it; one that belongs to no collection is shown to none who may not."""
    return job.collection is None or job.collection in work.curated


def _failed(job: Job, *, may_act: bool) -> Sequence[str]:
    again = (
        ""
        if not may_act
        else button(words.RETRY, "again", looks="quiet", label=f"{words.RETRY}: {_kind(job.task)}", id=job.id)
    )
    when = moment(job.since) if job.since else ""
    return f"<b>{escape(_kind(job.task))}</b>", _why(job.error), when, again


def _unread(line: Line, *, may_act: bool) -> Sequence[str]:
    label = f"{words.RETRY}: {line.title}"
    again = "" if not may_act else button(words.RETRY, "retry", looks="quiet", label=label, id=line.document_id)
    title = button(line.title, "open", looks="title", id=line.document_id)
    return f"{title}<small>{escape(line.collection)}</small>", _why(line.error), moment(line.added), again


def _why(error: str | None) -> str:
    return f'<span class="why">{escape(error or words.JOB_NO_REASON)}</span>'


def _running(work: Workload) -> str:
    rows = [(_what(job), _progress(job), _since(job), _cancel(job, work)) for job in work.running]
    return _section(words.JOBS_RUNNING, ("job", "done", "since", "acts"), rows) if rows else ""


def _progress(job: Job) -> str:
    """How far it is, where that is known."""
    if job.progress is None:
        return ""
    label = escape(f"{_kind(job.task)}: {job.document or ''}")
    return f'<progress max="1" value="{job.progress:.3f}" aria-label="{label}"></progress> {job.progress:.0%}'


def _since(job: Job) -> str:
    again = words.JOB_TRIES.format(job.tries + 1) if job.tries else ""
    return (moment(job.since) if job.since else "") + (f"<small>{again}</small>" if again else "")


def _waiting(work: Workload) -> str:
    if not work.waiting:
        return ""
    kinds = " · ".join(
        f"{escape(_kind(task))}: {count:,}" for (state, task), count in work.counts.items() if state == "waiting"
    )
    rows = [
        (_what(job) + (_why(job.error) if job.error else ""), _since(job), _cancel(job, work)) for job in work.waiting
    ]
    more = work.count("waiting") - len(rows)
    note = f"<p>{words.JOBS_MORE.format(more)}</p>" if more > 0 else ""
    shown = _section(words.JOBS_WAITING, ("job", "since", "acts"), rows, f"<p>{kinds}. {words.JOBS_TURNS}</p>")
    return shown + note


def _what(job: Job) -> str:
    if job.document_id is None or job.document is None:
        return f"<b>{escape(_kind(job.task))}</b>"
    title = button(job.document, "open", looks="title", id=job.document_id)
    return f"{title}<small>{escape(f'{_kind(job.task)} · {job.collection}')}</small>"


def _cancel(job: Job, work: Workload) -> str:
    if not _may_act(job, work):
        return ""
    name = job.document or _kind(job.task)
    return button(
        words.JOB_CANCEL, "cancel", looks="quiet", label=f"{words.JOB_CANCEL}: {name}", id=job.id, danger=1,
        question=words.JOB_CANCEL_QUESTION.format(name), warning=words.JOB_CANCEL_WARNING,
        action=words.JOB_CANCEL_ACTION, cancel=words.JOB_CANCEL_NOT,
    )  # fmt: skip


def _workers(work: Workload) -> str:
    if not work.workers:
        return f'<section><h3>{words.JOBS_WORKERS}</h3><p class="idle">{words.NO_WORKER}</p></section>'
    rows = [
        (
            f"<b>{escape(each.host)}</b><small>{words.WORKER_PROCESS.format(each.pid)}</small>",
            _busy(each, work.running),
            moment(each.since),
        )
        for each in work.workers
    ]
    return _section(words.JOBS_WORKERS, ("worker", "does", "since"), rows)


def _busy(worker: AliveWorker, running: Sequence[Job]) -> str:
    """What it has in hand, as far as that may be known here."""
    known = [job.document or _kind(job.task) for job in running if job.worker in worker.ids]
    return escape(", ".join(known)) or (words.count(worker.jobs, "job") if worker.jobs else words.WORKER_IDLE)


def _kind(task: str) -> str:
    """What jobs of that task are called."""
    return words.TASKS.get(task, task)


def _section(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], intro: str = "") -> str:
    """A table under a heading; `columns` are keys of `words.JOB_COLUMNS`, cells are HTML."""
    head = "".join(f'<th class="{column}">{words.JOB_COLUMNS[column]}</th>' for column in columns)
    lines = ("".join(map(_cell, columns, row)) for row in rows)
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return (
        f"<section><h3>{title}</h3>{intro}<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></section>"
    )


def _cell(column: str, content: str) -> str:
    return f'<td class="{column}" data-label="{words.JOB_COLUMNS[column]}">{content}</td>'
