"""What is trained: the chat's own prompt, the loss on the completion and its end; and no row is left out unnamed."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoTokenizer

from admin.training import presets
from admin.training.presets import Objective, TrainingSettings
from admin.training.preview import Prepared, view
from admin.training.rows import (
    Row,
    TooLongError,
    UnfitRowError,
    Vocabulary,
    as_asked,
    encode,
    read_vocabulary,
)
from chat.engine.loading import load
from chat.errors import InvalidInputError
from chat.rag import prompt
from chat.rag.answer import Source, Turn
from chat.settings import Settings
from tests.training.running import make_ending_model, rows

PASSAGES = [
    {"document": "Ferry times", "section": "Summer", "text": "The ferry leaves at seven."},
    {"document": "Rules", "section": "", "text": "Dogs ride on deck."},
]
TURNS = [
    {"role": "user", "content": "Is there a ferry?"},
    {"role": "assistant", "content": "Yes."},
    {"role": "user", "content": "When does it leave?"},
]


def row(**changes: Any) -> Row:
    return Row.of(rows(1, 0)[0] | changes)


def source(number: int, passage: dict[str, str]) -> Source:
    return Source(
        rank=number, score=1.0, dense_rank=1, keyword_rank=1, similarity=0.5, chunk_id=number, document_id=number,
        version=1, version_id=1, page=None, start=0, end=10, **passage,
    )  # fmt: skip


def prepared(vocabulary: Vocabulary, said: list[dict[str, Any]], **changes: Any) -> Prepared:
    return Prepared.of(map(Row.of, said), vocabulary, TrainingSettings(**changes))


def test_the_prompt_is_the_very_one_that_the_chat_asks_with(vocabulary: Vocabulary) -> None:
    sources = [source(number, passage) for number, passage in enumerate(PASSAGES, 1)]
    asked = prompt.rag_messages("When does it leave?", [Turn("Is there a ferry?", "Yes.")], sources)
    roles = [{"role": {"human": "user", "ai": "assistant"}.get(m.type, m.type), "content": m.content} for m in asked]
    learned = row(messages=TURNS, passages=PASSAGES)
    assert as_asked(learned) == roles
    assert list(encode(learned, vocabulary, 1024).prompt) == vocabulary.encoder.encode(roles)
    alone = prompt.base_messages("When does it leave?", [Turn("Is there a ferry?", "Yes.")])
    assert [message["content"] for message in as_asked(row(messages=TURNS))] == [message.content for message in alone]


def test_the_loss_is_on_the_completion_and_its_end_and_on_nothing_else(vocabulary: Vocabulary) -> None:
    encoded = encode(row(messages=TURNS, passages=PASSAGES, completion="At seven <|im_end|> sharp."), vocabulary, 1024)
    tokens = view(encoded, vocabulary.tokenizer)
    learned = [token for token in tokens if token.loss]
    assert "".join(token.text for token in learned[:-1]) == "At seven <|im_end|> sharp."
    assert (learned[-1].text, learned[-1].id) == ("<|im_end|>", vocabulary.turn_end)
    assert [token.id for token in learned].count(vocabulary.turn_end) == 1, "what a row says cannot end its turn"
    assert [token.loss for token in tokens] == sorted(token.loss for token in tokens), "no loss before the completion"
    assert len(tokens) == encoded.length


def test_passages_are_clipped_before_a_row_is_left_out_and_the_completion_never(vocabulary: Vocabulary) -> None:
    long = [PASSAGES[1], {"document": "Long", "section": "", "text": "The quay is wet. " * 40}]
    whole = encode(row(passages=long), vocabulary, 4096)
    cut = encode(row(passages=long), vocabulary, whole.length - 100)
    assert (cut.clipped, whole.clipped, cut.completion) == (True, False, whole.completion)
    assert cut.length <= whole.length - 100
    with pytest.raises(TooLongError, match="tokens too long"):
        encode(row(completion="Yes. " * 300), vocabulary, 400)
    made = prepared(vocabulary, [*rows(2, 0), rows(1, 0)[0] | {"id": "endless", "completion": "Yes. " * 600}])
    [left_out] = made.report.dropped
    assert (left_out.row, left_out.why.startswith("it is 1,")) == ("endless", True)
    assert (made.report.train, made.report.rows) == (2, 3)
    made.report.check()
    assert any("endless" in warning for warning in made.report.warnings), "nothing is left out without a word"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"completion": " \n"}, "completion is empty"),
        ({"messages": []}, "must be user, assistant"),
        ({"messages": TURNS[:2]}, "must be user, assistant"),
        ({"messages": [TURNS[0], TURNS[0]]}, "must be user, assistant"),
        ({"rejected": "At six."}, "are the same"),
    ],
)
def test_a_run_is_refused_for_a_row_from_which_nothing_would_be_learned(
    vocabulary: Vocabulary, changes: dict[str, Any], why: str
) -> None:
    made = prepared(vocabulary, [*rows(3, 1), rows(1, 0)[0] | {"id": "odd"} | changes])
    with pytest.raises(InvalidInputError, match=rf"1 of 5 rows cannot be learned from: odd \(.*{why}.*Mend or reject"):
        made.report.check()
    with pytest.raises(UnfitRowError):
        encode(row(**changes), vocabulary, 512)


def test_no_rows_and_too_few_are_told(vocabulary: Vocabulary) -> None:
    with pytest.raises(InvalidInputError, match="There is no row to learn from"):
        prepared(vocabulary, []).report.check()
    one = prepared(vocabulary, rows(1, 0)).report
    one.check()
    assert [warning.split(".")[0] for warning in one.warnings] == [
        "No row is held out, so nothing will tell when it begins to learn by heart",
        "Only 1 rows to learn from",
    ]
    same = prepared(vocabulary, [rows(1, 0)[0] | {"id": str(number)} for number in range(60)]).report
    assert same.repeated == 59


def test_preferences_want_pairs_and_name_the_rows_that_are_none(vocabulary: Vocabulary) -> None:
    said = [rows(1, 0)[0] | {"rejected": "No idea."}, rows(2, 0)[1]]
    made = prepared(vocabulary, said, objective=Objective.DPO)
    assert [each.id for each in made.train] == ["r0"]
    assert made.train[0].rejected[-1] == made.train[0].completion[-1] == vocabulary.turn_end
    assert [(each.row, each.why) for each in made.report.dropped] == [("r1", "it has no worse answer to compare with")]


def test_instructions_of_a_row_give_way_to_the_chats_and_are_counted(vocabulary: Vocabulary) -> None:
    own = row(messages=[{"role": "system", "content": "Speak like a pirate."}, *TURNS])
    assert as_asked(own) == as_asked(row(messages=TURNS))
    said = rows(1, 0)[0] | {"messages": [{"role": "system", "content": "Speak like a pirate."}, *TURNS]}
    assert prepared(vocabulary, [said]).report.own_instructions == 1


def test_a_text_is_read_in_windows_that_lose_no_token(vocabulary: Vocabulary) -> None:
    text = "The ferry leaves at seven and returns at noon. " * 9
    made = prepared(
        vocabulary, [{"id": "d", "split": "train", "text": text}], objective=Objective.PRETRAINING, max_tokens=50
    )
    together = [token for each in made.train for token in each.completion]
    assert vocabulary.tokenizer.decode(together[:-1]) == text
    assert together[-1] == vocabulary.turn_end
    assert {len(each.completion) for each in made.train[:-1]} == {50}


def test_a_template_that_loses_the_end_of_the_turn_is_refused(tmp_path: Path) -> None:
    folder = make_ending_model(tmp_path / "endless")
    template = folder / "chat_template.jinja"
    template.write_text(template.read_text().replace("<|im_end|>", ""))
    with pytest.raises(InvalidInputError, match=r"does not end the assistant's turn .* would never stop talking"):
        read_vocabulary(Settings(home=tmp_path, model=str(folder)))


def test_the_tokenizer_alone_says_what_the_loaded_model_says(ending_model: Path, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, model=str(ending_model), dtype="float32")
    alone, loaded = read_vocabulary(settings), Vocabulary.of(load(settings))
    assert (alone.model, alone.eos_ids, alone.context_length, alone.turn_end) == (
        loaded.model, loaded.eos_ids, loaded.context_length, loaded.turn_end,
    )  # fmt: skip
    assert encode(row(passages=PASSAGES), alone, 512) == encode(row(passages=PASSAGES), loaded, 512)
    shutil.rmtree(tmp_path / "models", ignore_errors=True)
    assert AutoTokenizer.from_pretrained(ending_model).chat_template


def test_every_setting_has_a_default_a_title_and_a_sentence_and_every_goal_says_why() -> None:
    for preset in presets.PRESETS.values():
        assert preset.why.endswith(".")
        for each in presets.fields(preset.name):
            assert each.help.endswith("."), each.name
            assert each.title
    with pytest.raises(InvalidInputError, match=r"There is no preset 'magic'. There is: answer, style"):
        presets.preset("magic")
    with pytest.raises(InvalidInputError, match=r"epochs: .*; speed: "):
        presets.chosen("answer", {"epochs": 0, "speed": 3})
    assert "37 %" in presets.FACTS
