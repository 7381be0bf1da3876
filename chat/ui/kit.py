"""The look that both apps share: a theme of design tokens, the style sheet and script behind it, safe Markdown.

The invariant: nothing here asks another host for anything; the fonts are the system's own.
"""

from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import gradio as gr

from chat.ui.markdown import render_markdown, render_plain

__all__ = ["QUIETLY", "asset", "chooser", "head", "icon_button", "render_markdown", "render_plain", "theme"]

AT_ONCE = 16
"""How many people may be answered at the same time."""

QUIETLY: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": AT_ONCE}
"""How every event of the chat runs: the page shows what goes on, and other programs are offered `ask` alone."""

SANS = ("ui-sans-serif", "system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "Arial", "sans-serif")
MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "Liberation Mono", "monospace")

TOKENS = {
    "body_background_fill": "var(--paper)",
    "body_text_color": "var(--ink)",
    "body_text_color_subdued": "var(--quiet)",
    "background_fill_primary": "var(--paper)",
    "background_fill_secondary": "var(--shade)",
    "block_background_fill": "transparent",
    "block_label_text_color": "var(--quiet)",
    "block_title_text_color": "var(--quiet)",
    "block_info_text_color": "var(--quiet)",
    "border_color_primary": "var(--line)",
    "border_color_accent": "var(--accent)",
    "color_accent_soft": "var(--tint)",
    "link_text_color": "var(--accent)",
    "link_text_color_hover": "var(--accent)",
    "link_text_color_active": "var(--accent)",
    "link_text_color_visited": "var(--accent)",
    "input_background_fill": "var(--raised)",
    "input_background_fill_focus": "var(--raised)",
    "input_border_color": "var(--line)",
    "input_border_color_focus": "var(--accent)",
    "input_placeholder_color": "var(--quiet)",
    "button_primary_background_fill": "var(--accent)",
    "button_primary_background_fill_hover": "var(--accent-strong)",
    "button_primary_text_color": "var(--on-accent)",
    "button_primary_border_color": "transparent",
    "button_secondary_background_fill": "var(--raised)",
    "button_secondary_background_fill_hover": "var(--shade)",
    "button_secondary_text_color": "var(--ink)",
    "button_secondary_border_color": "var(--line)",
    "table_even_background_fill": "var(--paper)",
    "table_odd_background_fill": "var(--shade)",
    "table_border_color": "var(--line)",
    "code_background_fill": "var(--shade)",
}
"""Gradio's variables in terms of ours, which the style sheet defines once for light and once for dark."""


def theme() -> gr.themes.Base:
    """Gradio's theme, speaking in the style sheet's tokens."""
    both = {**TOKENS, **{f"{name}_dark": value for name, value in TOKENS.items()}}
    flat = {
        "block_shadow": "none",
        "block_border_width": "0px",
        "input_shadow": "none",
        "color_accent": "var(--accent)",
    }
    base = gr.themes.Base(font=SANS, font_mono=MONO, radius_size=gr.themes.sizes.radius_lg)
    return base.set(**both, **flat, block_shadow_dark="none")


def asset(name: str) -> str:
    """The text of a style sheet or script that ships with the page."""
    return (Path(__file__).parent / "assets" / name).read_text(encoding="utf-8")


def icon_button(sign: str, does: str, what: str = "") -> str:
    """A button that shows only a sign of the style sheet, and says in words what it does, and to what."""
    label = escape(f"{does} “{what}”" if what else does)
    return f'<button type="button" class="icon {sign}" aria-label="{label}" title="{escape(does)}"></button>'


def chooser(elem_id: str, label: str) -> gr.HTML:
    """A list of the browser's own, which is at home on phones and under the keyboard; shown once it has choices."""
    return gr.HTML(
        "", elem_id=elem_id, elem_classes="chooser", visible=False, apply_default_css=False, label=label, choices=[],
        html_template=asset("collection.html"), js_on_load=asset("collection.js"),
    )  # fmt: skip


def head() -> str:
    """What goes into the page's head: the style sheet, and the script that sets light or dark before the first paint.

    The style sheet is not given as Gradio's `css`, which rewrites it: rules about the root element would be lost.
    """
    style = "".join(asset(f"{name}.css") for name in ("tokens", "chat", "opinion", "talk", "compare"))
    icon = f'<link rel="icon" type="image/svg+xml" href="data:image/svg+xml,{quote(asset("icon.svg"))}">'
    return f"{icon}\n<style>{style}</style>\n<script>{asset('page.js')}{asset('account.js')}</script>"
