"""The card that goes with the weights."""

from admin.training.grounded.release import finished, in_words

EXPORTED = {
    "name": "grounded",
    "digest": "ab" * 32,
    "base": "SmolLM2-135M-Instruct",
    "rank": 16,
    "bytes": 9_800_000,
    "card": {"goal": "Answer from passages", "by": "owner", "run": 3, "heard": {"model": "x"}},
}
REPORT = {
    "digest": "cd" * 32,
    "arms": {
        "base": {"f1": {"value": 0.1}},
        "rag": {"f1": {"value": 0.104}, "total_ms": {"value": 900.0}},
        "rag+adapter": {"f1": {"value": 0.456789}, "refused_unanswerable": {"value": 0.75}},
    },
}


def test_the_card_credits_what_was_learned_from_and_holds_what_was_measured() -> None:
    card = finished(EXPORTED, {"held out": REPORT})["card"]
    assert "CC BY-SA 4.0" in card["credit"]
    assert card["goal"] == "Answer from passages"
    assert not {"by", "run", "heard"} & card.keys(), "what was so where it was made is not so elsewhere"
    assert card["evaluation"] == {
        "held out": {
            "digest": "cd" * 32,
            "rag": {"f1": 0.104},
            "rag+adapter": {"f1": 0.457, "refused_unanswerable": 0.75},
        }
    }


def test_the_page_has_a_table_for_each_evaluation() -> None:
    page = in_words(finished(EXPORTED, {"held out": REPORT}))
    assert "rank 16 for SmolLM2-135M-Instruct (9.8 MB" in page
    assert "| measure | rag | rag+adapter |" in page
    assert "| f1 | 0.10 | 0.46 |" in page
    assert "| refused unanswerable |  | 0.75 |" in page
