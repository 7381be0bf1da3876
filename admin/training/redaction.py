"""Taking out of an example what may not be learned: the words of a finding give way to what they were."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from admin.training.findings import Place
from chat.store.wordings import Wording


def redacted(wording: Wording, places: Sequence[Place]) -> Wording:
    """The example with `[redacted: e-mail]`, say, in each of these places."""

    def without(field: str, index: int, text: str) -> str:
        here = (place for place in places if (place.field, place.index) == (field, index))
        for place in sorted(here, key=lambda place: -place.start):
            text = f"{text[: place.start]}[redacted: {place.kind}]{text[place.end :]}"
        return text

    def turned(field: str, key: str, said: Sequence[Any]) -> list[dict[str, Any]]:
        return [
            {**each, key: without(field, index, str(each.get(key, "")))} if key in each else dict(each)
            for index, each in enumerate(said)
        ]

    return replace(
        wording,
        prompt=turned("prompt", "content", wording.prompt),
        passages=turned("passages", "text", wording.passages),
        completion=without("completion", 0, wording.completion),
        rejected=None if wording.rejected is None else without("rejected", 0, wording.rejected),
    )
