"""What the measures are called, what they mean, and how their numbers are written."""

from dataclasses import dataclass

from admin.evaluation import metrics
from admin.evaluation.statistics import Interval


@dataclass(frozen=True)
class Name:
    """What a measure is called, and what it says, in a sentence."""

    name: str
    meaning: str


NAMES = {
    metrics.CONTAINED: Name("Right answers", "An accepted answer stands in what was said (answer contained)."),
    metrics.EXACT_MATCH: Name("Exact match", "What was said is an accepted answer and nothing more."),
    metrics.F1: Name("Token F1", "Words shared with the nearest accepted answer; long answers score low."),
    metrics.REFUSED_UNANSWERABLE: Name("Rightly refused", "Questions without an answer that were refused."),
    metrics.REFUSED_ANSWERABLE: Name("Wrongly refused", "Questions with an answer that were refused; less is better."),
    metrics.CITATION_PRECISION: Name("Citation precision", "Cited passages that bear the answer."),
    metrics.CITATION_RECALL: Name("Citation recall", "Bearing passages that were cited."),
    metrics.SUPPORT: Name("Support", "Sentences the model wrote that a passage bears."),
    metrics.RECALL: Name("Recall@10", "Bearing passages among the ten that retrieval found."),
    metrics.NDCG: Name("nDCG@10", "As recall, counting more what stands further up."),
    metrics.REFUSED_EMPTY: Name(
        "Refused without passages", "Given no passage at all, the model said that it has none."
    ),
    metrics.RECITED: Name("Recited", "Given no passage, it said the answer all the same; less is better."),
    metrics.FOLLOWED_PASSAGE: Name(
        "Followed the passage", "Given a passage that says otherwise, it said what that says."
    ),
    metrics.FOLLOWED_WEIGHTS: Name("Followed its weights", "Given such a passage, it said the truth all the same."),
    metrics.FIRST_TOKEN: Name("First token", "Until the first word, with others asked beside it."),
    metrics.TOTAL: Name("Whole answer", "Until the last word, with others asked beside it."),
    metrics.TOKENS: Name("Tokens", "Tokens of an answer, as they were streamed."),
    metrics.PRICE: Name("Price", "Of 1,000 answers, by the prices of tokens in the settings and in their currency."),
}


def number(measure: str, value: float) -> str:
    """A measure's value with its unit."""
    if measure == metrics.TOKENS:
        return f"{value:,.0f}"
    if measure == metrics.PRICE:
        return f"{value:,.2f}"
    if measure in metrics.AMOUNTS:
        return f"{value / 1000:.1f} s" if value >= 1000 else f"{value:.0f} ms"
    return f"{100 * value:.0f} %"


def interval(measure: str, found: Interval | None) -> str:
    """A mean with its 95 % interval; nothing where the measure does not apply."""
    if found is None:
        return ""
    return f"{number(measure, found.value)} ({reach(measure, found.low, found.high)})"


def reach(measure: str, low: float, high: float) -> str:
    """The two ends of an interval, the unit once."""
    if measure in metrics.AMOUNTS:
        return f"{number(measure, low)} to {number(measure, high)}"
    return f"{100 * low:.0f}–{100 * high:.0f}"


def gain(measure: str, value: float) -> str:
    """A difference with its sign and unit."""
    sign = "+" if value > 0 else "−" if value < 0 else "±"
    if measure in metrics.AMOUNTS:
        return f"{sign}{number(measure, abs(value))}"
    return f"{sign}{100 * abs(value):.0f} points"


def chance(p: float) -> str:
    """A p-value as it is written."""
    return "p < .001" if p < 0.001 else f"p = {p:.3f}".replace("0.", ".", 1)
