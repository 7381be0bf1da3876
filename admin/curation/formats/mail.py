"""E-mails as files: who wrote what to whom, and what was attached."""

from collections.abc import Iterator
from contextlib import suppress
from email import message_from_bytes, policy
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message

from admin.curation.formats import remarks
from admin.curation.formats.parsed import ParsedDocument, UnreadableDocument, document
from admin.curation.formats.text import decode
from admin.curation.formats.web import seen, soup_of

SHOWN = ("From", "To", "Cc", "Date")
NEEDED = ("From", "To", "Subject", "Date", "Received", "Message-ID")
MAX_PARTS = 1000


def read_eml(data: bytes) -> ParsedDocument:
    """Return an e-mail: its subject, sender, receivers and date, its words, and the names of what was attached."""
    # The modern policy raises many kinds of error on damaged headers; this one never does.
    mail = message_from_bytes(data.lstrip(), policy=policy.compat32)
    if data.decode(errors="replace").strip() and not any(mail[name] for name in NEEDED):
        raise UnreadableDocument("This file is not an e-mail: it names no sender, subject or date. Save it again.")
    subject = _header(mail, "Subject")
    about = "\n".join(f"{name}: {value}" for name in SHOWN if (value := _header(mail, name)))
    bodies, attached = _parts(mail)
    parts = [f"# {subject}" if subject else "", about, *bodies, *(f"Attachment: {name}" for name in attached)]
    warnings = [remarks.attached(attached)] if attached else []
    return document("\n\n".join(part for part in parts if part), subject, warnings)


def _header(mail: Message, name: str) -> str:
    return _decoded(str(mail[name] or ""))


def _decoded(value: str) -> str:
    """Return a header's value in one line; one that is not encoded as it should be stays as it was written."""
    with suppress(HeaderParseError, LookupError, ValueError):
        value = str(make_header(decode_header(value)))
    return " ".join(value.split())


def _parts(mail: Message) -> tuple[list[str], list[str]]:
    """Return the texts of the e-mail, plain ones where they are, and the names of what is attached."""
    plain, pages, attached = [], [], []
    for number, part in enumerate(_leaves(mail)):
        if number >= MAX_PARTS:
            raise UnreadableDocument(f"This e-mail has more than {MAX_PARTS} parts. Save it again.")
        name = part.get_filename()
        if name or part.get_content_disposition() == "attachment":
            attached.append(_attachment(part, name or ""))
        elif part.get_content_type() == "text/plain":
            plain.append(_text(part).strip())
        elif part.get_content_type() == "text/html":
            pages.append(seen(soup_of(_text(part))).strip())
    return plain if any(plain) else pages, attached


def _leaves(mail: Message) -> Iterator[Message]:
    """Yield the parts that hold something themselves; a forwarded e-mail counts as attached."""
    if mail.get_content_type() == "message/rfc822":
        yield mail
    elif mail.is_multipart():
        for part in mail.get_payload():
            if isinstance(part, Message):
                yield from _leaves(part)
    else:
        yield mail


def _attachment(part: Message, name: str) -> str:
    return f"{_decoded(name) or 'without a name'} ({part.get_content_type()})"


def _text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    return decode(payload, part.get_content_charset()) if isinstance(payload, bytes) else ""
