"""The page, really served, in a real browser."""

import shutil
import threading
import time
from collections.abc import Iterator

import gradio as gr
import pytest
import uvicorn
from fastapi import FastAPI, Request, Response
from playwright.sync_api import BrowserContext, Page, sync_playwright
from starlette.middleware.base import RequestResponseEndpoint

from chat.door.headers import CONTENT_SECURITY_POLICY
from chat.ui import kit, page
from tests.ui.lookalike import LookAlike

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]


@pytest.fixture(scope="module")
def service() -> LookAlike:
    return LookAlike(token_s=0.01).with_history()


@pytest.fixture(scope="module")
def address(service: LookAlike) -> Iterator[str]:
    """Where the page is served, under the same policy as in the application."""
    app = FastAPI()

    @app.middleware("http")
    async def secure(request: Request, call_next: RequestResponseEndpoint) -> Response:
        response = await call_next(request)
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        return response

    gr.mount_gradio_app(
        app, page.build(service, service, service), path="/", theme=kit.theme(), head=kit.head(),
        footer_links=[], run_history=False, ssr_mode=False, show_error=False,
    )  # fmt: skip
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/"
    server.should_exit = server.force_exit = True
    thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[BrowserContext]:
    """One profile for all the tests, so that Gradio's scripts are fetched once."""
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium.new_context()
        chromium.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complained of, and what it asked another host for."""
    return []


@pytest.fixture
def tab(browser: BrowserContext, address: str, complaints: list[str]) -> Iterator[Page]:
    tab = browser.new_page()
    tab.set_viewport_size({"width": 1280, "height": 800})
    tab.set_default_timeout(15_000)
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    tab.on("request", lambda asked: None if is_local(asked.url, address) else complaints.append(asked.url))
    tab.goto(address)
    tab.locator("#starters .starter").first.wait_for()
    tab.locator("#conversations li").first.wait_for(state="attached")
    yield tab
    tab.evaluate("localStorage.clear()")
    tab.close()


def is_local(url: str, address: str) -> bool:
    return url.startswith((address, "data:", "blob:"))
