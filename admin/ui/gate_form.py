"""The form that changes what the gate asks for, as HTML, and what it sends, as the rules read it."""

from html import escape

from admin.evaluation.figures import NAMES
from admin.promotion.thresholds import CHOSEN, SHARES, WORDS, Thresholds
from admin.ui import gate_words as words
from admin.ui.adapters_view import place_in_words

MEASURE = "measure"


def form(asked: Thresholds, name: str, place: str | None) -> str:
    """What the rules ask for in a place, to be changed; `name` is the adapter that is open."""
    fields = "".join(_field(each, getattr(asked, each)) for each in WORDS)
    hint = escape(words.ASK_HINT[place is None].format(place_in_words(place)))
    return (
        f'<details><summary>{words.ASK}</summary><form class="asked" data-act="ask" data-name="{escape(name)}">'
        f'{fields}<button class="go">{words.ASK_IT}</button></form><p class="hint">{hint}</p></details>'
    )


def _field(name: str, value: str | float) -> str:
    """One of the numbers with its unit and what it is for; the measure is chosen among those there are."""
    return f"<label><span>{WORDS[name]}</span>{_choice(value) if name == MEASURE else _number(name, value)}</label>"


def _choice(chosen: str | float) -> str:
    options = "".join(
        f'<option value="{each}"{" selected" * (each == chosen)}>{NAMES[each].name}</option>' for each in CHOSEN
    )
    return f'<select name="{MEASURE}">{options}</select>'


def _number(name: str, value: str | float) -> str:
    limits, shown, unit = (
        ('min="0" max="100" step="any"', f"{100 * float(value):g}", words.PERCENT)
        if name in SHARES
        else ('min="1" max="1000000"', f"{value}", words.ANSWERS)
    )
    return f'<span class="number"><input name="{name}" type="number" required {limits} value="{shown}"> {unit}</span>'


def read(name: str, sent: str) -> str:
    """What was sent for one of them, as the rules read it: a share is sent in percent."""
    try:
        return f"{float(sent) / 100:.6g}" if name in SHARES else sent
    except ValueError:
        return sent
