"""Messages to token ids. Only the chat template writes special tokens; in messages they are ordinary text.

Without that, a document holding `<|im_end|>` could end the user's turn and speak as the system.
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from chat.errors import InvalidInputError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

_WEDGE = "\ufdd0"
"""Breaks a special token's spelling, and is taken out again: a code point that is never part of a text."""


class PromptEncoder:
    """Renders the model's chat template and cuts it into tokens. Safe to use from several threads."""

    def __init__(self, tokenizer: "PreTrainedTokenizerFast") -> None:
        from tokenizers import Tokenizer

        added = tokenizer.added_tokens_decoder.items()
        self._special_ids = {token.content: id_ for id_, token in added if token.special}
        longest_first = sorted(self._special_ids, key=len, reverse=True)
        self._special = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")
        self._template = tokenizer
        self._tokens = Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
        self._tokens.no_truncation()
        self._tokens.no_padding()
        # A second one, because the switch belongs to a whole tokenizer: flipped per call, it would race.
        self._plain_tokens = Tokenizer.from_str(self._tokens.to_str())
        self._plain_tokens.encode_special_tokens = True

    def encode(self, messages: Sequence[dict[str, str]]) -> list[int]:
        """Return the token ids of the whole prompt, up to and with the header of the assistant's turn.

        Raises `InvalidInputError` where the model's template refuses the messages: two user turns in a row, say.
        """
        if not any(self._special.search(message["content"]) for message in messages):
            return list(self._tokens.encode(self._render(messages), add_special_tokens=False).ids)
        wedged = [{**message, "content": self._wedge(message["content"])} for message in messages]
        return self._encode_pieces(self._render(wedged))

    def _wedge(self, content: str) -> str:
        return self._special.sub(lambda match: match[0][0] + _WEDGE + match[0][1:], content)

    def _encode_pieces(self, rendered: str) -> list[int]:
        """Every special token that still has its spelling comes from the template; the rest is text."""
        ids: list[int] = []
        start = 0
        for match in self._special.finditer(rendered):
            ids += self.encode_text(rendered[start : match.start()])
            ids.append(self._special_ids[match[0]])
            start = match.end()
        return ids + self.encode_text(rendered[start:])

    def encode_text(self, text: str) -> list[int]:
        """Return the token ids of a text in which nothing is special."""
        return list(self._plain_tokens.encode(text.replace(_WEDGE, ""), add_special_tokens=False).ids)

    def _render(self, messages: Sequence[dict[str, str]]) -> str:
        from jinja2 import TemplateError

        try:
            return str(self._template.apply_chat_template(list(messages), tokenize=False, add_generation_prompt=True))
        except TemplateError as error:
            raise InvalidInputError(f"The model's chat template refuses these messages: {error}") from error
