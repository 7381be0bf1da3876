"""What is really trained, before it is: every token with whether it carries loss, and what becomes of every row."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from admin.training.presets import Objective, TrainingSettings
from admin.training.rows import Encoded, Row, TooLongError, UnfitRowError, Vocabulary, encode, windows
from chat.errors import InvalidInputError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

NAMED = 5
"""Rows that a message names; the others are counted."""


@dataclass(frozen=True)
class Token:
    """A token as a person reads it, and whether the model learns to say it."""

    id: int
    text: str
    loss: bool


@dataclass(frozen=True)
class Said:
    """A row and what is to be said of it."""

    row: str
    why: str


@dataclass(frozen=True)
class Report:
    """What becomes of the rows. Nothing is left out that is not named here."""

    rows: int = 0
    train: int = 0
    validation: int = 0
    clipped: Sequence[str] = ()
    """Rows whose passages were shortened."""
    dropped: Sequence[Said] = ()
    """Rows that are left out: too long, or of no use to this objective."""
    refused: Sequence[Said] = ()
    """Rows for which the run is refused."""
    own_instructions: int = 0
    """Rows whose own instructions give way to the chat's."""
    repeated: int = 0
    """Rows that say what another one says already."""
    tokens: int = 0
    """Of the training rows, in one epoch."""
    learned: int = 0
    """Those of them that carry the loss."""
    longest: int = 0
    """Tokens of the longest row."""

    @property
    def masked(self) -> int:
        """Tokens that are read and not learned: the prompts."""
        return self.tokens - self.learned

    @property
    def warnings(self) -> Sequence[str]:
        """What a person should know before starting, in words."""
        told = [
            (self.validation == 0, "No row is held out, so nothing will tell when it begins to learn by heart."),
            (self.train < 50, f"Only {self.train} rows to learn from. Fifty or more make a difference that lasts."),
            (self.repeated > 0, f"{self.repeated} rows say what another one says."),
            (bool(self.clipped), f"The passages of {len(self.clipped)} rows are clipped to fit."),
            (bool(self.dropped), f"{len(self.dropped)} rows are left out: {_named(self.dropped)}."),
            (self.own_instructions > 0, f"{self.own_instructions} rows have instructions; the chat's replace them."),
        ]
        return [words for applies, words in told if applies]

    def check(self) -> None:
        """Raise `InvalidInputError` where a run must not begin: which rows, and what to do."""
        if self.refused:
            raise InvalidInputError(
                f"{len(self.refused)} of {self.rows} rows cannot be learned from: {_named(self.refused)}. "
                "Mend or reject these examples and make a new snapshot."
            )
        if not self.train:
            why = f" {len(self.dropped)} were left out: {_named(self.dropped)}." if self.dropped else ""
            raise InvalidInputError(f"There is no row to learn from.{why} Approve some examples for training first.")


@dataclass(frozen=True)
class Prepared:
    """The rows as tokens, in the snapshot's order, and what became of those that are not there."""

    train: Sequence[Encoded] = field(repr=False)
    validation: Sequence[Encoded] = field(repr=False)
    report: Report

    @staticmethod
    def of(rows: Iterable[Row], vocabulary: Vocabulary, settings: TrainingSettings) -> "Prepared":
        """Turn rows into tokens as the settings say. Refuses nothing yet: `report.check` does."""
        kept, fate = list(rows), _Fate()
        limit = min(settings.max_tokens, vocabulary.context_length)
        encoded = [each for row in kept for each in fate.of(row, vocabulary, settings.objective, limit)]
        train = [each for each in encoded if each.split == "train"][: settings.max_rows]
        validation = [each for each in encoded if each.split != "train"]
        return Prepared(train, validation, fate.report(kept, train, validation))


def view(encoded: Encoded, tokenizer: "PreTrainedTokenizerFast") -> list[Token]:
    """Every token of a row, in order."""
    marked = [*((each, False) for each in encoded.prompt), *((each, True) for each in encoded.completion)]
    return [Token(each, str(tokenizer.decode([each])), loss) for each, loss in marked]


class _Fate:
    """What became of the rows so far."""

    def __init__(self) -> None:
        self._dropped: list[Said] = []
        self._refused: list[Said] = []

    def of(self, row: Row, vocabulary: Vocabulary, objective: Objective, limit: int) -> list[Encoded]:
        """The sequences that a row becomes; none, and on record why, where it cannot be learned from."""
        try:
            if objective == Objective.PRETRAINING:
                return list(windows(row, vocabulary, limit))
            if objective == Objective.DPO and row.rejected is None:
                self._dropped.append(Said(row.id, "it has no worse answer to compare with"))
                return []
            return [encode(row, vocabulary, limit)]
        except TooLongError as error:
            self._dropped.append(Said(row.id, str(error)))
        except UnfitRowError as error:
            self._refused.append(Said(row.id, str(error)))
        return []

    def report(self, rows: Sequence[Row], train: Sequence[Encoded], validation: Sequence[Encoded]) -> Report:
        said = Counter((each.prompt, each.completion, each.rejected) for each in (*train, *validation))
        return Report(
            rows=len(rows),
            train=len(train),
            validation=len(validation),
            clipped=[each.id for each in (*train, *validation) if each.clipped],
            dropped=self._dropped,
            refused=self._refused,
            own_instructions=sum(any(each["role"] == "system" for each in row.messages) for row in rows),
            repeated=said.total() - len(said),
            tokens=sum(len(each.prompt) + len(each.completion) for each in train),
            learned=sum(len(each.completion) for each in train),
            longest=max((each.length for each in (*train, *validation)), default=0),
        )


def _named(said: Sequence[Said]) -> str:
    shown = "; ".join(f"{each.row} ({each.why})" for each in said[:NAMED])
    return shown if len(said) <= NAMED else f"{shown}; and {len(said) - NAMED} more"
