"""What the recipe makes: questions on the same passages, whose prompts therefore begin with the very same tokens."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from admin.training.rows import Passage
from chat.rag.answer import Turn

REFUSAL = "The documents do not say."
"""The words that the prompt asks for where the passages do not answer; `chat.rag.abstain` knows them."""


@dataclass(frozen=True)
class Asked:
    """A question and what is to be answered, with the number of the passage that bears it, as in `[2]`."""

    id: str
    question: str
    completion: str
    history: Sequence[Turn] = ()

    @property
    def answerable(self) -> bool:
        return self.completion != REFUSAL


@dataclass(frozen=True)
class Group:
    """Questions on the same passages, in the order of the prompt. `document` is what they were made from."""

    document: str
    passages: Sequence[Passage]
    asked: Sequence[Asked]


def columns(group: Group) -> Iterator[dict[str, Any]]:
    """A group's rows as `admin examples import` reads them."""
    passages = [asdict(passage) for passage in group.passages]
    for asked in group.asked:
        yield {
            "id": asked.id,
            "prompt": [*_turns(asked.history), {"role": "user", "content": asked.question}],
            "completion": [{"role": "assistant", "content": asked.completion}],
            "passages": passages,
            "answerable": asked.answerable,
            "document": group.document,
        }


def write(path: Path, groups: Iterable[Group]) -> None:
    """Write the rows of groups, those of a group one after the other."""
    lines = (json.dumps(row, ensure_ascii=False, sort_keys=True) for group in groups for row in columns(group))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def marked(answer: str, number: int) -> str:
    """The answer with its passage's number behind it."""
    return f"{answer} [{number}]"


def _turns(history: Sequence[Turn]) -> Iterator[dict[str, str]]:
    for turn in history:
        yield {"role": "user", "content": turn.question}
        yield {"role": "assistant", "content": turn.answer}
