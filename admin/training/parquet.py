"""Parquet, as data sets are shared in. What is neither a text nor turns of a conversation stands there as JSON."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from admin.training.incoming import LARGEST, MOST_ROWS, Raw, check_width
from chat.errors import InvalidInputError


def read(path: Path) -> Iterator[Raw]:
    """The rows. Raises `InvalidInputError` for a file that is broken, or would be too much once unpacked."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            _check_size(file.metadata)
            number = 0
            for batch in file.iter_batches(1_000):
                for row in batch.to_pylist():
                    number += 1
                    yield Raw(number, {name: _plain(value) for name, value in row.items() if value is not None})
    except (pa.ArrowException, OSError) as error:
        raise InvalidInputError(f"The file is no Parquet file that can be read: {error}") from error


def write(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {name: [row.get(name) for row in rows] for name in names}
    pq.write_table(pa.table(columns), path)


def _check_size(metadata: Any) -> None:
    check_width(metadata.num_columns)
    unpacked = sum(metadata.row_group(group).total_byte_size for group in range(metadata.num_row_groups))
    if metadata.num_rows > MOST_ROWS or unpacked > LARGEST:
        raise InvalidInputError(
            f"The file has {metadata.num_rows:,} rows and {unpacked / 1e6:,.0f} MB unpacked; at most {MOST_ROWS:,} "
            f"rows and {LARGEST / 1e6:,.0f} MB are read at once. Import it in parts."
        )


def _plain(value: Any) -> Any:
    """The value without what is not there: columns of records give every record the keys of all."""
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items() if each is not None}
    return value if isinstance(value, str | int | float) else str(value)
