"""From a row of a snapshot to the tokens a model learns from: the very prompt that the chat would ask it with.

The loss is on the completion and the token that ends the assistant's turn, and on nothing else.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langchain_core.messages import BaseMessage

from chat.engine.loading import LoadedModel, locate
from chat.engine.prompt import PromptEncoder
from chat.errors import AppError, InvalidInputError, ModelError
from chat.rag import prompt
from chat.rag.answer import Turn
from chat.settings import Settings

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

SAID = "\ufdd1"
"""Stands for the assistant's words while the template's own are looked for: a code point that is part of no text."""
SHORTEST_PASSAGE = 200
"""Characters. A passage is not clipped to less; then the row is too long."""
ROLES = {"system": "system", "human": "user", "ai": "assistant"}


class UnfitRowError(AppError):
    """A row from which nothing, or the wrong thing, would be learned."""


class TooLongError(UnfitRowError):
    """A row that does not fit, even with its passages clipped."""


@dataclass(frozen=True)
class Passage:
    """A passage as a prompt shows it."""

    document: str
    section: str
    text: str


@dataclass(frozen=True)
class Row:
    """A row of a snapshot's file. One of `text` alone is read on, by continued pre-training."""

    id: str
    split: str
    messages: Sequence[Mapping[str, str]] = ()
    completion: str = ""
    rejected: str | None = None
    passages: Sequence[Passage] = ()
    documents: Sequence[str] = ()
    text: str | None = None

    @staticmethod
    def of(said: Mapping[str, Any]) -> "Row":
        """The row that a line of the file says. Raises `InvalidInputError` where it says none."""
        try:
            passages = [Passage(p["document"], p.get("section") or "", p["text"]) for p in said.get("passages") or ()]
            return Row(
                str(said["id"]),
                said["split"],
                said.get("messages") or (),
                said.get("completion") or "",
                said.get("rejected"),
                passages,
                said.get("documents") or (),
                said.get("text"),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise InvalidInputError(f"A row of the snapshot is damaged: {error!r} in {str(said)[:80]}.") from None

    @property
    def question(self) -> str:
        """The last turn: what the completion answers."""
        return self.messages[-1]["content"] if self.messages else ""


@dataclass(frozen=True)
class Encoded:
    """A row as tokens. `completion` ends with the end of the turn and carries the loss; `rejected` does likewise."""

    id: str
    split: str
    prompt: tuple[int, ...]
    completion: tuple[int, ...]
    rejected: tuple[int, ...] = ()
    clipped: bool = False

    @property
    def length(self) -> int:
        """In tokens, of the longest sequence that it takes."""
        return len(self.prompt) + max(len(self.completion), len(self.rejected))


@dataclass(frozen=True)
class Vocabulary:
    """How a model reads and ends: what a row needs to become tokens. Its weights are not needed."""

    model: str
    tokenizer: "PreTrainedTokenizerFast" = field(repr=False)
    eos_ids: frozenset[int]
    context_length: int
    encoder: PromptEncoder = field(repr=False)
    turn_end: int
    """The token that the template writes behind the assistant's words, and that ends an answer."""

    @staticmethod
    def of(loaded: LoadedModel) -> "Vocabulary":
        """That of a loaded model. Raises `InvalidInputError` for a template that never ends the assistant's turn."""
        return _vocabulary(loaded.id, loaded.tokenizer, loaded.eos_ids, loaded.context_length)


def read_vocabulary(settings: Settings) -> Vocabulary:
    """That of the model which the settings name, without its weights. Raises `ModelError` and as `Vocabulary.of`."""
    from transformers import AutoConfig, AutoTokenizer, GenerationConfig

    source = locate(settings)
    try:
        text = AutoConfig.from_pretrained(source, trust_remote_code=False).get_text_config()
        tokenizer = AutoTokenizer.from_pretrained(source, trust_remote_code=False)
    except (OSError, ValueError) as error:
        raise ModelError(f"The tokenizer of {settings.model} cannot be read: {error}") from error
    try:
        declared = GenerationConfig.from_pretrained(source).eos_token_id
    except OSError:
        declared = None
    declared = tokenizer.eos_token_id if declared is None else declared
    eos_ids = frozenset([declared] if isinstance(declared, int) else declared or ())
    name = Path(source).name if Path(source).is_absolute() else source
    return _vocabulary(name, tokenizer, eos_ids, int(text.max_position_embeddings))


def token_count(row: Row, vocabulary: Vocabulary) -> int:
    """How many tokens the row takes, prompt and completion together, as the chat would ask it and nothing clipped."""
    return encode_whole(row, vocabulary).length


def encode(row: Row, vocabulary: Vocabulary, max_tokens: int) -> Encoded:
    """The row as at most `max_tokens` tokens. Passages are clipped first, the longest first; nothing else ever is.

    Raises `TooLongError`, and `UnfitRowError` for a row from which nothing would be learned.
    """
    whole = encode_whole(row, vocabulary)
    while (excess := whole.length - max_tokens) > 0:
        row = clipped(row, excess)
        whole = replace(encode_whole(row, vocabulary), clipped=True)
    return whole


def clipped(row: Row, tokens: int) -> Row:
    """The row with its longest passage shortened by about `tokens`. Raises `TooLongError` where there is none left."""
    longest = max(row.passages, key=lambda passage: len(passage.text), default=None)
    if longest is None or len(longest.text) <= SHORTEST_PASSAGE:
        raise TooLongError(f"it is {tokens:,} tokens too long")
    shorter = replace(longest, text=longest.text[: max(len(longest.text) - 2 * tokens, SHORTEST_PASSAGE)])
    return replace(row, passages=[shorter if passage is longest else passage for passage in row.passages])


def encode_whole(row: Row, vocabulary: Vocabulary) -> Encoded:
    """The row as tokens, however many. Raises `UnfitRowError`."""
    if not row.completion.strip():
        raise UnfitRowError("its completion is empty: nothing would be learned. Write one, or reject the example")
    if row.rejected is not None and row.rejected.strip() == row.completion.strip():
        raise UnfitRowError("its better and its worse completion are the same. Reject the example, or change one")
    prompt_ids = vocabulary.encoder.encode(as_asked(row))
    completion = _answer(row.completion, vocabulary)
    rejected = _answer(row.rejected, vocabulary) if row.rejected else ()
    return Encoded(row.id, row.split, tuple(prompt_ids), completion, rejected)


def as_asked(row: Row) -> list[dict[str, str]]:
    """The messages that the chat would send to the model: with passages those of RAG, without those of the model alone.

    Instructions of the row's own give way to the chat's, under which the adapter will answer. Raises `UnfitRowError`.
    """
    history, question = turns(row)
    if row.passages:
        return as_roles(prompt.passage_messages(question, history, prompt.fitting(row.passages)))
    return as_roles(prompt.base_messages(question, history))


def turns(row: Row) -> tuple[list[Turn], str]:
    """The turns before, and the question. Raises `UnfitRowError` where user and assistant do not take turns."""
    said = [message for message in row.messages if message["role"] != "system"]
    expected = ["user", "assistant"] * (len(said) // 2) + ["user"]
    if [message["role"] for message in said] != expected or not said[-1]["content"].strip():
        raise UnfitRowError("its messages must be user, assistant, …, user, and the last must ask something")
    pairs = zip(said[:-1:2], said[1::2], strict=True)
    return [Turn(asked["content"], answered["content"]) for asked, answered in pairs], said[-1]["content"]


def as_roles(messages: Sequence[BaseMessage]) -> list[dict[str, str]]:
    """LangChain's messages as a chat template takes them."""
    return [{"role": ROLES[message.type], "content": str(message.content)} for message in messages]


def windows(row: Row, vocabulary: Vocabulary, max_tokens: int) -> Iterator[Encoded]:
    """A text in pieces of at most `max_tokens`, all of which carry the loss; the last one ends as a text does."""
    ids = [*vocabulary.encoder.encode_text(row.text or ""), vocabulary.turn_end]
    for start in range(0, len(ids), max_tokens):
        piece = tuple(ids[start : start + max_tokens])
        if len(piece) > 1:
            yield Encoded(f"{row.id}+{start}", row.split, (), piece)


def _answer(text: str, vocabulary: Vocabulary) -> tuple[int, ...]:
    return (*vocabulary.encoder.encode_text(text), vocabulary.turn_end)


def _vocabulary(model: str, tokenizer: Any, eos_ids: frozenset[int], context_length: int) -> Vocabulary:
    turn_end = _turn_end(model, tokenizer, eos_ids)
    return Vocabulary(model, tokenizer, eos_ids, context_length, PromptEncoder(tokenizer), turn_end)


def _turn_end(model: str, tokenizer: Any, eos_ids: frozenset[int]) -> int:
    """What the template writes behind the assistant's words. Raises `InvalidInputError` where that ends nothing."""
    turns = [{"role": "user", "content": "?"}, {"role": "assistant", "content": SAID}]
    rendered = str(tokenizer.apply_chat_template(turns, tokenize=False))
    after = tokenizer(rendered.rpartition(SAID)[2].lstrip(), add_special_tokens=False)["input_ids"]
    if not after or after[0] not in eos_ids:
        ends = ", ".join(map(repr, tokenizer.convert_ids_to_tokens(sorted(eos_ids)))) or "none"
        raise InvalidInputError(
            f"The chat template of {model} does not end the assistant's turn with a token that ends an answer "
            f"({ends}). The loss would look healthy, and the model would never stop talking. Take a model whose "
            "template does, or mend its chat_template.jinja."
        )
    return int(after[0])
