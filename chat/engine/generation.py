"""One answer, token by token: what is asked for, how a token is drawn, and when the answer has ended."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from chat.engine.loading import LoadedModel
from chat.engine.text import TextStream

if TYPE_CHECKING:
    import torch

FinishReason = Literal["stop", "length", "cancelled", "error"]

LIKELY = 64
"""How many tokens are tried before the whole vocabulary is put in order, which takes longer than all the rest."""


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
    adapter: str | None = None
    """Digest of the adapter that answers; None is the base model."""
    priority: int = 0
    """0 is a person who waits. Whatever is higher goes after it: evaluation, drafting."""


@dataclass(frozen=True)
class Ending:
    """Why an answer ended, and how many tokens were generated for it, the one that ended it included."""

    reason: FinishReason
    tokens: int
    error: str | None = None
    """What a person may be told, where the reason is `error`."""


class Answer:
    """An answer as it grows. Its draws come from a generator of its own: whoever runs beside it changes nothing."""

    def __init__(self, request: GenerationRequest, loaded: LoadedModel, emit: Callable[[str], None]) -> None:
        import torch

        self._request = request
        self._eos_ids = loaded.eos_ids
        self._text = TextStream(loaded.tokenizer.backend_tokenizer, request.stop)
        self._emit = emit
        self._random = torch.Generator(device=loaded.device)
        if request.seed is None:
            self._random.seed()
        else:
            self._random.manual_seed(request.seed)
        self.tokens = 0
        """Generated so far."""
        self.last = 0
        """The token to continue after."""

    def take(self, logits: "torch.Tensor") -> Ending | None:
        """Draw the next token, give out what text is certain, and say if that was the end. `logits` [vocabulary]."""
        self.last = choose(logits, self._request, self._random)
        self.tokens += 1
        if self.last in self._eos_ids:
            self._emit(self._text.rest())
            return Ending("stop", self.tokens)
        self._emit(self._text.add(self.last))
        if not self._text.stopped and self.tokens == self._request.max_tokens:
            self._emit(self._text.rest())
            return Ending("stop" if self._text.stopped else "length", self.tokens)
        return Ending("stop", self.tokens) if self._text.stopped else None


def choose(logits: "torch.Tensor", request: GenerationRequest, random: "torch.Generator") -> int:
    """Draw a token, from the fewest likeliest ones that together reach `top_p` (Holtzman et al. 2020)."""
    import torch

    if request.temperature == 0:
        return int(logits.argmax())
    probabilities = torch.softmax(logits / request.temperature, dim=-1)
    if request.top_p == 1:
        return int(torch.multinomial(probabilities, 1, generator=random))
    likeliest, tokens = probabilities.topk(min(LIKELY, len(probabilities)))
    if float(likeliest.sum()) < request.top_p:
        likeliest, tokens = probabilities.sort(descending=True)
    before = likeliest.cumsum(0) - likeliest
    kept = likeliest.where(before < request.top_p, 0.0)
    return int(tokens[torch.multinomial(kept, 1, generator=random)])
