"""Personal data that has a form of its own: e-mail addresses, phone, account, card and identity numbers, IP addresses.

Patterns propose; check digits decide where there are any. Names and postal addresses have no such form: reviewers
look for those.
"""

import ipaddress
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}@(?:[\w-]{1,63}\.)+[^\W\d_]{2,24}(?![\w-])")
IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?!\w)")
CARD = re.compile(r"(?<![\w.+-])\d(?:[ -]?\d){12,18}(?!\w|[.-]\d)")
ISSUERS = re.compile(
    r"4\d{12}(?:\d{3}){0,2}|5[1-5]\d{14}|2(?:2[2-9]|[3-6]\d|7[01])\d{13}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}"
    r"|6(?:011|5\d\d|4[4-9]\d)\d{12}|35\d{14}|62\d{14,17}"
)
"""Visa, Mastercard, American Express, Diners, Discover, JCB, UnionPay."""
SOCIAL_SECURITY = re.compile(r"(?<![\w-])(?!000|666|9)\d{3}([- ])(?!00)\d{2}\1(?!0000)\d{4}(?![\w-])")
NATIONAL_INSURANCE = re.compile(r"(?<!\w)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?(?:\d{2} ?){3}[A-D](?!\w)")
IPV4 = re.compile(r"(?<![\w.-])(?:\d{1,3}\.){3}\d{1,3}(?![\w/-]|\.\d)")
IPV6 = re.compile(r"(?<![\w:.])(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{0,4}(?![\w:.])")
VERSION = re.compile(r"(?:\bversion|\brelease|\bfirmware|\bv\.?|\brev\.?)\s*$", re.IGNORECASE)
DATE = re.compile(r"\d{1,2}[-/. ]\d{1,2}[-/. ](?:19|20)\d\d|(?:19|20)\d\d-\d\d-\d\d")
INTERNATIONAL_PHONE = re.compile(r"(?<![\w+])(?:\+|00(?=[1-9]\d{0,2}[ /-]))[1-9](?:[ ./()-]{0,2}\d){7,14}(?!\w)")
NATIONAL_PHONE = re.compile(r"(?<![\w.,+-])\(?0\d{1,4}\)?[ /-]\d{2,8}(?:[ -]\d{2,4}){0,3}(?!\w|[.,:]\d)")
AMERICAN_PHONE = re.compile(r"(?<![\w.-])(?:1[ .-])?(?:\([2-9]\d\d\) ?|[2-9]\d\d[-. ])\d{3}[-.]\d{4}(?![\w-])")
NAMED_PHONE = re.compile(
    r"\b(?:tel|phone|mobile|cell|call|ring|dial|fax|sms|text|whatsapp|telefon|handy|mobil)\w*\b[^\d\n+]{0,24}"
    r"(\+?\(?\d(?:[ ./()-]{0,2}\d){6,14})(?!\w|[.,:]\d)",
    re.IGNORECASE,
)
PHONE_DIGITS = range(9, 16)


@dataclass(frozen=True)
class Match:
    """Characters `start` to `end` of a text, and what they are."""

    start: int
    end: int
    kind: str


def personal_data(text: str) -> list[Match]:
    """What of a text is personal data, in its order. What two recognisers claim is the first one's."""
    found: list[Match] = []
    for kind, recognise in RECOGNISERS:
        for start, end in recognise(text):
            if all(end <= other.start or other.end <= start for other in found):
                found.append(Match(start, end, kind))
    return sorted(found, key=lambda match: match.start)


Spans = Iterator[tuple[int, int]]


def _emails(text: str) -> Spans:
    return (match.span() for match in EMAIL.finditer(text)) if "@" in text else iter(())


def _ibans(text: str) -> Spans:
    for match in IBAN.finditer(text):
        code = match[0].replace(" ", "")
        if 15 <= len(code) <= 34 and int("".join(str(int(sign, 36)) for sign in code[4:] + code[:4])) % 97 == 1:
            yield match.span()


def _cards(text: str) -> Spans:
    for match in CARD.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        if ISSUERS.fullmatch(digits) and len(set(digits)) > 1 and luhn(digits):
            yield match.span()


def luhn(digits: str) -> bool:
    """Whether the last digit checks the others, as on payment cards (ISO/IEC 7812-1, annex B)."""
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 * (value > 9) for value in doubled) % 10 == 0


def _identities(text: str) -> Spans:
    yield from (match.span() for match in SOCIAL_SECURITY.finditer(text))
    yield from (match.span() for match in NATIONAL_INSURANCE.finditer(text))


def _addresses(text: str) -> Spans:
    for pattern in (IPV4, IPV6):
        for match in pattern.finditer(text):
            if _is_address(match[0]) and not VERSION.search(text[: match.start()]):
                yield match.span()


def _is_address(text: str) -> bool:
    """Whether the text is an address of some machine: no mask, and not this machine's own."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    mask = address.version == 4 and (text.startswith("255.") or text.endswith(".0.0"))
    return not (mask or address.is_loopback or address.is_unspecified)


def _phones(text: str) -> Spans:
    for pattern in (INTERNATIONAL_PHONE, NATIONAL_PHONE, AMERICAN_PHONE):
        for match in pattern.finditer(text):
            if sum(map(str.isdigit, match[0])) in PHONE_DIGITS and not DATE.search(match[0]):
                yield match.span()
    for match in NAMED_PHONE.finditer(text):
        if not DATE.search(match[1]):
            yield match.span(1)


RECOGNISERS: tuple[tuple[str, Callable[[str], Spans]], ...] = (
    ("e-mail", _emails),
    ("IBAN", _ibans),
    ("card number", _cards),
    ("social security number", _identities),
    ("IP address", _addresses),
    ("phone number", _phones),
)
"""Those with check digits stand before phone numbers, which could be almost any digits."""
