"""What fitting the arms' weights on some labelled questions is worth on the other questions of each set."""

from statistics import fmean

import numpy as np

from admin.curation.bench.arms import Gathered
from admin.curation.bench.fitting import SHARES, combine, fit_weights, weighed
from admin.measures import ndcg
from benchmarks import corpus
from benchmarks.beir import BeirSet
from benchmarks.report import Table
from benchmarks.workbench import Workbench
from chat.rag.retriever import RetrievalSettings
from chat.store import chunks
from chat.store.questions import LabelledQuestion

LABELLED = 50
"""Questions that are fitted to."""
DRAWS = 20
"""How often they are drawn at random; figures are means over the draws."""
TOLERANCE = 0.005
MORE = {"nq": 0.02}
"""How much better than equal weights fitting is meant to be."""


def run(bench: Workbench) -> list[Table]:
    """One table, a line for each set."""
    rows = [row(beir.name, gather(bench, beir)) for beir in bench.sets]
    columns = ("set", "meaning alone", "words alone", "equal ranks", f"fitted on {LABELLED}", "aim", "")
    return [
        Table(
            "Fitting the arms' weights",
            columns,
            rows,
            f"nDCG@10 on the questions that were not fitted to, mean over {DRAWS} random draws of {LABELLED} labelled "
            f"questions. Aim: the best single arm and equal weights, less {TOLERANCE}; on nq, equal weights + .02.",
        )
    ]


def gather(bench: Workbench, beir: BeirSet) -> list[Gathered]:
    """What both arms find for the questions of a set."""
    vectors, question_vectors = bench.embed(beir.passages), bench.embed(beir.questions)
    body = corpus.install(bench.database.sessions, beir.name, beir.passages, vectors)
    bench.say(f"Asking {len(beir.questions)} questions of {beir.name} …")
    scope, depth = [body.collection_id], RetrievalSettings.depth
    with bench.database.sessions() as session:
        ids = {place: chunk_id for chunk_id, place in corpus.places(session, body).items()}
        return [
            Gathered(
                LabelledQuestion(number, str(number), words, True, None, ()),
                words,
                chunks.nearest(session, scope, vector, depth),
                chunks.matching(session, scope, words, depth),
                {ids[place]: grade for place, grade in grades.items()},
            )
            for number, (words, vector, grades) in enumerate(
                zip(beir.questions, question_vectors, beir.grades, strict=True)
            )
        ]


def row(name: str, gathered: list[Gathered]) -> tuple[str, ...]:
    """The line of a set."""
    usual = RetrievalSettings()
    candidates = [usual, *(weighed(usual, share) for share in SHARES)]
    table = np.array([[ndcg(each.ranking(one), each.grades) for one in candidates] for each in gathered])
    random = np.random.default_rng(0)
    draws = [_draw(gathered, candidates, table, random) for _ in range(DRAWS)]
    meaning, by_words, equal, fitted = (fmean(values) for values in zip(*draws, strict=True))
    aim = max(max(meaning, by_words, equal) - TOLERANCE, equal + MORE.get(name, -TOLERANCE))
    verdict = "reached" if fitted >= aim else "missed"
    return name, *(f"{value:.3f}" for value in (meaning, by_words, equal, fitted, aim)), verdict


def _draw(
    gathered: list[Gathered], candidates: list[RetrievalSettings], table: np.ndarray, random: np.random.Generator
) -> tuple[float, float, float, float]:
    """nDCG@10 on the questions left over: by meaning, by words, equal, and fitted to those that were drawn."""
    order = random.permutation(len(gathered))
    drawn, others = order[:LABELLED], order[LABELLED:]
    usual = candidates[0]
    fit = combine(usual, fit_weights([gathered[place] for place in drawn], usual), None)
    means = table[others].mean(axis=0)
    return means[-1], means[1], means[0], means[candidates.index(fit.settings)]
