"""Files of training examples: every shape in every format, there and back, and what is said of files that are not."""

import csv
import json
import random
import string
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from admin.training import formats
from admin.training.formats import BadRowsError
from admin.training.incoming import MOST_COLUMNS
from admin.training.shapes import Shape
from admin.training.spreadsheet import defused, restored
from chat.errors import InvalidInputError
from chat.store.examples import Kept, NewExample, Place, Wording
from chat.store.tables import ExampleOrigin, ExampleState

DEMO = Path("demo/examples.jsonl")
SPECIAL = [
    "=1+1",
    "+",
    "-2",
    "@x",
    "\t",
    "\r\n",
    "'=x",
    "''@",
    '"',
    ",",
    ";",
    "\n",
    "[",
    "{",
    '[{"role": "user"}]',
    "é漢😀",
]
Save = Callable[..., Path]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def save(content: str | bytes, name: str = "file") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return save


def kept(new: NewExample) -> Kept:
    return Kept(
        1, new.key, 1, ExampleState.DRAFT, ExampleOrigin.IMPORT, 1, 1, new.wording.sha256, new.wording, None,
        datetime.now(UTC),
    )  # fmt: skip


def lines(*rows: Any) -> str:
    return "\n".join(json.dumps(row) for row in rows)


def some_text(chance: random.Random) -> str:
    parts = [chance.choice([*SPECIAL, *string.ascii_letters]) for _ in range(chance.randint(1, 8))]
    return "".join(parts) + chance.choice(["x", "?", "'"])


def some_value(chance: random.Random, depth: int = 2) -> Any:
    simple = [some_text(chance), "", 7, -1.5, True, False, 10**12]
    if depth == 0:
        return chance.choice(simple)
    nested = [[some_value(chance, depth - 1)], {some_text(chance): some_value(chance, depth - 1)}, {}, []]
    return chance.choice([*simple, *nested])


def some_wording(chance: random.Random, *, pair: bool) -> Wording:
    turns = [{"role": ("user", "assistant")[n % 2], "content": some_text(chance)} for n in range(chance.choice([1, 3]))]
    passages = [{"document": "a.md", "section": some_text(chance), "text": some_text(chance)}]
    places = [
        [],
        [Place("a.md")],
        [Place("=b.md", version=2, start=0, end=9, quote=some_text(chance)), Place("c")],
    ]
    names = [some_text(chance), "prompt", "extra", "topic", "=sum", "id", "sources"]
    extra = {chance.choice(names): some_value(chance) for _ in range(chance.randint(0, 3))}
    if chance.random() < 0.3:
        extra["system"] = some_text(chance)
    return Wording(
        prompt=turns,
        completion=some_text(chance),
        rejected=some_text(chance) if pair or chance.random() < 0.3 else None,
        passages=passages if chance.random() < 0.5 else [],
        answerable=chance.random() < 0.8,
        language=chance.choice([None, "en"]),
        extra=extra,
        sources=chance.choice(places),
    )


@pytest.mark.parametrize("suffix", formats.SUFFIXES)
@pytest.mark.parametrize("shape", [Shape.PROMPT_COMPLETION, Shape.MESSAGES, Shape.PREFERENCE])
def test_there_and_back_says_the_very_same(tmp_path: Path, shape: Shape, suffix: str) -> None:
    for seed in range(40):
        chance = random.Random(seed)
        pair = shape is Shape.PREFERENCE
        before = {
            f"k{n}{some_text(chance).strip()}": some_wording(chance, pair=pair) for n in range(chance.randint(1, 6))
        }
        path = tmp_path / f"there{suffix}"
        formats.write(path, [kept(NewExample(key, wording)) for key, wording in before.items()], shape)
        after = {each.key: each.wording for each in formats.read(path).examples}
        assert after.keys() == before.keys(), seed
        for key, wording in before.items():
            assert after[key].says(wording), (seed, key, wording, after[key])


@pytest.mark.parametrize("shape", [Shape.OPENAI, Shape.OPENAI_PREFERENCE])
def test_openai_s_formats_hold_the_conversation(tmp_path: Path, shape: Shape) -> None:
    chance = random.Random(5)
    before = [some_wording(chance, pair=True) for _ in range(20)]
    path = tmp_path / "openai.jsonl"
    assert formats.write(path, [kept(NewExample(f"{n}", wording)) for n, wording in enumerate(before)], shape) == 20
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    wanted = {"messages"} if shape is Shape.OPENAI else {"input", "preferred_output", "non_preferred_output"}
    assert all(row.keys() == wanted for row in rows)
    for wording, after in zip(before, formats.read(path).examples, strict=True):
        assert (after.wording.prompt, after.wording.completion) == (wording.prompt, wording.completion)
        for passage in wording.passages:
            assert passage["text"][:50].strip() in after.wording.extra["system"]
        if shape is Shape.OPENAI_PREFERENCE:
            assert after.wording.rejected == wording.rejected


def test_the_demo_s_file_comes_back_as_it_was(tmp_path: Path) -> None:
    found = formats.read(DEMO)
    assert len(found.examples) == 349
    assert found.examples[0].wording.sources == [Place("quay-kitchen-menu-and-allergens.txt")]
    path = tmp_path / "demo.jsonl"
    formats.write(path, [kept(each) for each in found.examples])
    assert path.read_bytes().rstrip() == DEMO.read_bytes().rstrip()


def test_what_the_shapes_of_others_become(save: Save) -> None:
    user, assistant = ({"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"})
    worse = {"role": "assistant", "content": "B"}
    for row in (
        {"messages": [{"role": "system", "content": "Be brief."}, user, assistant]},
        {"prompt": "Q", "completion": "A"},
        {"prompt": [user], "completion": [assistant]},
        {"prompt": "Q", "chosen": "A", "rejected": "B"},
        {"prompt": [user], "chosen": [assistant], "rejected": [worse]},
        {"chosen": [user, assistant], "rejected": [user, worse]},
        {"input": {"messages": [user]}, "preferred_output": [assistant], "non_preferred_output": [worse]},
    ):
        [new] = formats.read(save(lines(row))).examples
        assert (new.wording.question, new.wording.completion) == ("Q", "A")
        assert new.wording.rejected == ("B" if {"rejected", "input"} & row.keys() else None)
        assert new.key == new.wording.sha256[:16]
    [new] = formats.read(
        save(lines({"messages": [{"role": "system", "content": "Be brief."}, user, assistant]}))
    ).examples
    assert new.wording.extra == {"system": "Be brief."}


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@a", "\tx", "\rx", "'=1", "''-"])
def test_no_spreadsheet_runs_a_cell(tmp_path: Path, cell: str) -> None:
    assert defused(cell)[0] == "'"
    assert restored(defused(cell)) == cell
    path = tmp_path / "cells.csv"
    wording = Wording([{"role": "user", "content": cell}], f"{cell}a", extra={cell.strip() or "x": cell})
    formats.write(path, [kept(NewExample(cell, wording))])
    with path.open(encoding="utf-8-sig", newline="") as file:
        for written in csv.reader(file):
            assert all(each[:1] not in tuple("=+-@\t\r") for each in written)
    [new] = formats.read(path).examples
    assert (new.key, new.wording.question) == (cell, cell)
    assert restored("'tis") == "'tis"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "holds no rows"),
        (b"\xef\xbb\xbf", "holds no rows"),
        (b"\n \n", "holds no rows"),
        (b"prompt,completion\n", "holds no rows"),
        ("prompt,completion\nä,b".encode("latin-1"), "line 2 holds the byte 0xE4"),
        ("prompt,completion\na,b".encode("utf-16"), "is in UTF-16"),
        (b"PAR1 and no more", "no Parquet file"),
        (b'[{"prompt": "a"', "begins like a JSON array"),
        (b"prompt,prompt\na,b", "Two columns are called"),
        (b'prompt,completion\n"a,b', "no CSV from line 2"),
    ],
)  # fmt: skip
def test_a_file_that_is_none_says_why(save: Save, content: bytes, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        formats.read(save(content))


def test_a_table_of_a_hundred_thousand_columns_is_refused(save: Save) -> None:
    header = ",".join(f"c{n}" for n in range(100_000))
    with pytest.raises(InvalidInputError, match=f"100,000 columns; at most {MOST_COLUMNS}"):
        formats.read(save(f"{header}\n{header}"))
    with pytest.raises(BadRowsError, match="has 1,000 columns"):
        formats.read(save(lines({f"c{n}": 1 for n in range(1_000)})))


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("{", "it is not JSON"),
        ("7", "no JSON object"),
        ("[" * 100_000, "nested too deeply|not JSON|no JSON object|begins like"),
        ('{"question": "a", "answer": "b"}', "its columns are: answer, question. It takes “prompt” and “completion”"),
        ('{"prompt": "a", "completion": "  "}', "“completion” is empty"),
        ('{"prompt": "", "completion": "b"}', "“prompt” is empty"),
        ('{"prompt": 7, "completion": "b"}', "neither a text nor a list"),
        ('{"prompt": "a\\u0000", "completion": "b"}', "zero byte"),
        ('{"prompt": "a", "completion": "\\ud800"}', "lone surrogate"),
        ('{"prompt": "a", "completion": "b", "x": NaN}', "no number that JSON knows"),
        ('{"prompt": "a", "completion": "b", "passages": "c"}', "“passages”"),
        ('{"prompt": "a", "completion": "b", "passages": [{"text": ""}]}', "“passages, 1, text”"),
        ('{"prompt": "a", "completion": "b", "sources": [{"document": "d", "version": -1}]}', "“sources, 1, version”"),
        ('{"prompt": "a", "completion": "b", "id": ""}', "“id”"),
        ('{"prompt": "a", "completion": "b", "id": []}', "“id”"),
        ('{"messages": []}', "no list of turns"),
        ('{"messages": [{"role": "user", "content": "a"}]}', "a question and an answer at least"),
        ('{"messages": [{"role": "tool", "content": "a"}]}', "the role is 'tool'"),
        ('{"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}', "pictures"),
        ('{"messages": [{"role": "user", "content": "a"}, {"role": "user", "content": "a"}]}', "ends with the user"),
        (
            '{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b", "weight": 0}]}',
            "weight 0",
        ),
        (
            '{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b", "tool_calls": []}]}',
            "tool_calls",
        ),
        (
            '{"chosen": [{"role": "user", "content": "a"}], "rejected": [{"role": "user", "content": "b"}]}',
            "begin with",
        ),
        ('{"input": {"messages": [], "tools": []}, "preferred_output": [], "non_preferred_output": []}', "tools"),
    ],
)
def test_a_bad_row_is_named_and_the_cure_said(save: Save, row: str, said: str) -> None:
    good = lines({"id": "g", "prompt": "Q", "completion": "A"})
    with pytest.raises(InvalidInputError, match=said) as raised:
        formats.read(save(row if row.startswith("[[") else f"{good}\n{row}"))
    if isinstance(raised.value, BadRowsError):
        assert str(raised.value).startswith("1 of 2 rows cannot be used.\nRow 2: ")
        found = formats.read(save(f"{good}\n{row}"), good_rows=True)
        assert ([each.key for each in found.examples], found.rows) == (["g"], 2)


def test_ids_stand_once_and_rows_without_one_are_told_apart(save: Save) -> None:
    row = {"id": 7, "prompt": "Q", "completion": "A"}
    with pytest.raises(BadRowsError, match="Row 3: the id “7” stands in row 1, too"):
        formats.read(save("\n".join([lines(row), "", lines(row)])))
    bare = {"prompt": "Q", "completion": "A"}
    first, second = formats.read(save(lines(bare, bare))).examples
    assert second.key == f"{first.key}-2"


def test_csv_as_others_write_it(save: Save) -> None:
    for content in (
        '\ufeffprompt;completion;id\r\nWhen, then?;"At ten; or\r\nso";7\r\n\r\n',
        'prompt\tcompletion\tid\nWhen, then?\t"At ten; or\r\nso"\t7\n',
    ):
        [new] = formats.read(save(content)).examples
        assert (new.key, new.wording.question, new.wording.completion) == ("7", "When, then?", "At ten; or\r\nso")
    with pytest.raises(BadRowsError, match="Row 3: “prompt” is empty"):
        formats.read(save("prompt,completion\nWhen?,Now\n,Now"))
    with pytest.raises(BadRowsError, match="Row 2: it has 3 cells under 2 columns"):
        formats.read(save("prompt,completion\nWhen, then?,now"))


def test_good_rows_take_a_good_row(save: Save) -> None:
    with pytest.raises(BadRowsError):
        formats.read(save("{"), good_rows=True)


def test_an_unknown_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"ends in \.xlsx: use \.jsonl"):
        formats.write(tmp_path / "a.xlsx", [])
