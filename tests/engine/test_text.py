"""What is given out while tokens come."""

import random

import pytest

from chat.engine.loading import LoadedModel
from chat.engine.text import TextStream


def stream(loaded: LoadedModel, text: str, stop: tuple[str, ...] = ()) -> tuple[list[str], TextStream]:
    stream = TextStream(loaded.tokenizer.backend_tokenizer, stop)
    pieces = []
    for token in loaded.tokenizer.encode(text, add_special_tokens=False):
        pieces.append(stream.add(token))
        if stream.stopped:
            break
    return pieces, stream


def test_half_a_character_waits_for_its_other_half(loaded: LoadedModel) -> None:
    text = "Fähre 🚢 nach 東京 €5, ελληνικά"
    pieces, rest = stream(loaded, text)
    assert "".join(pieces) + rest.rest() == text
    assert len(pieces) > len(text), "the text must be cut within characters, or this proves nothing"
    assert not any("\ufffd" in piece for piece in pieces)


def test_any_tokens_at_all_give_the_text_that_decoding_them_together_gives(loaded: LoadedModel) -> None:
    source = random.Random(5)
    for _ in range(50):
        tokens = [source.randrange(len(loaded.tokenizer)) for _ in range(40)]
        stream = TextStream(loaded.tokenizer.backend_tokenizer, ())
        said = "".join([stream.add(token) for token in tokens]) + stream.rest()
        whole = loaded.tokenizer.decode(tokens, skip_special_tokens=True)
        assert said == whole.rstrip("\ufffd")


@pytest.mark.parametrize("stop", ["quay", "the qu", "seven and", "Mossay leaves", " "])
def test_a_stop_string_split_over_tokens_is_never_given_out(loaded: LoadedModel, stop: str) -> None:
    text = "The ferry to Little Mossay leaves the quay at seven and returns"
    pieces, ended = stream(loaded, text, ("noon", stop))
    assert ended.stopped
    assert "".join(pieces) + ended.rest() == text[: text.index(stop)]


def test_the_first_of_two_stop_strings_ends_the_text(loaded: LoadedModel) -> None:
    pieces, _ = stream(loaded, "one two three", ("three", "two"))
    assert "".join(pieces) == "one "


def test_what_only_looked_like_a_stop_string_is_given_out(loaded: LoadedModel) -> None:
    pieces, ended = stream(loaded, "seven and retu", ("returns",))
    assert not ended.stopped
    assert "".join(pieces) == "seven and "
    assert ended.rest() == "retu"


def test_the_end_of_an_answer_loses_only_the_half_of_a_character(loaded: LoadedModel) -> None:
    (token,) = (id_ for spelling, id_ in loaded.tokenizer.get_vocab().items() if spelling == "maÃ")
    for stop, said in [((), "ma"), (("a",), "m")]:
        stream = TextStream(loaded.tokenizer.backend_tokenizer, stop)
        assert stream.add(token) == ""
        assert stream.rest() == said
        assert stream.stopped == bool(stop)


def test_special_tokens_are_not_text(loaded: LoadedModel) -> None:
    stream = TextStream(loaded.tokenizer.backend_tokenizer, ())
    tokens = loaded.tokenizer.convert_tokens_to_ids(["<|im_start|>", "s", "<|endoftext|>", "e", "<|im_end|>"])
    assert "".join(stream.add(token) for token in tokens) == "se"
