"""Word documents."""

import io

from admin.curation.formats.packages import core_title, office_package
from admin.curation.formats.parsed import ParsedDocument, document, stated
from admin.curation.formats.web import first_heading, seen, soup_of


def read_docx(data: bytes) -> ParsedDocument:
    """Return a Word document as Markdown, tables as pipe tables; macros are not so much as looked at."""
    import mammoth

    with office_package(data, "Word document") as archive:
        html = mammoth.convert_to_html(
            io.BytesIO(data),
            style_map="p[style-name='Title'] => h1:fresh",
            include_embedded_style_map=False,
            convert_image=lambda image: [mammoth.html.text(image.alt_text or "")],
        ).value
        title = core_title(archive)
        soup = soup_of(html)
        text = seen(soup)
    return document(text, stated(title) or first_heading(soup))
