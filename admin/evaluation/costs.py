"""What answers cost beside time: money, where a price is set, and the memory of the engine of this machine."""

from collections.abc import Mapping
from typing import Any

import psutil

from chat.engine.process import Address
from chat.settings import Settings

ANSWERS = 1_000
"""Prices are told for so many answers: that of one is too small to read."""
TOKENS = 1_000
"""Prices are set for so many tokens."""


def price(settings: Settings, receipt: Mapping[str, Any]) -> float | None:
    """What 1,000 answers like this one cost, in the currency of the settings.

    None where no price is set, or the server did not tell the tokens. Nothing where no model was asked.
    """
    if settings.price_prompt is None and settings.price_answer is None:
        return None
    if receipt["model"] is None:
        return 0.0
    usage: Mapping[str, int] | None = receipt["usage"]
    if usage is None:
        return None
    paid = usage["prompt_tokens"] * (settings.price_prompt or 0) + usage["completion_tokens"] * (
        settings.price_answer or 0
    )
    return ANSWERS * paid / TOKENS


def memory(settings: Settings) -> int | None:
    """Bytes that the engine of this machine holds now, with the model and its adapters; None where there is none."""
    address = None if settings.remote_model else Address.read(settings.home)
    if address is None:
        return None
    try:
        return int(psutil.Process(address.pid).memory_info().rss)
    except psutil.Error:
        return None
