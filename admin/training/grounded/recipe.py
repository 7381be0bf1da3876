"""The rows that `grounded` learns from: what goes in, in which shares, and how it is trained."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from admin.training.grounded import looking, written
from admin.training.grounded.candidates import Candidate
from admin.training.grounded.groups import Group
from admin.training.grounded.looking import Look
from admin.training.grounded.squad import DEVELOPMENT, TEST, Article

SEED = 7
REFUSED = 0.4
"""Unanswerable questions for each answerable one; with those whose passage was not found, a third of all."""
SECOND_VIEW = 0.4
"""Share of the articles' questions that are asked a second time, on other passages."""
WRITTEN, WRITTEN_ALONE = 110, 330
"""Groups of rows written for the project: beside the articles, and without them."""
VALIDATED = 24
"""Questions on the development article that the loss is measured on meanwhile."""
KEPT_ASIDE = 0.007
"""Share of all rows that may be; without the articles, rows of the project's own are."""
SETTINGS: Mapping[str, Any] = {
    "epochs": 1,
    "learning_rate": 8e-4,
    "rank": 16,
    "alpha": 32,
    "batch": 32,
    "max_tokens": 1280,
    "warmup": 0.06,
    "evaluate_every": 40,
    "checkpoint_every": 5,
    "look_up": False,
    "seed": SEED,
}
"""How it is trained: plain LoRA on every linear layer, 9.8 MB in bfloat16. A step has room for four whole groups."""


def learned(articles: Sequence[Article], curated: Sequence[Candidate], look: Look, seed: int = SEED) -> list[Group]:
    """All groups that are trained on, in an order that the seed decides. Held-out articles are left out."""
    random = Random(seed)
    own = _thinned(curated, 0, random)
    found = [*_from_articles(articles, look, random), *looking.groups(own, look, "demo-", random, least=1)]
    found += written.groups(WRITTEN if articles else WRITTEN_ALONE, seed)
    random.shuffle(found)
    return found


def validated(articles: Sequence[Article], look: Look, seed: int = SEED) -> list[Group]:
    """Groups on the development article; `look` finds in that alone."""
    random = Random(seed)
    questions = [each for article in articles if article.title in DEVELOPMENT for each in article.questions]
    found: list[Group] = []
    for group in looking.groups(_thinned(questions, 0, random), look, "development-", random):
        found.append(group)
        if sum(len(each.asked) for each in found) >= VALIDATED:
            break
    return found


def _from_articles(articles: Sequence[Article], look: Look, random: Random) -> Iterator[Group]:
    """The articles' questions once, and some of them again with other passages and other unanswerable ones."""
    questions = [each for article in articles if article.title not in DEVELOPMENT + TEST for each in article.questions]
    first = list(looking.groups(_thinned(questions, 0, random), look, "squad-", random))
    yield from first
    shown = {asked.question: group.passages for group in first for asked in group.asked}
    again = [each for each in _thinned(questions, 1, random) if random.random() < SECOND_VIEW]
    for group in looking.groups(again, look, "squad-again-", random):
        others = [asked for asked in group.asked if shown.get(asked.question) != group.passages]
        if len(others) >= looking.LEAST_ASKED:
            yield replace(group, asked=others)


def _thinned(questions: Sequence[Candidate], view: int, random: Random) -> list[Candidate]:
    """All answerable questions and `REFUSED` as many others: in each view other ones, as far as there are any."""
    answerable = [each for each in questions if each.answerable]
    others = [each for each in questions if not each.answerable]
    random.shuffle(others)
    size = min(round(REFUSED * len(answerable)), len(others))
    start = view * size % max(len(others) - size + 1, 1)
    return [*answerable, *others[start : start + size]]
