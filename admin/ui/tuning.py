"""Settings of a collection, what others would change, and its labelled questions, as HTML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from typing import Any

from admin.curation.bench.comparing import Comparison, Moved
from admin.curation.bench.fitting import FEWEST_OF_A_KIND, Fit
from admin.curation.bench.regression import BrokenQuestion
from admin.curation.bench.standing import Standing
from admin.measures import Difference
from admin.ui import retrieval_words as words
from admin.ui.markup import button, empty, moment
from admin.ui.words import count
from chat.rag.answer import Source
from chat.rag.retriever import RetrievalSettings
from chat.store.revisions import Revision

LISTED = 200
NOTHING_CHOSEN = empty(words.CHOOSE, words.CHOOSE_HINT)


@dataclass(frozen=True)
class Trial:
    """Settings that were compared or fitted and may be made live. Never leaves the server."""

    collection: str
    settings: RetrievalSettings
    note: str
    scores: Mapping[str, Any] = field(default_factory=dict)


def share(settings: RetrievalSettings) -> float:
    """The dense arm's part of the weight, in percent."""
    both = settings.dense_weight + settings.keyword_weight
    return 100 * settings.dense_weight / both if both else 50.0


def in_words(settings: RetrievalSettings) -> str:
    said = words.IN_WORDS.format(words.FUSIONS[settings.fusion].removeprefix("the "), share(settings))
    if settings.rerank:
        said += words.READ_BY.format(escape(words.READERS.get(settings.rerank, settings.rerank)))
    return said + (words.FROM.format(settings.threshold) if settings.threshold is not None else "")


def tuning(standing: Standing) -> str:
    """How the collection is searched, the fields to try other settings, and the history."""
    live = next((line for line in standing.history if line.live), None)
    said = words.USUAL
    if live is not None and not standing.usual:
        said = words.OWN.format(live.number, escape(live.by or words.SOMEBODY), moment(live.created_at))
    title = words.TUNING.format(escape(standing.collection))
    return f"<section><h2>{title}</h2><p>{said}</p>{_fields(standing)}{_history(standing)}</section>"


def _fields(standing: Standing) -> str:
    settings = standing.settings
    fusions = "".join(
        f'<option value="{value}"{" selected" if value is settings.fusion else ""}>{shown}</option>'
        for value, shown in words.FUSIONS.items()
    )
    threshold = "" if settings.threshold is None else f"{settings.threshold:g}"
    labelled = len(standing.questions)
    on_all = words.ON_ALL.format(count(labelled, "labelled question")) if labelled else words.ON_NONE
    acts = (
        button(words.ON_ONE, "one"),
        button(on_all, "all"),
        button(words.FIT, "fit") if labelled else "",
    )
    hints = f"{words.SHARE_HINT} {words.THRESHOLD_HINT} {words.READING_HINT}"
    return (
        f'<fieldset><legend>{words.TRY}</legend><label>{words.FUSION}<select name="fusion">{fusions}</select></label>'
        f'<label title="{words.SHARE_HINT}">{words.SHARE}<input name="share" type="number" min="0" max="100" step="5" '
        f'value="{share(settings):.0f}"></label>'
        f'<label title="{words.THRESHOLD_HINT}">{words.THRESHOLD}<input name="threshold" type="number" min="0.01" '
        f'max="0.99" step="0.01" value="{threshold}" placeholder="–"></label>{_reading(settings.rerank)}'
        f'<div class="acts">{"".join(acts)}</div><small>{hints}</small></fieldset>'
    )


def _reading(now: str | None) -> str:
    """The choice of who reads the best passages again; the second field is for a cross-encoder alone."""
    chosen = words.CROSS if now and now not in words.READERS else now or ""
    options = "".join(
        f'<option value="{value}"{" selected" if value == chosen else ""}>{shown}</option>'
        for value, shown in words.READINGS.items()
    )
    name = escape(now or "") if chosen == words.CROSS else ""
    return (
        f'<label title="{words.READING_HINT}">{words.READING}<select name="reading">{options}</select></label>'
        f'<label class="encoder">{words.ENCODER}<input name="encoder" value="{name}" spellcheck="false" '
        f'autocapitalize="none" maxlength="500" placeholder="{words.ENCODER_EXAMPLE}"></label>'
    )


def _history(standing: Standing) -> str:
    if not standing.history:
        return ""
    head = "".join(f"<th>{name}</th>" for name in words.HISTORY_COLUMNS)
    back = button(words.GO_BACK, "back", number=0) if not standing.usual else words.LIVE
    first = f"<tr><td>–</td><td colspan=4>{words.THE_USUAL}</td><td>{back}</td></tr>"
    rows = "".join(map(_revision, standing.history))
    return (
        f"<details><summary>{words.HISTORY} ({len(standing.history)})</summary>"
        f"<table><thead><tr>{head}<th></th></tr></thead><tbody>{rows}{first}</tbody></table></details>"
    )


def _revision(line: Revision) -> str:
    settings = RetrievalSettings().but(line.settings)
    reached = line.scores.get("ndcg", {}).get("held_out")
    act = words.LIVE if line.live else button(words.GO_BACK, "back", number=line.number)
    return (
        f"<tr><td>{line.number}</td><td>{in_words(settings)}<small>{escape(line.note)}</small></td>"
        f"<td>{f'{reached:.3f}' if isinstance(reached, float) else ''}</td>"
        f"<td>{escape(line.by or words.SOMEBODY)}</td><td>{moment(line.created_at)}</td><td>{act}</td></tr>"
    )


def fitted(fit: Fit) -> str:
    """What the fit found, in sentences."""
    weights, threshold = fit.weights, fit.threshold
    said = [words.FITTED_WEIGHTS.format(100 * weights.value, weights.held_out, weights.usual)]
    if weights.worse:
        said = [words.FITTED_WORSE.format(weights.held_out, weights.usual)]
    said.append(words.FITTED_ARMS.format(fit.dense_alone, fit.keyword_alone))
    if threshold is None:
        said.append(words.THRESHOLD_UNFITTED.format(FEWEST_OF_A_KIND, FEWEST_OF_A_KIND))
    elif threshold.worse:
        said.append(words.THRESHOLD_WORSE)
    else:
        said.append(words.FITTED_THRESHOLD.format(threshold.value, threshold.held_out, threshold.usual))
    lines = "".join(f"<li>{line}</li>" for line in said)
    return f"<h3>{words.FITTED.format(count(weights.questions, 'question'))}</h3><ul>{lines}</ul>"


def progress(done: float, elapsed_s: float) -> str:
    """How far the asking is (0 to 1), about how long it takes yet, and the way to stop it."""
    left = _duration(elapsed_s / done - elapsed_s) if done else ""
    said = words.ASKING.format(done, left) if left else words.WORKING
    stop = button(words.STOP, "stop")
    bar = f'<progress value="{done:.3f}" aria-label="{words.ASKING_LABEL}"></progress>'
    return f'<div class="asking writing" role="status">{bar}<span>{said}</span>{stop}</div>'


def _duration(seconds: float) -> str:
    """A length of time as people say it: `40 seconds`, `11 minutes`."""
    if seconds < 90:
        return count(max(round(seconds), 1), "second")
    return count(round(seconds / 60), "minute")


def with_evidence(trial: Trial, live: RetrievalSettings, found: Comparison | None) -> Trial:
    """The trial of another reader, with what the questions say of it: it was fitted to none of them."""
    if found is None or not _other_reader(trial, live) or "ndcg" in trial.scores:
        return trial
    held_out = {"held_out": found.after.ndcg, "usual": found.before.ndcg, "questions": found.questions}
    return replace(trial, scores={**trial.scores, "ndcg": held_out})


def refusal(trial: Trial, standing: Standing, found: Comparison | None) -> str:
    """Why the trial cannot be made live by this person, in words; nothing where it can."""
    if not standing.may_curate:
        return words.NOT_A_CURATOR
    if not _other_reader(trial, standing.settings):
        return ""
    if found is None:
        return words.READER_UNPROVEN
    gain = found.differences["ndcg"]
    return words.READER_PAYS_NOT.format(gain.value, gain.low, gain.high) if gain.value <= 0 else ""


def _other_reader(trial: Trial, live: RetrievalSettings) -> bool:
    return trial.settings.rerank not in (None, live.rerank)


def compared(
    trial: Trial,
    live: RetrievalSettings,
    found: Comparison | None,
    broken: Sequence[BrokenQuestion],
    before: str = "",
    refused: str = "",
) -> str:
    """What the trial's settings would change, and the button that makes them live, or why there is none.

    `before` is HTML that leads.
    """
    body = f"<p>{words.NOT_LABELLED}</p>" if found is None else _comparison(found) + _broken(broken)
    if trial.settings == live:
        return f"<section>{before}<p>{words.SAME}</p></section>"
    body += f"<p>{words.READER_HELD_OUT}</p>" if found is not None and _other_reader(trial, live) else ""
    if refused:
        return f"<section>{before}<h3>{in_words(trial.settings)}</h3>{body}<p>{refused}</p></section>"
    warning = words.MAKE_LIVE_WARNING
    if broken:
        lost = "; ".join(f"“{each.text}”" for each in broken[:5])
        warning = f"{words.BREAKS.format(count(len(broken), 'question'))} {lost}. {warning}"
    act = button(
        words.MAKE_LIVE, "live", looks="go", question=words.MAKE_LIVE_QUESTION.format(trial.collection),
        warning=warning, action=words.MAKE_LIVE,
    )  # fmt: skip
    return f'<section>{before}<h3>{in_words(trial.settings)}</h3>{body}<div class="acts">{act}</div></section>'


def _comparison(found: Comparison) -> str:
    head = "".join(f"<th>{name}</th>" for name in words.COMPARE_COLUMNS)
    rows = "".join(
        _measure(label, getattr(found.before, name), getattr(found.after, name), found.differences[name])
        for name, label in words.MEASURES.items()
    )
    moved = f"<p>{words.NOTHING_MOVED}</p>"
    if found.moved:
        lines = "".join(map(_moved, found.moved[:LISTED]))
        moved = f"<details><summary>{words.MOVED.format(len(found.moved))}</summary><ul>{lines}</ul></details>"
    return (
        f"<p>{words.COMPARED.format(count(found.questions, 'question'))}</p>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{moved}"
    )


def _measure(label: str, before: float, after: float, gain: Difference) -> str:
    interval = words.INTERVAL.format(gain.low, gain.high)
    return (
        f"<tr><th scope=row>{label}</th><td>{before:.3f}</td><td>{after:.3f}</td>"
        f"<td>{gain.value:+.3f}<small>{interval}</small></td><td>{words.UP_DOWN.format(gain.up, gain.down)}</td></tr>"
    )


def _moved(line: Moved) -> str:
    way = words.BETTER if line.better else words.WORSE
    sign = "↑" if line.better else "↓"
    return (
        f"<li><b>{sign} {way}</b> {escape(line.text)} <small>{_place(line.before)} → {_place(line.after)}</small></li>"
    )


def _place(rank: int | None) -> str:
    return words.RANK.format(rank) if rank else words.NO_RANK


def _broken(broken: Sequence[BrokenQuestion]) -> str:
    if not broken:
        return f"<p>✓ {words.BREAKS_NONE}</p>"
    lines = "".join(f"<li>{escape(each.text)} <small>{_place(each.before)}</small></li>" for each in broken)
    return f'<div class="breaks"><p>! {words.BREAKS.format(count(len(broken), "question"))}</p><ul>{lines}</ul></div>'


def side_by_side(live: Sequence[Source], tried: Sequence[Source]) -> str:
    """The passages of one question under what is live and under other settings, with where each one moved."""
    old = {source.chunk_id: source.rank for source in live}
    new = {source.chunk_id: source.rank for source in tried}
    left = "".join(_passage(each, words.LEAVES if each.chunk_id not in new else "") for each in live)
    right = "".join(_passage(each, _move(old.get(each.chunk_id), each.rank)) for each in tried)
    first, second = words.ONE_COLUMNS
    columns = ((first, left), (second, right))
    drawn = "".join(f"<div><h3>{name}</h3><ol>{passages}</ol></div>" for name, passages in columns)
    return f'<section class="beside">{drawn}</section>'


def _move(before: int | None, after: int) -> str:
    if before is None:
        return f"+ {words.ENTERS}"
    if before == after:
        return words.STAYS
    return f"↑ {words.UP.format(before - after)}" if after < before else f"↓ {words.DOWN.format(after - before)}"


def _passage(source: Source, note: str) -> str:
    where = " › ".join(part for part in (source.document, source.section) if part)
    said = escape(" ".join(source.text.split())[:160])
    return f"<li><p><b>{escape(where)}</b> <small>{note}</small></p><p>{said}</p></li>"
