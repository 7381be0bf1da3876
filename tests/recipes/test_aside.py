"""Which documents' examples are kept aside to validate on, where somebody names them."""

from dataclasses import dataclass

from admin.training.splitting import split
from chat.store.tables import Split
from chat.store.wordings import Place, Wording


@dataclass(frozen=True)
class Lesson:
    """An example about a document."""

    id: int
    key: str
    version_id: int
    sha256: str
    wording: Wording


def lesson(number: int, document: str) -> Lesson:
    asked = {"role": "user", "content": f"What is in chapter {number}?"}
    return Lesson(number, f"q{number}", number, "", Wording([asked], "Ships.", sources=[Place(document)]))


def test_the_documents_that_are_named_are_kept_aside_first_and_whole() -> None:
    lessons = [lesson(number, f"document {number // 4}") for number in range(80)]
    for seed in range(5):
        chosen = split(lessons, [], 0.05, seed, ["document 7"])
        kept = [number for number in range(80) if chosen[number] is Split.VALIDATION]
        assert kept == [28, 29, 30, 31]


def test_what_does_not_fit_is_not_kept_aside_even_where_it_is_named() -> None:
    lessons = [lesson(number, "the only one") for number in range(20)]
    assert set(split(lessons, [], 0.1, 1, ["the only one"]).values()) == {Split.TRAIN}
