"""Two answers side by side: `draw` makes the components, `wire` joins them to the handlers."""

from dataclasses import dataclass

import gradio as gr

from chat.ui import words
from chat.ui.comparing_handlers import Comparing
from chat.ui.kit import QUIETLY, asset, chooser


@dataclass(frozen=True)
class Comparison:
    """The components that take part in events."""

    first: gr.HTML
    second: gr.HTML
    blind: gr.Checkbox
    question: gr.Textbox
    send: gr.Button
    stop: gr.Button
    sides: gr.HTML
    pair: gr.State


def draw() -> Comparison:
    """The components, in reading order; the bar's button shows them in place of the chat."""
    with gr.Column(elem_id="compare"):
        heading = f"<h1>{words.COMPARE}</h1><p>{words.COMPARE_HINT}</p>"
        gr.HTML(heading, elem_id="compare-heading", apply_default_css=False)
        with gr.Row(elem_id="compare-ways"):
            first = chooser("first-way", words.FIRST_WAY)
            second = chooser("second-way", words.SECOND_WAY)
            blind = gr.Checkbox(True, label=words.BLIND, container=False, elem_id="blind")
        with gr.Row(elem_id="compare-asking", elem_classes="asking"):
            question = gr.Textbox(
                placeholder=words.COMPARE_QUESTION, label=words.COMPARE_QUESTION, show_label=False, container=False,
                lines=1, max_lines=6, elem_id="compare-question",
            )  # fmt: skip
            send = gr.Button(words.COMPARE, variant="primary", elem_id="compare-send", elem_classes="send")
            stop = gr.Button(words.STOP, elem_id="compare-stop", elem_classes="stop")
        sides = gr.HTML("", elem_id="sides", js_on_load=asset("sides.js"), apply_default_css=False)
        pair = gr.State(None)
    return Comparison(first, second, blind, question, send, stop, sides, pair)


def wire(page: Comparison, handlers: Comparing, blocks: gr.Blocks, collection: gr.HTML) -> None:
    """Join the components to the handlers. What is asked is the collection that the chat asks."""
    for trigger in (blocks.load, collection.change):
        trigger(handlers.ways, collection, [page.first, page.second], **QUIETLY)
    shown = [page.sides, page.pair]
    inputs = [page.question, page.first, page.second, page.blind, collection]
    asking = gr.on([page.question.submit, page.send.click], handlers.compared, inputs, shown, **QUIETLY)
    page.stop.click(handlers.stopped, None, shown, cancels=asking, **QUIETLY)
    page.sides.vote(handlers.voted, page.pair, shown, **QUIETLY)
