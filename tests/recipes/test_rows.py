"""The rows that were written for the recipe: each answer stands where its marker says, and a third has none."""

import re
from pathlib import Path

import pytest

from admin.training import formats
from admin.training.grounded import groups as files
from admin.training.grounded import written
from admin.training.grounded.groups import REFUSAL, Group
from admin.training.grounded.sheets import read_sheets, read_strays
from admin.training.rows import Row, as_asked
from chat.rag import abstain, prompt

CLAIM = re.compile(r"(?P<said>[^\]]*?)\s*\[(?P<place>\d+)\]")
LIMIT = re.compile(r"^(Yes|No), (up to|from) (?P<value>.*?)( up)?$")


@pytest.fixture(scope="module")
def made() -> list[Group]:
    return list(written.groups(150, seed=3))


def test_what_is_answered_stands_in_the_passage_that_is_named(made: list[Group]) -> None:
    for group in made:
        for asked in group.asked:
            for claim in CLAIM.finditer(asked.completion):
                text = group.passages[int(claim["place"]) - 1].text
                limit = LIMIT.match(claim["said"])
                said = limit["value"] if limit else claim["said"].removeprefix("Because ").strip(" .")
                assert said.casefold() in text.casefold(), (asked, text)


def test_every_answer_cites_and_a_third_of_the_questions_has_none(made: list[Group]) -> None:
    asked = [each for group in made for each in group.asked]
    assert all(CLAIM.search(each.completion) for each in asked if each.answerable)
    assert 0.28 < sum(not each.answerable for each in asked) / len(asked) < 0.38


def test_all_kinds_are_there(made: list[Group]) -> None:
    asked = [each for group in made for each in group.asked]
    assert sum(bool(each.history) for each in asked) > 100
    assert sum(each.completion.startswith(("Yes, ", "No, ")) for each in asked) > 30
    assert sum(len(set(re.findall(r"\[\d\]", each.completion))) > 1 for each in asked) > 50
    orders = [order.split("{word}")[0] for order in read_strays("learned").orders]
    texts = [passage.text for group in made for passage in group.passages]
    ordering = [text for text in texts if any(start and start in text for start in orders)]
    assert len(ordering) > 15
    words = read_strays("learned").words
    assert not any(word in each.completion for each in asked for word in words), "an order was followed"


def test_the_same_seed_gives_the_same_rows_and_another_one_others(made: list[Group]) -> None:
    assert list(written.groups(150, seed=3)) == made
    assert list(written.groups(150, seed=4)) != made


def test_a_groups_prompts_begin_with_the_very_same_words(made: list[Group], tmp_path: Path) -> None:
    files.write(tmp_path / "rows.jsonl", made[:5])
    found = formats.read(tmp_path / "rows.jsonl")
    assert not found.problems
    by_key = {new.key: new.wording for new in found.examples}
    for group in made[:5]:
        assert len(prompt.fitting(group.passages)) == len(group.passages)
        systems = set()
        for asked in group.asked:
            wording = by_key[asked.id]
            row = Row.of(
                {"id": asked.id, "split": "train", "messages": wording.prompt, "completion": wording.completion}
                | {"passages": wording.passages}
            )
            messages = as_asked(row)
            systems.add(messages[0]["content"])
            assert messages[-1]["content"] == asked.question
            assert wording.answerable == (wording.completion != REFUSAL)
        assert len(systems) == 1


def test_the_refusal_is_what_the_prompt_asks_for_and_the_chat_knows() -> None:
    assert REFUSAL in prompt.INSTRUCTIONS
    assert abstain.is_refusal(REFUSAL)


def test_nothing_that_is_judged_by_was_learned_from() -> None:
    learned, held_out = read_strays("learned"), read_strays("held_out")
    for kind in ("off_topic", "orders", "words"):
        assert not set(getattr(learned, kind)) & set(getattr(held_out, kind))


def test_every_sheet_reads_as_a_sentence() -> None:
    for sheet in read_sheets():
        assert len(sheet.names) >= 10
        for fact in sheet.facts:
            assert all("{name}" in said and "{value}" in said for said in fact.said)
            assert all("{name}" in asked for asked in (*fact.asked, *sheet.absent))
            assert all("{tried}" in tried for tried in fact.tried)
            assert bool(fact.tried) == bool(fact.limit)
