"""Whether the engine that serves can answer with an adapter: it loads the file and says something with it."""

from contextlib import closing
from pathlib import Path

import httpx

from admin.service.adapter_files import AdapterFiles
from chat.engine.adapters import AdapterError
from chat.engine.process import connect
from chat.errors import ModelError
from chat.settings import Settings

ANSWER_TOKENS = 32
LONGEST_S = 120.0


def answer_with(settings: Settings, folder: Path, question: str) -> str:
    """What the engine of this HOME answers with the adapter in `folder`, which it then lets go again.

    Raises `AdapterError` where it does not take it, `ModelError` where there is no engine.
    """
    with AdapterFiles(settings.home).unfinished(folder) as copy, closing(connect(settings)) as engine:
        adapter = {"lora_name": f"tried-{copy.name}", "lora_path": str(copy)}
        asked = {
            "model": adapter["lora_name"],
            "messages": [{"role": "user", "content": question}],
            "max_tokens": ANSWER_TOKENS,
            "temperature": 0,
            "priority": 1,
        }
        key = {"Authorization": f"Bearer {engine.key}"}
        with httpx.Client(base_url=engine.url, headers=key, timeout=LONGEST_S, trust_env=False) as http:
            _told(http.post("/load_lora_adapter", json=adapter))
            try:
                reply = _told(http.post("/chat/completions", json=asked)).json()
            finally:
                http.post("/unload_lora_adapter", json=adapter)
    return str(reply["choices"][0]["message"]["content"])


def _told(reply: httpx.Response) -> httpx.Response:
    if reply.status_code == httpx.codes.BAD_REQUEST:
        raise AdapterError(reply.json()["error"]["message"])
    if reply.is_error:
        raise ModelError(f"The model engine did not take the adapter: {reply.text[:300]}")
    return reply
