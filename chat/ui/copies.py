"""Copies of conversations: the one behind a link, which stays as it was, and files to keep."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, Response

from chat.door.account import account
from chat.errors import NotAllowedError, NotFoundError
from chat.service import Assistant, Talks, exports
from chat.ui import copies_view as view

Account = Annotated[str | None, Depends(account)]
KINDS = {"md": ("text/markdown", exports.as_markdown), "json": ("application/json", exports.as_json)}
KEPT_TO_THEMSELVES = {"Cache-Control": "no-store"}


def router(assistant: Assistant, talks: Talks) -> APIRouter:
    """The routes, each acting for who has signed in."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/shared/{share_id}")
    def shared(share_id: UUID, account: Account) -> Response:
        headers = KEPT_TO_THEMSELVES | {"Content-Security-Policy": view.POLICY}
        try:
            page = view.shared(talks.for_account(account).shared(share_id))
        except (NotFoundError, NotAllowedError) as error:
            return HTMLResponse(view.nothing(str(error)), 404, headers)
        return HTMLResponse(page, headers=headers)

    @routes.get("/conversations/{conversation_id}.{kind}")
    def copy(conversation_id: UUID, kind: str, account: Account) -> Response:
        try:
            media_type, written = KINDS[kind]
            conversation = assistant.for_account(account).conversation(conversation_id)
        except (KeyError, NotFoundError, NotAllowedError):
            return HTMLResponse(view.nothing("There is no such conversation."), 404, KEPT_TO_THEMSELVES)
        named = {"Content-Disposition": f'attachment; filename="conversation.{kind}"'}
        return Response(written(conversation), media_type=media_type, headers=KEPT_TO_THEMSELVES | named)

    return routes
