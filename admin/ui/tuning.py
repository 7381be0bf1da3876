"""Settings of a collection, what others would change, and its labelled questions, as HTML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from admin.curation.comparing import Comparison, Moved
from admin.curation.fitting import FEWEST_OF_A_KIND, Fit
from admin.curation.measures import Difference
from admin.curation.regression import BrokenQuestion
from admin.service.bench import Checked, Standing
from admin.ui import retrieval_words as words
from admin.ui.markup import button, empty, moment
from admin.ui.words import count
from chat.rag.answer import Source
from chat.rag.retriever import RetrievalSettings
from chat.store.questions import LabelledQuestion
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
    return (
        f'<fieldset><legend>{words.TRY}</legend><label>{words.FUSION}<select name="fusion">{fusions}</select></label>'
        f'<label title="{words.SHARE_HINT}">{words.SHARE}<input name="share" type="number" min="0" max="100" step="5" '
        f'value="{share(settings):.0f}"></label>'
        f'<label title="{words.THRESHOLD_HINT}">{words.THRESHOLD}<input name="threshold" type="number" min="0.01" '
        f'max="0.99" step="0.01" value="{threshold}" placeholder="–"></label>'
        f'<div class="acts">{"".join(acts)}</div><small>{words.SHARE_HINT} {words.THRESHOLD_HINT}</small></fieldset>'
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


def compared(
    trial: Trial, live: RetrievalSettings, found: Comparison | None, broken: Sequence[BrokenQuestion], before: str = ""
) -> str:
    """What the trial's settings would change, and the button that makes them live. `before` is HTML that leads."""
    body = f"<p>{words.NOT_LABELLED}</p>" if found is None else _comparison(found) + _broken(broken)
    if trial.settings == live:
        return f"<section>{before}<p>{words.SAME}</p></section>"
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


def labelled(
    collection: str, known: Sequence[LabelledQuestion], checked: Sequence[Checked] = (), summary: str = ""
) -> str:
    """The collection's labelled questions; with `checked`, where each finds its passage."""
    if not known:
        return empty(words.LABELLED_NONE, words.LABELLED_HINT.format(escape(collection)))
    ranks = {line.question.id: line for line in checked}
    head = "".join(f"<th>{name}</th>" for name in words.LABELLED_COLUMNS)
    rows = "".join(_labelled(each, ranks.get(each.id)) for each in known[:LISTED])
    more = f"<p>{words.MOST_LISTED.format(LISTED)}</p>" if len(known) > LISTED else ""
    title = words.LABELLED.format(escape(collection), len(known))
    return (
        f"<details{' open' if checked else ''}><summary>{title}</summary>"
        f'<div class="acts">{button(words.CHECK, "check")}</div>{summary}'
        f"<table><thead><tr>{head}<th></th></tr></thead><tbody>{rows}</tbody></table>{more}</details>"
    )


def summarised(found: Comparison | None, checked: Sequence[Checked]) -> str:
    """How the questions do under what is live."""
    if found is None:
        return f"<p>{words.NOT_LABELLED}</p>"
    lost = sum(line.passage_there and line.rank is None for line in checked)
    measures = (found.after.ndcg, found.after.recall, found.after.reciprocal_rank)
    return f"<p>{words.CHECKED.format(*measures, count(found.questions, 'question'), lost)}</p>"


def _labelled(question: LabelledQuestion, checked: Checked | None) -> str:
    delete = button(
        words.FORGET, "forget", id=question.id, question=words.FORGET_QUESTION,
        warning=words.FORGET_WARNING.format(question.text), action=words.FORGET, danger="yes",
    )  # fmt: skip
    where = "<br>".join(escape(label.document) for label in question.right) or words.NO_ANSWER
    return (
        f"<tr><td>{button(question.text, 'ask', looks='title', words=question.text)}</td><td>{where}</td>"
        f"<td>{_found(checked)}</td><td>{delete}</td></tr>"
    )


def _found(checked: Checked | None) -> str:
    if checked is None or not checked.question.right:
        return words.UNCHECKED
    if not checked.passage_there:
        return f'<b class="lost">! {words.PASSAGE_GONE}</b>'
    return words.RANK.format(checked.rank) if checked.rank else f'<b class="lost">! {words.NO_RANK}</b>'
