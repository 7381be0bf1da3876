"""Whether the engine that serves can answer with an adapter: it loads the file and says something with it."""

from pathlib import Path

from admin.service.adapter_files import AdapterFiles
from admin.service.lending import done, lent
from chat.settings import Settings

ANSWER_TOKENS = 32


def answer_with(settings: Settings, folder: Path, question: str) -> str:
    """What the engine of this HOME answers with the adapter in `folder`, which it then lets go again.

    Raises `AdapterError` where it does not take it, `ModelError` where there is no engine.
    """
    with AdapterFiles(settings.home).unfinished(folder) as copy:
        name = f"tried-{copy.name}"
        asked = {
            "model": name,
            "messages": [{"role": "user", "content": question}],
            "max_tokens": ANSWER_TOKENS,
            "temperature": 0,
            "priority": 1,
        }
        with lent(settings, copy, name) as http:
            reply = done(http.post("/chat/completions", json=asked)).json()
    return str(reply["choices"][0]["message"]["content"])
