"""The field that adds a single web page, beside where files are dropped."""

from dataclasses import dataclass

import gradio as gr

from admin.ui import sources_words as words
from admin.ui.markup import QUIETLY
from admin.ui.sources_handlers import SourcesHandlers


@dataclass(frozen=True)
class PageField:
    """The field for a web page's address."""

    address: gr.Textbox
    add: gr.Button


def draw() -> PageField:
    """The field for a web page's address, beside where files are dropped."""
    with gr.Row(elem_id="web-page"):
        address = gr.Textbox(
            placeholder=words.PAGE_PLACEHOLDER, label=words.PAGE_ADDRESS, show_label=False, container=False,
            elem_id="web-address", max_lines=1,
        )  # fmt: skip
        add = gr.Button(words.ADD_PAGE, elem_id="web-add")
    return PageField(address, add)


def wire(field: PageField, view: gr.State, notice: gr.HTML, clock: gr.Timer, handlers: SourcesHandlers) -> None:
    """Join the field to its handler. The list's own clock shows how the page is read."""
    for event in (field.address.submit, field.add.click):
        begun = event(handlers.fetching, field.address, notice, queue=False, **QUIETLY)
        begun.success(
            handlers.page_added, [field.address, view], [notice, field.address, clock], concurrency_limit=4, **QUIETLY
        )
