"""Rows written for this project: what is asked of made-up sheets, in many ways, and what an honest answer says."""

from collections.abc import Callable, Iterator, Sequence
from random import Random

from admin.training.grounded.groups import REFUSAL, Asked, Group, marked
from admin.training.grounded.pages import Page, Stated, amended, ordering, page
from admin.training.grounded.sheets import Quantity, Strays, read_sheets, read_strays
from admin.training.rows import Passage
from chat.rag.answer import Turn

MOST_ASKED = 8
CAREFULLY = 0.8
"""Share of the questions that are typed with a capital and a question mark."""
ORDERED, DATED, UNDATED = 0.2, 0.12, 0.08
"""Shares of the pages with an order to the reader, and with values that contradict each other."""
TRIES = 4
"""Of each kind of question, on a page."""

Draft = tuple[str, str, Sequence[Turn]]
"""A question, what answers it, and the turns before it."""


def groups(count: int, seed: int) -> Iterator[Group]:
    """So many groups, the same ones for the same seed."""
    random, sheets, strays = Random(f"written {seed}"), read_sheets(), read_strays("learned")
    for number in range(count):
        yield _group(f"written-{number}", page(random.choice(sheets), random), strays, random)


def _group(key: str, made: Page, strays: Strays, random: Random) -> Group:
    drawn, first = random.random(), list[Draft]()
    if drawn < ORDERED:
        made = ordering(made, strays.order(random), random)
    elif drawn < ORDERED + DATED:
        made, was, now = amended(made, random, dated=True)
        first = [(random.choice(now.fact.asked).format(name=now.name), marked(now.answer, now.place), ())]
    elif drawn < ORDERED + DATED + UNDATED:
        made, was, now = amended(made, random, dated=False)
        both = f"{marked(was.sentence, was.place)} {marked(now.sentence, now.place)}"
        first = [(random.choice(now.fact.asked).format(name=now.name), both, ())]
    drafts = first + list(_drafts(made, strays, random))
    shown, renumbered = _shuffled(made.passages, random)
    asked = [
        Asked(
            f"{key}-{number}", _typed(question, random), renumbered(said), [_told(each, renumbered) for each in before]
        )
        for number, (question, said, before) in enumerate(_distinct(drafts)[:MOST_ASKED])
    ]
    return Group(made.document, shown, asked)


def _drafts(made: Page, strays: Strays, random: Random) -> Iterator[Draft]:
    """Questions of every kind, shuffled; about a third has no answer."""
    answered = [plain, plain, plain, in_a_sentence, tried, of_two, follow_up, of_the_same]
    refused = [not_stated, of_another, absent, follow_up_of_another]
    kinds: list[Callable[[Page, Random], Draft | None]] = [*answered, *random.sample(refused, 3)]
    found = [draft for kind in kinds if (draft := _first(kind, made, random))]
    if random.random() < 0.5:
        found.append((random.choice(strays.off_topic), REFUSAL, ()))
    random.shuffle(found)
    yield from found


def _first(kind: Callable[[Page, Random], Draft | None], made: Page, random: Random) -> Draft | None:
    return next((draft for _ in range(TRIES) if (draft := kind(made, random))), None)


def plain(made: Page, random: Random) -> Draft | None:
    """A fact, asked for as people do, and its value alone."""
    chosen = _clear(made, random)
    return (_question(chosen, random), marked(chosen.answer, chosen.place), ()) if chosen else None


def in_a_sentence(made: Page, random: Random) -> Draft | None:
    """What is said about something: the sentence that says it."""
    chosen = _clear(made, random)
    if chosen is None:
        return None
    about = f"the {chosen.fact.topic} of {chosen.name}"
    ways = (f"What is said about {about}?", f"Tell me about {about}.", f"What do I have to know about {about}?")
    return random.choice(ways), marked(chosen.sentence, chosen.place), ()


def tried(made: Page, random: Random) -> Draft | None:
    """Whether something is within a limit."""
    chosen = _clear(made, random)
    if chosen is None or chosen.number is None or not isinstance(chosen.fact.values, Quantity) or not chosen.fact.limit:
        return None
    asked_for = chosen.fact.values.drawn(random)
    most = chosen.fact.limit == "most"
    allowed = asked_for <= chosen.number if most else asked_for >= chosen.number
    said = f"{'Yes' if allowed else 'No'}, {f'up to {chosen.value}' if most else f'from {chosen.value} up'}"
    question = random.choice(chosen.fact.tried).format(name=chosen.name, tried=chosen.fact.values.said(asked_for))
    return question, marked(said, chosen.place), ()


def of_two(made: Page, random: Random) -> Draft | None:
    """The same fact of two things, from two passages."""
    pair = _pair(made, random)
    if pair is None:
        return None
    one, other = pair
    both = f"{marked(one.sentence, one.place)} {marked(other.sentence, other.place)}"
    return f"{_question(one, random)} And {other.name}?", both, ()


def follow_up(made: Page, random: Random) -> Draft | None:
    """The same fact of another thing, after the first was told."""
    pair = _pair(made, random)
    if pair is None:
        return None
    one, other = pair
    return _and(other.name, random), marked(other.answer, other.place), [_turn(one, random)]


def of_the_same(made: Page, random: Random) -> Draft | None:
    """Another fact of the same thing, which is not named again."""
    one = _clear(made, random)
    others = [each for each in made.stated if one and each.name == one.name and each.fact != one.fact]
    if one is None or not others:
        return None
    other = random.choice(others)
    if len(made.of(other.name, other.fact)) > 1:
        return None
    ways = (f"And the {other.fact.topic}?", f"What about its {other.fact.topic}?")
    return random.choice(ways), marked(other.answer, other.place), [_turn(one, random)]


def not_stated(made: Page, random: Random) -> Draft | None:
    """A fact that is stated of others, or of nothing that is shown."""
    missing = made.missing()
    if not missing:
        return None
    name, fact = random.choice(missing)
    return random.choice(fact.asked).format(name=name), REFUSAL, ()


def of_another(made: Page, random: Random) -> Draft | None:
    """A fact of a thing that is not there."""
    fact = random.choice(made.sheet.facts)
    return random.choice(fact.asked).format(name=_elsewhere(made, random)), REFUSAL, ()


def absent(made: Page, random: Random) -> Draft | None:
    """What no sheet of the kind says."""
    return random.choice(made.sheet.absent).format(name=random.choice(made.names)), REFUSAL, ()


def follow_up_of_another(made: Page, random: Random) -> Draft | None:
    """The same fact of a thing that is not there, after the first was told."""
    one = _clear(made, random)
    return (_and(_elsewhere(made, random), random), REFUSAL, [_turn(one, random)]) if one else None


def _clear(made: Page, random: Random) -> Stated | None:
    """Something that is stated once."""
    chosen = random.choice(made.stated)
    return chosen if len(made.of(chosen.name, chosen.fact)) == 1 else None


def _pair(made: Page, random: Random) -> tuple[Stated, Stated] | None:
    one = _clear(made, random)
    if one is None:
        return None
    others = [each for each in made.stated if each.fact == one.fact and each.name != one.name]
    clear = [each for each in others if len(made.of(each.name, each.fact)) == 1]
    return (one, random.choice(clear)) if clear else None


def _elsewhere(made: Page, random: Random) -> str:
    return random.choice([name for name in made.sheet.names if name not in made.names])


def _question(stated: Stated, random: Random) -> str:
    return random.choice(stated.fact.asked).format(name=stated.name)


def _turn(stated: Stated, random: Random) -> Turn:
    return Turn(_question(stated, random), marked(stated.answer, stated.place))


def _and(name: str, random: Random) -> str:
    return random.choice((f"And {name}?", f"What about {name}?", f"and for {name}"))


def _typed(question: str, random: Random) -> str:
    """The question as somebody types it: with care, or without."""
    if random.random() < CAREFULLY:
        return question[:1].upper() + question[1:]
    return question.rstrip("?").strip()


def _distinct(drafts: Sequence[Draft]) -> list[Draft]:
    """Each question once: one on the same page that is asked again says nothing new."""
    seen: dict[tuple[str, tuple[Turn, ...]], Draft] = {}
    for question, said, before in drafts:
        seen.setdefault((question, tuple(before)), (question, said, before))
    return list(seen.values())


def _shuffled(passages: Sequence[Passage], random: Random) -> tuple[list[Passage], Callable[[str], str]]:
    """The passages in another order, and what gives a completion their new numbers."""
    order = list(range(len(passages)))
    random.shuffle(order)
    places = {f"[{old + 1}]": f"[{new}]" for new, old in enumerate(order, 1)}

    def renumbered(said: str) -> str:
        head, *rest = said.split("[")
        return head + "".join(_with_place(f"[{part}", places) for part in rest)

    return [passages[place] for place in order], renumbered


def _with_place(part: str, places: dict[str, str]) -> str:
    marker, closed, rest = part.partition("]")
    return places[marker + closed] + rest


def _told(turn: Turn, renumbered: Callable[[str], str]) -> Turn:
    return Turn(turn.question, renumbered(turn.answer))
