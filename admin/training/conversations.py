"""Turns of a conversation as files hold them: [{"role", "content"}, …], checked and taken apart."""

from collections.abc import Mapping, Sequence
from typing import Any

from admin.training.incoming import BadRow

ROLES = ("system", "user", "assistant")
TURN = {"role", "content", "name", "weight"}
"""What a turn may hold; OpenAI's `weight` 0 says that an answer is not learned from."""
Turns = list[dict[str, Any]]


def is_turns(value: Any) -> bool:
    """Whether this is meant to be turns, rather than text."""
    return isinstance(value, list) and bool(value) and all(isinstance(each, Mapping) for each in value)


def turns(value: Any, column: str) -> Turns:
    """The turns of a column. Raises `BadRow`."""
    if not is_turns(value):
        raise BadRow(f"“{column}” is no list of turns such as {{“role”: “user”, “content”: “…”}}")
    return [_turn(each, f"{column}, turn {number}") for number, each in enumerate(value, 1)]


def with_system(found: Turns) -> tuple[str | None, Turns]:
    """What the system said before the conversation, if anything, and the conversation."""
    system, rest = (found[0]["content"], found[1:]) if found and found[0]["role"] == "system" else (None, found)
    if any(turn["role"] == "system" for turn in rest):
        raise BadRow("the system speaks amid the conversation. Let it speak first, or leave it out")
    return system, rest


def prompt(found: Turns, column: str) -> Turns:
    """Turns that begin and end with the user's, and alternate. Raises `BadRow` for any other."""
    for number, turn in enumerate(found):
        expected = ROLES[1 + number % 2]
        if turn["role"] != expected:
            raise BadRow(
                f"“{column}”: the {turn['role']} speaks where the {expected} should. "
                "User and assistant take turns, the user first; join what one of them says in a row"
            )
    if not found or found[-1]["role"] != "user":
        raise BadRow(f"“{column}” holds no question: its last turn before the answer is the user's")
    _require_text(found[-1]["content"], column)
    return found


def answer(value: Any, column: str) -> str:
    """An answer: a text, or one turn of the assistant's. Raises `BadRow`."""
    if isinstance(value, str):
        return _require_text(value, column)
    found = turns(value, column)
    if len(found) != 1:
        raise BadRow(f"“{column}” holds {len(found)} turns; an answer is one, the assistant's")
    return last_answer(found[0], column)


def last_answer(turn: Mapping[str, Any], column: str) -> str:
    """What the assistant says in this turn. Raises `BadRow` where it is another's, or not to be learned."""
    if turn["role"] != "assistant":
        raise BadRow(f"“{column}” ends with the {turn['role']}. Its last turn is the answer to learn, the assistant's")
    if turn.get("weight") == 0:
        raise BadRow(f"the last answer of “{column}” has weight 0: there is nothing to learn. Leave the row out")
    return _require_text(turn["content"], column)


def common_prompt(chosen: Turns, rejected: Turns) -> tuple[Turns, Turns, Turns]:
    """The turns that both conversations begin with, and what is left of each: TRL's implicit prompt."""
    shared = 0
    while shared < min(len(chosen), len(rejected)) - 1 and chosen[shared] == rejected[shared]:
        shared += 1
    return chosen[:shared], chosen[shared:], rejected[shared:]


def said(system: str | None, conversation: Sequence[Mapping[str, Any]]) -> Turns:
    """The conversation as a list of turns, what the system said before it."""
    first = [{"role": "system", "content": system}] if system is not None else []
    return [*first, *(dict(turn) for turn in conversation)]


def _turn(each: Mapping[str, Any], where: str) -> dict[str, Any]:
    held = {name: value for name, value in each.items() if value is not None}
    if held.get("role") not in ROLES:
        raise BadRow(f"{where}: the role is {held.get('role')!r}; it is one of {', '.join(ROLES)}")
    if not isinstance(held.get("content"), str):
        raise BadRow(f"{where}: “content” is no text; pictures and parts cannot be learned here")
    if odd := sorted(map(str, held.keys() - TURN)):
        raise BadRow(f"{where} holds “{odd[0]}”, which cannot be learned here. Leave it out")
    return held


def _require_text(text: str, column: str) -> str:
    if not text.strip():
        raise BadRow(f"“{column}” is empty. Fill it in, or leave the row out")
    return text
