"""Keys and values of several rows at once, in memory that is written in place.

Every row begins at column 0 and has a length of its own, so rows come and go without moving the others, and a step
that fails leaves nothing behind: a column counts only once the row's length says so.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

    from chat.engine.loading import LoadedModel

COLUMNS = 256
"""By how many columns the memory grows at least."""


def bytes_per_token(loaded: "LoadedModel") -> int:
    """How much a model remembers of one token."""
    layers, heads, width = _shape(loaded)
    return 2 * layers * heads * width * int(next(loaded.model.parameters()).element_size())


def _shape(loaded: "LoadedModel") -> tuple[int, int, int]:
    text = loaded.model.config.get_text_config()
    width = getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads
    return text.num_hidden_layers, text.num_key_value_heads, width


class KeyValues:
    """What a model remembers of its rows. Stands where transformers expects its `Cache`."""

    def __init__(self, loaded: "LoadedModel", rows: int) -> None:
        self._shape = _shape(loaded)
        self._most_rows = rows
        self._like = next(loaded.model.parameters())
        self._keys: list[torch.Tensor] = []
        """Per layer, [rows, heads, columns, width]."""
        self._values: list[torch.Tensor] = []
        self.lengths: list[int] = []
        """In tokens, of the rows in use: the first of the memory's rows."""
        self._rows: torch.Tensor
        self._columns: torch.Tensor
        self._end = 0

    def prepare(self, tokens: int) -> "torch.Tensor":
        """Make ready to take `tokens` more for every row; return who sees what, bool [rows, 1, tokens, columns]."""
        import torch

        device = self._like.device
        starts = torch.tensor(self.lengths, device=device)
        self._end = max(self.lengths) + tokens
        self._grow(len(self.lengths), self._end)
        self._rows = torch.arange(len(self.lengths), device=device)[:, None]
        self._columns = starts[:, None] + torch.arange(tokens, device=device)
        return (torch.arange(self._end, device=device) <= self._columns[:, :, None])[:, None]

    @property
    def positions(self) -> "torch.Tensor":
        """Where the tokens stand that are being added, int [rows, tokens]."""
        return self._columns

    def update(self, keys: "torch.Tensor", values: "torch.Tensor", layer: int, *_: Any) -> tuple[Any, Any]:
        """Take a layer's [rows, heads, tokens, width]; return all that it has, up to the longest row's end."""
        rows = len(self.lengths)
        self._keys[layer][self._rows, :, self._columns] = keys.transpose(1, 2)
        self._values[layer][self._rows, :, self._columns] = values.transpose(1, 2)
        return self._keys[layer][:rows, :, : self._end], self._values[layer][:rows, :, : self._end]

    def advance(self, tokens: int) -> None:
        """Count what was added since `prepare`."""
        self.lengths = [length + tokens for length in self.lengths]

    def get_seq_length(self, layer: int = 0) -> int:
        return max(self.lengths, default=0)

    def join(self, other: "KeyValues") -> None:
        """Add the one row of `other` behind the rows in use."""
        (length,) = other.lengths
        self._grow(len(self.lengths) + 1, length)
        for mine, theirs in zip(self._keys + self._values, other._keys + other._values, strict=True):
            mine[len(self.lengths), :, :length] = theirs[0, :, :length]
        self.lengths.append(length)

    def leave(self, row: int) -> None:
        """Let the last row take the place of `row`."""
        last = len(self.lengths) - 1
        if row != last:
            for memory in self._keys + self._values:
                memory[row, :, : self.lengths[last]] = memory[last, :, : self.lengths[last]]
        self.lengths[row] = self.lengths[last]
        self.lengths.pop()
        if not self.lengths:
            self._keys, self._values = [], []

    def block(self, start: int, end: int) -> "torch.Tensor":
        """A copy of the first row's columns, [2, layers, heads, end - start, width]."""
        import torch

        return torch.stack([torch.stack([memory[0, :, start:end] for memory in side]) for side in self._sides])

    def put(self, block: "torch.Tensor") -> None:
        """Append what `block` gave to the first row."""
        start, end = self.lengths[0], self.lengths[0] + block.shape[3]
        self._grow(1, end)
        for side, blocks in zip(self._sides, block, strict=True):
            for memory, part in zip(side, blocks, strict=True):
                memory[0, :, start:end] = part
        self.lengths[0] = end

    @property
    def _sides(self) -> tuple[list["torch.Tensor"], list["torch.Tensor"]]:
        return self._keys, self._values

    def _grow(self, rows: int, columns: int) -> None:
        layers, heads, width = self._shape
        held_rows, _, held, _ = self._keys[0].shape if self._keys else (0, 0, 0, 0)
        if rows <= held_rows and columns <= held:
            return
        most = held_rows if rows <= held_rows else min(self._most_rows, max(rows, 2 * held_rows))
        wide = held if columns <= held else max(held * 3 // 2, columns) + COLUMNS - 1
        shape = (most, heads, wide - wide % COLUMNS, width)
        for side in self._sides:
            side[:] = side or [self._like.new_zeros((0, heads, 0, width))] * layers
            for layer, old in enumerate(side):
                # Zeros, not what lay in memory: masked or not, 0 x NaN is NaN.
                side[layer] = old.new_zeros(shape)
                side[layer][:held_rows, :, :held] = old
