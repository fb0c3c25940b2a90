"""`gradio.load_chat`: a chat page of Gradio's on our API, used through Gradio's own client."""

import base64
import contextlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import gradio
from checks import MODEL, Answer, Client, Message, NotOffered
from gradio_client import Client as Page
from gradio_client import handle_file


class Gradio(Client):
    """It knows words, pictures and what was said before; no options.

    What was said before is given to its function as the page keeps it: through its client, Gradio
    6.31.0 trips over a history, and over a `system_message`, before it asks anybody.
    """

    @staticmethod
    def version() -> str:
        return gradio.__version__

    def chat(self, messages: Sequence[Message], **fields: Any) -> Answer:
        return self._said(messages, fields, streaming=False)[-1]

    def stream(self, messages: Sequence[Message], **fields: Any) -> Answer:
        steps = self._said(messages, fields, streaming=True)
        return steps[-1]._replace(pieces=len(steps))

    def leave(self, messages: Sequence[Message]) -> None:
        with self._page(streaming=True) as page:
            job = page.submit(_sent(messages[-1]), api_name="/chat")
            next(iter(job))
            job.cancel()

    def _said(
        self, messages: Sequence[Message], fields: dict[str, Any], *, streaming: bool
    ) -> list[Answer]:
        if fields:
            raise NotOffered
        *earlier, newest = messages
        if earlier:
            history = [{**each, "content": _parts(each)} for each in earlier]
            return [Answer(text=self._chat(streaming=False).fn(_sent(newest), history))]
        with self._page(streaming=streaming) as page:
            job = page.submit(_sent(newest), api_name="/chat")
            return [Answer(text=str(step)) for step in job] or [Answer(text=str(job.result()))]

    def _chat(self, *, streaming: bool) -> Any:
        return gradio.load_chat(
            f"{self.url}/v1/",
            model=MODEL,
            token=self.key,
            file_types=["image"],
            streaming=streaming,
            api_name="chat",
        )

    @contextlib.contextmanager
    def _page(self, *, streaming: bool) -> Iterator[Page]:
        chat = self._chat(streaming=streaming)
        chat.launch(server_name="127.0.0.1", prevent_thread_lock=True, quiet=True, show_error=True)
        try:
            yield Page(chat.local_url, verbose=False)
        finally:
            chat.close()


def _parts(message: Message) -> list[dict[str, Any]]:
    content = message["content"]
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content)


def _sent(message: Message) -> dict[str, Any]:
    """A message as Gradio's box for words and files gives it."""
    parts = _parts(message)
    files = []
    for part in parts:
        if part["type"] == "image_url":
            data = base64.b64decode(part["image_url"]["url"].partition(",")[2])
            handle, name = tempfile.mkstemp(suffix=".png")
            os.close(handle)
            Path(name).write_bytes(data)
            files.append(handle_file(name))
    words = " ".join(part["text"] for part in parts if part["type"] == "text")
    return {"text": words, "files": files}
