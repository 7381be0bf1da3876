"""The file of SQuAD that the recipe takes, and what is held out of it. The file does not come with the project."""

import json
from pathlib import Path

import pytest

from admin.training.grounded import held_out, squad
from admin.training.grounded.squad import Article
from chat.errors import InvalidInputError


def rows(title: str, count: int) -> list[dict[str, object]]:
    """Questions about paragraphs that say a number each; every third has no answer."""
    return [
        {
            "id": f"{title}-{number}",
            "title": title,
            "paragraph": number // 3,
            "context": f"Chapter {number // 3} of {title} begins. It tells of {number // 3 + 100} ships and crews.",
            "question": f"  How many ships are in chapter {number // 3}, try {number}? ",
            "answers": [] if number % 3 == 2 else [str(number // 3 + 100)],
            "answerable": number % 3 != 2,
        }
        for number in range(count)
    ]


@pytest.fixture
def articles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Article]:
    lines = [row for title in ("Other", *squad.DEVELOPMENT, *squad.TEST) for row in rows(title, 60)]
    file = tmp_path / "squad.jsonl"
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    monkeypatch.setattr(squad, "SHA256", squad.hashlib.sha256(file.read_bytes()).hexdigest())  # type: ignore[attr-defined]
    return squad.read(file)


def test_another_file_is_refused_and_what_to_do_is_said(tmp_path: Path) -> None:
    (tmp_path / "squad.jsonl").write_text("{}\n")
    for path in (tmp_path / "squad.jsonl", tmp_path / "absent.jsonl"):
        with pytest.raises(InvalidInputError, match=r"not the file that the recipe was made with.*leave it out"):
            squad.read(path)


def test_an_article_is_a_document_of_all_its_paragraphs(articles: list[Article]) -> None:
    assert [article.title for article in articles] == ["Other", "Packet switching", "Harvard University", "Imperialism"]
    assert articles[0].document == "Other.txt"
    assert articles[0].text.count("\n\n") == 19
    first = articles[0].questions[0]
    assert (first.question, first.answer) == ("How many ships are in chapter 0, try 0?", "100")
    assert first.quote == "It tells of 100 ships and crews."


def test_what_is_judged_by_is_about_held_out_articles_alone(articles: list[Article], tmp_path: Path) -> None:
    test, development, orders = held_out.trials(articles)
    assert set(test.documents) == {"Harvard University.txt", "Imperialism.txt"}
    assert set(development.documents) == {"Packet switching.txt"}
    asked = test.sets["grounded-test"]
    assert sum(not each["answerable"] for each in asked) / len(asked) == pytest.approx(1 / 3, abs=0.01)
    for each in asked:
        assert not each["answerable"] or all(
            q["quote"].encode() in test.documents[q["document"]] for q in each["passages"]
        )
    for each in orders.sets["hidden-orders"]:
        [word], [marked] = each["answers"], each["passages"]
        assert word in marked["quote"]
        assert marked["quote"].encode() in orders.documents[marked["document"]]
    documents, sets = test.write(tmp_path)
    assert [path.name for path in documents] == list(test.documents)
    assert [json.loads(line) for line in sets["off-topic"].read_text().splitlines()] == list(test.sets["off-topic"])
