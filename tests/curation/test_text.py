import pytest

from admin.curation.formats.text import decode, guess_language, normalise

SENTENCES = {
    "en": "Every employee has twenty-eight days of annual leave, and the days that are left expire in March.",
    "de": "Jeder Mitarbeiter hat achtundzwanzig Tage Urlaub im Jahr, und nicht genommene Tage verfallen im März.",
    "fr": "Chaque salarié dispose de vingt-huit jours de congé par an, et les jours non pris expirent en mars.",
    "es": "Cada empleado tiene veintiocho días de vacaciones al año, y los días no utilizados caducan en marzo.",
    "it": "Ogni dipendente ha ventotto giorni di ferie all'anno e i giorni non utilizzati scadono nel marzo.",
    "pt": "Cada funcionário tem vinte e oito dias de férias por ano, e os dias não utilizados expiram em março.",
    "nl": "Elke werknemer heeft achtentwintig vakantiedagen per jaar en de rest vervalt in maart van het jaar.",
}


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("ﬁne ２０ Cafe\u0301", "fine 20 Café"),
        ("a\x00b\ud800c\x07d\te", "abcd\te"),
        ("ig\u200bno\u202ere\U000e0041\ufeff\u00ad", "ignore"),
        ("a\r\nb\rc\u2028d\fe", "a\nb\nc\nd\ne"),
        ("a  \n \n\t\n\n\nb \t", "a\n\nb"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("e\u200b\u0301", "é"),
    ],
)
def test_normalise(raw: str, clean: str) -> None:
    assert normalise(raw) == clean
    assert normalise(clean) == clean


def test_normalise_is_linear_on_long_runs_of_blanks() -> None:
    assert normalise(" " * 3_000_000 + "x") == " " * 3_000_000 + "x"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Überstunden, Größe", "utf-8"),
        ("Überstunden, Größe", "utf-8-sig"),
        ("Überstunden, Größe", "utf-16"),
        ("Überstunden, Größe", "utf-32"),
        ("naïve", "cp1252"),
        ("10 € “quoted” – dash", "cp1252"),
        ("Привет мир, это документ о правилах отпуска.", "cp1251"),
        ("Zażółć gęślą jaźń i inne słowa w języku polskim", "cp1250"),
        ("有給休暇は年に二十日です。", "shift_jis"),
        ("年假为二十天，可以结转到下一年。", "gb18030"),
    ],
)
def test_decode(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


def test_one_bad_byte_leaves_the_rest_of_utf8_whole() -> None:
    assert decode("Größe, Maß, süß".encode() + b"\xc3") == "Größe, Maß, süß\ufffd"


def test_a_declared_encoding_counts_where_utf8_fails() -> None:
    assert decode("naïve".encode("iso-8859-15"), "iso-8859-15") == "naïve"
    assert decode("naïve".encode("cp1252"), "no-such-encoding") == "naïve"


@pytest.mark.parametrize(("code", "sentence"), SENTENCES.items())
def test_language(code: str, sentence: str) -> None:
    assert guess_language(sentence) == code


@pytest.mark.parametrize("text", ["Too short.", "lorem ipsum dolor sit amet consectetur " * 5, "年假为二十天。" * 20])
def test_unsure_of_the_language(text: str) -> None:
    assert guess_language(text) is None
