"""A set of training examples with known faults, made from templates and a seed."""

import random
import string
from collections import defaultdict
from dataclasses import dataclass, field, replace

from admin.training.findings import Check
from admin.training.personal_data import luhn
from chat.store.question_sets import HeldOut, Quote
from chat.store.wordings import Place, Wording

PLACES = """harbour lighthouse workshop galley bridge store cradle slipway ticket-office quarry reservoir orchard
    chapel laundry nursery archive bakery observatory greenhouse boathouse gatehouse kennel foundry smithy""".split()
THINGS = """ladder winch lantern ledger kettle pump valve rope barrel anchor hatch compass trolley stretcher radio
    generator boiler crane pallet freezer mixer scale projector microscope extinguisher tarpaulin""".split()
COLOURS = "red blue green yellow white black orange grey purple brown silver golden striped spotted".split()
ROLES = """purser mate steward engineer cook warden clerk diver carpenter nurse porter surveyor bosun keeper
    foreman gardener librarian chemist driver tailor""".split()
ACTS = """inspects repaints locks empties weighs labels rinses oils counts covers tests signs-off moves replaces
    photographs measures airs sharpens warms insures""".split()
WHEN = """before breakfast|at dusk|on the first Monday of the month|after every storm|in the last week of May|
    whenever the tide turns|once the inspector has left|during the winter lay-up|on alternate Fridays|
    when the flag comes down""".replace("\n    ", "").split("|")
WHY = """salt creeps into the hinges|the insurance asks for it|visitors lean on it|the paint blisters in the sun|
    gulls nest beneath it|the old one cracked last spring|the council sends a form|mice like the warmth|
    it rattles in a north wind|the handle works loose""".replace("\n    ", "").split("|")
ASKED = (
    "Who {act} the {colour} {thing} in the {place}?",
    "When is the {colour} {thing} of the {place} looked after, and by whom?",
    "I found the {colour} {thing} in the {place} wide open. Whose job is it?",
    "Can anybody use the {colour} {thing} that stands in the {place}?",
    "why does the {role} have to watch the {thing} by the {place}",
)
ANSWERED = (
    "The {role} {act} the {colour} {thing} {when}, because {why}.",
    "{when_}, the {role} of the {place} {act} it; {why}.",
    "Only the {role} may. It is done {when}, since {why}, and takes {n} minutes.",
    "Ask the {role}: the {thing} is number {n} on the list and gets its turn {when}.",
)


@dataclass(frozen=True)
class Row:
    """A training example as the checks read it."""

    id: int
    key: str
    wording: Wording
    version_id: int = 0

    @property
    def sha256(self) -> str:
        return self.wording.sha256


@dataclass
class Planted:
    """Examples, the questions held out from them, and which examples have which fault."""

    rows: list[Row]
    questions: list[HeldOut]
    faults: dict[Check, set[str]] = field(default_factory=lambda: defaultdict(set))
    partners: dict[Check, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Examples without a fault of their own that are rightly named beside one that has it."""


def planted(clean: int = 790, seed: int = 5, scale: int = 1) -> Planted:
    """`clean` examples without faults, and `scale` times 210 with the faults of the planted set."""
    rng = random.Random(seed)
    made = Planted([], [])
    asked: set[str] = set()
    while len(made.rows) < clean:
        wording = _wording(rng, f"guide-{len(made.rows) % 40}.md")
        if wording.question not in asked:
            asked.add(wording.question)
            _add(made, wording)
    bases = iter(rng.sample(made.rows, min(clean, 250 * scale)))
    for _ in range(50 * scale):
        _beside(made, Check.DUPLICATES, base := next(bases), _again(rng, base.wording))
    for _ in range(50 * scale):
        _beside(made, Check.NEAR_DUPLICATES, base := next(bases), _nearly(rng, base.wording))
    for _ in range(20 * scale):
        _beside(made, Check.CONTRADICTIONS, base := next(bases), _otherwise(rng, base.wording))
    for number in range(30 * scale):
        _leak(made, rng, number)
    for _ in range(20 * scale):
        secret, personal = _wording(rng, "guide-1.md"), _wording(rng, "guide-2.md")
        _plant(made, Check.SECRETS, replace(secret, completion=f"{secret.completion} {_secret(rng)}"))
        _plant(made, Check.PERSONAL_DATA, replace(personal, completion=f"{personal.completion} {_personal(rng)}"))
        _plant(made, Check.TOO_LONG, _long(rng))
    made.questions += [_question(rng, f"h{number}", f"held-{number % 9}.md") for number in range(150)]
    rng.shuffle(made.rows)
    return made


def _add(made: Planted, wording: Wording) -> Row:
    number = len(made.rows) + 1
    row = Row(number, f"r{number}", wording, number)
    made.rows.append(row)
    return row


def _plant(made: Planted, check: Check, wording: Wording) -> None:
    made.faults[check].add(_add(made, wording).key)


def _beside(made: Planted, check: Check, base: Row, wording: Wording) -> None:
    _plant(made, check, wording)
    made.partners[check].add(base.key)


def _facts(rng: random.Random) -> dict[str, str]:
    when = rng.choice(WHEN)
    return {
        "place": rng.choice(PLACES), "thing": rng.choice(THINGS), "colour": rng.choice(COLOURS),
        "role": rng.choice(ROLES), "act": rng.choice(ACTS), "when": when, "when_": when.capitalize(),
        "why": rng.choice(WHY), "n": str(rng.randrange(3, 9000)),
    }  # fmt: skip


def _wording(rng: random.Random, document: str) -> Wording:
    facts = _facts(rng)
    question, answer = rng.choice(ASKED).format(**facts), rng.choice(ANSWERED).format(**facts)
    return Wording([{"role": "user", "content": question}], answer, sources=[Place(document)])


def _asking(wording: Wording, question: str, **changed: object) -> Wording:
    return replace(wording, prompt=[{"role": "user", "content": question}], **changed)


def _again(rng: random.Random, wording: Wording) -> Wording:
    """The same, as it comes back from another export: other case, spacing or full stops."""
    question = rng.choice((str.lower, str.upper, lambda text: f"  {text.replace(' ', '  ')}", str))(wording.question)
    answer = rng.choice((wording.completion.rstrip("."), wording.completion + " ", wording.completion))
    return _asking(wording, question, completion=answer)


def _nearly(rng: random.Random, wording: Wording) -> Wording:
    """One word more, fewer or other than in the original."""
    question = wording.question.split()
    place = rng.randrange(len(question))
    kind = rng.randrange(4)
    if kind == 0:
        question = [rng.choice(("Please:", "Hello,", "Sorry,")), *question]
    elif kind == 1:
        question[place] = rng.choice(("really", "exactly", "usually"))
    elif kind == 2:
        question.insert(place, rng.choice(("please", "now", "then")))
    answer = wording.completion.replace("because", "as") if kind == 3 else wording.completion
    return _asking(wording, " ".join(question) + ("" if kind != 3 else " Thanks"), completion=answer)


def _otherwise(rng: random.Random, wording: Wording) -> Wording:
    return replace(
        wording, completion=f"Nobody does: that {rng.choice(THINGS)} was sold in {rng.randrange(1950, 2020)}."
    )


def _leak(made: Planted, rng: random.Random, number: int) -> None:
    """An example that gives a held-out question away: by its words, nearly, by its passage, or by its document."""
    held = _question(rng, f"leak{number}", f"secret-{number}.md")
    made.questions.append(held)
    wording = _wording(rng, f"guide-{number % 40}.md")
    leaks = (
        lambda: _asking(wording, f" {held.text.upper()}"),
        lambda: _asking(wording, f"Please, {held.text[0].lower()}{held.text[1:]}"),
        lambda: replace(wording, sources=[Place("copy.md", quote=held.quotes[0].text)]),
        lambda: replace(wording, completion=f"It says: {held.quotes[0].text}"),
        lambda: replace(wording, sources=[Place(f"folder/{held.quotes[0].document}")]),
    )
    _plant(made, Check.LEAKS, leaks[number % len(leaks)]())


def _question(rng: random.Random, key: str, document: str) -> HeldOut:
    facts = _facts(rng) | {"thing": f"spare {rng.choice(THINGS)}", "place": f"{rng.choice(PLACES)} annexe"}
    text, quote = rng.choice(ASKED).format(**facts), rng.choice(ANSWERED).format(**facts)
    return HeldOut("exam 1", key, text, None, [facts["role"]], [Quote(document, quote)])


def _long(rng: random.Random) -> Wording:
    return replace(_wording(rng, "guide-3.md"), completion=" ".join(_wording(rng, "").completion for _ in range(120)))


def _secret(rng: random.Random) -> str:
    letters = string.ascii_letters + string.digits
    random_of = lambda length, signs=letters: "".join(rng.choices(signs, k=length))  # noqa: E731
    return rng.choice((
        f"The key is AKIA{random_of(16, string.ascii_uppercase + string.digits)}.",
        f"Use ghp_{random_of(36)} to sign in.",
        f"password: {random_of(5)}7{random_of(3)}!",
        f"The wifi password is Gull{rng.randrange(10, 99)}nest.",
        f"postgres://stores:{random_of(12)}@db.example/ledger",
        f'api_key = "{random_of(32)}"',
        f"sk_live_{random_of(24)}",
        f"xoxb-{random_of(12, string.digits)}-{random_of(12, string.digits)}-{random_of(24)}",
        f"-----BEGIN RSA PRIVATE KEY-----\n{random_of(64)}\n-----END RSA PRIVATE KEY-----",
        f"Token {random_of(40)}",
    ))  # fmt: skip


def _personal(rng: random.Random) -> str:
    digits = lambda length: "".join(rng.choices(string.digits, k=length))  # noqa: E731
    card = "4" + digits(14)
    card += next(digit for digit in string.digits if luhn(card + digit))
    account = digits(18)
    check = 98 - int(f"{account}131400") % 97
    return rng.choice((
        f"Write to {rng.choice(ROLES)}.{rng.choice(THINGS)}@post.example.",
        f"Ring +44 20 7946 0{digits(3)}.",
        f"Her mobile is 0{rng.randrange(1500, 1799)} {digits(7)}.",
        f"Call (212) 555-{digits(4)}.",
        f"Pay into DE{check:02} {account[:4]} {account[4:8]} {account[8:12]} {account[12:16]} {account[16:]}.",
        f"The card is {card[:4]} {card[4:8]} {card[8:12]} {card[12:]}.",
        f"SSN {rng.randrange(100, 665)}-{rng.randrange(10, 99)}-{rng.randrange(1000, 9999)}.",
        f"It logs on from 203.0.{rng.randrange(1, 254)}.{rng.randrange(1, 254)}.",
    ))  # fmt: skip
