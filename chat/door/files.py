"""The pages hand out no files."""

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

WAYS = ("/gradio_api/file={path:path}", "/gradio_api/file/{path:path}")


def hand_out_none(app: FastAPI) -> None:
    """Close Gradio's way to the files that it keeps, before it is mounted.

    Whoever knows the bytes of what somebody else is uploading knows the way to it, and no page of ours shows any file.
    """

    def refuse() -> PlainTextResponse:
        return PlainTextResponse("No file is handed out here.", 403)

    for way in WAYS:
        app.add_api_route(way, refuse, methods=["GET", "HEAD"], include_in_schema=False)
