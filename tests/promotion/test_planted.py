"""The rules on planted adapters: what is better passes as often as the report says, what is at fault never does."""

import pytest

from admin.promotion import rules
from admin.promotion.thresholds import Thresholds
from benchmarks import gate
from chat.errors import InvalidInputError

TIMES = 60
"""Draws of each; `python -m benchmarks gate` makes a thousand."""


@pytest.mark.parametrize("planted", gate.ADAPTERS[2:], ids=lambda planted: planted.name)
def test_an_adapter_at_fault_is_stopped_every_time(planted: gate.Planted) -> None:
    outcome = gate.simulate(planted, TIMES)
    assert outcome.promoted == 0
    [stopped] = [name for name, share in outcome.stopped_by.items() if share == 1 and name != "conflict"]
    assert stopped == {"never refuses": "refusals", "recites": "empty"}.get(planted.name, "unseen")


def test_a_better_one_passes_about_as_often_as_the_report_computes_and_an_equal_one_hardly_ever() -> None:
    better, equal = (gate.simulate(planted, TIMES) for planted in gate.ADAPTERS[:2])
    assert abs(better.promoted - better.computed) < 0.15
    assert equal.promoted <= 0.1


def test_without_an_evaluation_it_does_not_pass_and_says_how_to_make_one() -> None:
    from admin.promotion.evidence import Evidence
    from chat.store.adapters import Named

    judged = {
        rule.name: rule for rule in rules.judge(Evidence(Named("a", "a" * 64), None, advice="`evaluate`"), Thresholds())
    }
    assert not rules.allows(judged.values())
    assert "`evaluate`" in judged["evaluated"].evidence
    assert judged["second person"].evidence == "Not applicable: one person."
    alone = rules.judge(Evidence(None, None), Thresholds())
    assert {rule.passed for rule in alone} == {None}


def test_thresholds_are_read_and_refused_in_words() -> None:
    changed = Thresholds().but({"most_lost": "0.2", "least_answers": "10", "measure": "f1"})
    assert changed.beside(Thresholds()) == {"most_lost": 0.2, "least_answers": 10, "measure": "f1"}
    assert Thresholds.of(changed.beside(Thresholds())) == changed
    for name, value in (
        ("most_lost", "2"),
        ("most_lost", "x"),
        ("measure", "speed"),
        ("mood", "1"),
        ("most_lost", "nan"),
    ):
        with pytest.raises(InvalidInputError):
            Thresholds().but({name: value})
