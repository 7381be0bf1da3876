"""The shapes that training examples are shared in, read and written row by row.

- prompt and completion: TRL's, and ours (https://huggingface.co/docs/trl/dataset_formats)
- messages: a whole conversation, whose last answer is the completion
- prompt, chosen and rejected: TRL's preference pairs; the prompt may be part of both conversations
- OpenAI's fine-tuning format, which is messages alone, and its preference format: input, preferred_output and
  non_preferred_output (https://platform.openai.com/docs/guides/fine-tuning)

The invariant: an example written in a shape that holds it, and read again, says the very same. OpenAI's two hold no id
and no sources; the passages stand in their system message, as the chat writes them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from admin.training import conversations
from admin.training.columns import beside, columns_beside, extra_of
from admin.training.conversations import Turns, is_turns, said, turns, with_system
from admin.training.incoming import BadRow, check_row
from admin.training.rows import Passage
from chat.rag.prompt import passage_messages
from chat.store.examples import NewExample, Wording

SYSTEM = "system"
"""Where `extra` keeps what a file's system message said. The chat's own takes its place when the row is trained on."""


class Shape(StrEnum):
    """What a row's columns are."""

    PROMPT_COMPLETION = "prompt-completion"
    MESSAGES = "messages"
    PREFERENCE = "preference"
    OPENAI = "openai"
    OPENAI_PREFERENCE = "openai-preference"


@dataclass(frozen=True)
class Said:
    """A conversation as a row holds it, and the columns that it was read from."""

    system: str | None
    prompt: Turns
    completion: str
    rejected: str | None
    used: frozenset[str]


def example(columns: Mapping[str, Any]) -> NewExample:
    """The example that a row is, whichever its shape. Raises `BadRow` in words.

    Without an id, its key is made of what it says.
    """
    check_row(columns)
    held = {name: value for name, value in columns.items() if value is not None}
    found = _reader(held)(held)
    other = beside(held)
    extra = extra_of(held, set(found.used)) | ({} if found.system is None else {SYSTEM: found.system})
    wording = Wording(
        prompt=found.prompt,
        completion=found.completion,
        rejected=found.rejected,
        passages=[passage.model_dump() for passage in other.passages],
        answerable=other.answerable,
        language=other.language,
        extra=extra,
        sources=other.places,
    )
    return NewExample(other.id or wording.sha256[:16], wording)


def columns_of(key: str, wording: Wording, shape: Shape) -> dict[str, Any] | None:
    """The row of an example in that shape; None where the shape cannot hold it: a pair takes a worse answer."""
    if shape in (Shape.PREFERENCE, Shape.OPENAI_PREFERENCE) and wording.rejected is None:
        return None
    if shape in (Shape.OPENAI, Shape.OPENAI_PREFERENCE):
        return _openai(wording, shape)
    extra = dict(wording.extra)
    system = extra.pop(SYSTEM) if isinstance(extra.get(SYSTEM), str) else None
    return {"id": key, **_conversation(wording, system, shape), **columns_beside(wording, extra)}


def _conversation(wording: Wording, system: str | None, shape: Shape) -> dict[str, Any]:
    worse = {} if wording.rejected is None else {"rejected": wording.rejected}
    if shape is Shape.MESSAGES:
        return {"messages": said(system, [*wording.prompt, _answer(wording.completion)]), **worse}
    plain = system is None and len(wording.prompt) == 1 and set(wording.prompt[0]) == {"role", "content"}
    better = "chosen" if shape is Shape.PREFERENCE else "completion"
    answers = {better: wording.completion, **worse}
    if plain:
        return {"prompt": wording.question, **answers}
    return {
        "prompt": said(system, wording.prompt),
        **{name: [_answer(text)] for name, text in answers.items()},
    }


def _openai(wording: Wording, shape: Shape) -> dict[str, Any]:
    asked = said(_system(wording), wording.prompt)
    if shape is Shape.OPENAI:
        return {"messages": [*asked, _answer(wording.completion)]}
    return {
        "input": {"messages": asked},
        "preferred_output": [_answer(wording.completion)],
        "non_preferred_output": [_answer(wording.rejected or "")],
    }


def _system(wording: Wording) -> str | None:
    """What the chat's system message would be where there are passages; else that of the file it came from."""
    if wording.passages:
        shown = [Passage(each["document"], each["section"], each["text"]) for each in wording.passages]
        return str(passage_messages(wording.question, (), shown)[0].content)
    system = wording.extra.get(SYSTEM)
    return system if isinstance(system, str) else None


def _answer(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text}


def _reader(held: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], Said]:
    for wanted, reader in READERS.items():
        if held.keys() >= wanted:
            return reader
    known = ", ".join(sorted(held)[:8]) or "none"
    raise BadRow(
        f"its columns are: {known}. It takes “prompt” and “completion”, or “messages”, or “prompt”, “chosen” and "
        "“rejected”, or “input”, “preferred_output” and “non_preferred_output”. Rename them"
    )


def _of_messages(held: Mapping[str, Any]) -> Said:
    system, found = with_system(turns(held["messages"], "messages"))
    if len(found) < 2:
        raise BadRow("“messages” takes a question and an answer at least")
    completion = conversations.last_answer(found[-1], "messages")
    worse, used = _worse(held, "rejected")
    return Said(system, conversations.prompt(found[:-1], "messages"), completion, worse, used | {"messages"})


def _of_prompt(held: Mapping[str, Any]) -> Said:
    system, prompt = _prompt(held["prompt"])
    worse, used = _worse(held, "rejected")
    completion = conversations.answer(held["completion"], "completion")
    return Said(system, prompt, completion, worse, used | {"prompt", "completion"})


def _of_pair(held: Mapping[str, Any]) -> Said:
    if "prompt" not in held:
        return _of_conversations(held)
    system, prompt = _prompt(held["prompt"])
    better = conversations.answer(held["chosen"], "chosen")
    worse, used = _worse(held, "rejected")
    return Said(system, prompt, better, worse, used | {"prompt", "chosen"})


def _of_conversations(held: Mapping[str, Any]) -> Said:
    """TRL's implicit prompt: both conversations begin with it."""
    shared, better, worse = conversations.common_prompt(
        turns(held["chosen"], "chosen"), turns(held["rejected"], "rejected")
    )
    pair = {"prompt": shared, "chosen": better, "rejected": worse}
    if not shared:
        raise BadRow("“chosen” and “rejected” begin with different turns. Give the prompt they share in “prompt”")
    return replace(_of_pair(pair), used=frozenset({"chosen", "rejected"}))


def _of_openai_pair(held: Mapping[str, Any]) -> Said:
    asked = held["input"]
    if not isinstance(asked, Mapping) or asked.keys() - {"messages"} != set():
        raise BadRow("“input” takes “messages”, and nothing beside; tools cannot be learned here")
    pair = {
        "prompt": asked["messages"],
        "chosen": held["preferred_output"],
        "rejected": held["non_preferred_output"],
    }
    return replace(_of_pair(pair), used=frozenset({"input", "preferred_output", "non_preferred_output"}))


def _prompt(value: Any) -> tuple[str | None, Turns]:
    asked = turns(value, "prompt") if is_turns(value) else [{"role": "user", "content": value}]
    if not isinstance(asked[0]["content"], str):
        raise BadRow("“prompt” is neither a text nor a list of turns")
    system, conversation = with_system(asked)
    return system, conversations.prompt(conversation, "prompt")


def _worse(held: Mapping[str, Any], column: str) -> tuple[str | None, frozenset[str]]:
    if column not in held:
        return None, frozenset()
    return conversations.answer(held[column], column), frozenset({column})


READERS: Mapping[frozenset[str], Callable[[Mapping[str, Any]], Said]] = {
    frozenset({"messages"}): _of_messages,
    frozenset({"input", "preferred_output", "non_preferred_output"}): _of_openai_pair,
    frozenset({"chosen", "rejected"}): _of_pair,
    frozenset({"prompt", "completion"}): _of_prompt,
}
"""By the columns that a row has; the first that fits."""
