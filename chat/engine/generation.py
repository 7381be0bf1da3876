"""One answer, token by token, from one sequence and its own key/value cache.

A hand-written loop: on a CPU it decodes twice as fast as `generate`, and it can be left at every token.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from chat.engine.loading import LoadedModel
from chat.engine.text import TextStream

if TYPE_CHECKING:
    import torch
    from transformers import DynamicCache

FinishReason = Literal["stop", "length", "cancelled", "error"]

PREFILL_TOKENS = 512
"""How much of a prompt is read at a time: nobody who cancels waits for longer than this takes."""


@dataclass(frozen=True)
class GenerationRequest:
    """What to say something to, and how. `prompt` and `max_tokens` together fit into the model's context."""

    prompt: tuple[int, ...]
    max_tokens: int
    temperature: float = 0.0
    """0 takes the likeliest token every time."""
    top_p: float = 1.0
    seed: int | None = None
    stop: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ending:
    """Why an answer ended, and how many tokens were generated for it, the one that ended it included."""

    reason: FinishReason
    tokens: int


def generate(
    loaded: LoadedModel,
    request: GenerationRequest,
    cancelled: Callable[[], bool],
    emit: Callable[[str], None],
) -> Ending:
    """Generate one answer, handing its text to `emit` as it comes; ask `cancelled` before every forward pass."""
    text = TextStream(loaded.tokenizer.backend_tokenizer, request.stop)
    count = 0
    for token in _tokens(loaded, request, cancelled):
        count += 1
        if token in loaded.eos_ids:
            emit(text.rest())
            return Ending("stop", count)
        emit(text.add(token))
        if text.stopped:
            return Ending("stop", count)
    if count < request.max_tokens:
        return Ending("cancelled", count)
    emit(text.rest())
    return Ending("stop" if text.stopped else "length", count)


def _tokens(loaded: LoadedModel, request: GenerationRequest, cancelled: Callable[[], bool]) -> Iterator[int]:
    """Yield at most `max_tokens` token ids, fewer only when cancelled."""
    import torch
    from transformers import DynamicCache

    random = torch.Generator(device=loaded.device)
    if request.seed is None:
        random.seed()
    else:
        random.manual_seed(request.seed)
    cache = DynamicCache(config=loaded.model.config)
    unread = list(request.prompt)
    for _ in range(request.max_tokens):
        for start in range(0, len(unread), PREFILL_TOKENS):
            if cancelled():
                return
            logits = _read(loaded, unread[start : start + PREFILL_TOKENS], cache)
        token = _choose(logits, request, random)
        yield token
        unread = [token]


def _read(loaded: LoadedModel, tokens: list[int], cache: "DynamicCache") -> "torch.Tensor":
    """Add the tokens to the cache; return the logits of the one to follow, float32 [vocabulary]."""
    import torch

    with torch.inference_mode():
        ids = torch.tensor([tokens], device=loaded.device)
        output = loaded.model(input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1)
        logits: torch.Tensor = output.logits[0, -1].float()
        return logits


def _choose(logits: "torch.Tensor", request: GenerationRequest, random: "torch.Generator") -> int:
    """Draw a token, from the fewest likeliest ones that together reach `top_p` (Holtzman et al. 2020)."""
    import torch

    if request.temperature == 0:
        return int(logits.argmax())
    likeliest, tokens = torch.softmax(logits / request.temperature, dim=-1).sort(descending=True)
    before = likeliest.cumsum(0) - likeliest
    kept = likeliest.where(before < request.top_p, 0.0)
    return int(tokens[torch.multinomial(kept, 1, generator=random)])
