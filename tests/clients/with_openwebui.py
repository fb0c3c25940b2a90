"""Open WebUI's requests as its backend makes them: the check of a connection, chats, and tasks.

Open WebUI itself is far too large to install; these are its bodies and headers, and what it asks of
the answers.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
from checks import MODEL, SPEECH_MODEL, Answer, Client, Message, Refusal
from with_curl import called, counts

_USER = {
    "X-OpenWebUI-User-Name": "Ann%20Lee",
    "X-OpenWebUI-User-Id": "0b1f3c1e-9f6d-4f0e-8f0e-5a1c7d1f0a11",
    "X-OpenWebUI-User-Email": "ann@example.org",
    "X-OpenWebUI-User-Role": "user",
    "X-OpenWebUI-Chat-Id": "7f1d4c52-2f0b-4a35-9a88-1d1e8f3f6c10",
}


class OpenWebUI(Client):
    """Chats are streamed with usage, tasks are not; Open WebUI shows words alone."""

    @staticmethod
    def version() -> str:
        return "0.12"

    def models(self) -> list[str]:
        got = self._ask("GET", "/v1/models")
        assert got.status_code == 200  # anything else is "connection refused" to it
        assert got.json()["object"] == "list"
        return [model["id"] for model in got.json()["data"]]

    def chat(self, messages: Sequence[Message], **fields: Any) -> Answer:
        body = {"model": MODEL, "messages": messages, "stream": False, **fields}
        got = self._ask("POST", "/v1/chat/completions", body)
        assert got.status_code == 200, got.text
        made = got.json()
        message = made["choices"][0]["message"]
        return Answer(
            text=message["content"] or "",
            finish=made["choices"][0]["finish_reason"],
            usage=counts(made["usage"]),
            calls=tuple(map(called, message.get("tool_calls", ()))),
        )

    def stream(self, messages: Sequence[Message], **fields: Any) -> Answer:
        body = {
            "model": MODEL,
            "messages": messages,
            "stream": True,
            "stream_options": {"include_usage": True},
            **fields,
        }
        with self._streamed(body) as got:
            assert got.headers["content-type"].startswith("text/event-stream")
            chunks = list(_chunks(got))
        choices = [chunk["choices"][0] for chunk in chunks if chunk["choices"]]
        pieces = [text for choice in choices if (text := choice["delta"].get("content"))]
        calls = [call for choice in choices for call in choice["delta"].get("tool_calls", ())]
        used = [chunk["usage"] for chunk in chunks if chunk.get("usage")]
        return Answer(
            text="".join(pieces),
            finish=choices[-1]["finish_reason"],
            usage=counts(used[-1]) if used else None,
            calls=tuple(map(called, calls)),
            pieces=len(pieces),
        )

    def leave(self, messages: Sequence[Message]) -> None:
        body = {"model": MODEL, "messages": messages, "stream": True}
        with self._streamed(body) as got:
            next(_chunks(got))

    def refusal(self, **fields: Any) -> Refusal:
        hi = [{"role": "user", "content": "hi"}]
        got = self._ask("POST", "/v1/chat/completions", {"model": MODEL, "messages": hi, **fields})
        return Refusal(got.status_code, got.json()["error"]["code"])

    def task(self, prompt: str) -> str:
        body = {
            "model": MODEL,
            "messages": [{"role": "user", "content": prompt}],
            "stream": False,
            "max_completion_tokens": 1000,
        }
        got = self._ask("POST", "/v1/chat/completions", body)
        return str(got.json()["choices"][0]["message"]["content"])

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        got = self._ask("POST", "/v1/embeddings", {"model": MODEL, "input": texts})
        return [each["embedding"] for each in got.json()["data"]]

    def hear(self, file: Path) -> str:
        headers = {name: held for name, held in self._headers().items() if name != "Content-Type"}
        with httpx.Client(verify=False, trust_env=False, timeout=60) as http:
            got = http.post(
                f"{self.url}/v1/audio/transcriptions",
                headers=headers,
                files={"file": (file.name, file.read_bytes())},
                data={"model": SPEECH_MODEL, "language": "en"},
            )
        assert got.status_code == 200, got.text
        return str(got.json()["text"])

    def _headers(self) -> dict[str, str]:
        return {
            "Content-Type": "application/json",
            "Authorization": f"Bearer {self.key}",
            **_USER,
        }

    def _ask(self, method: str, path: str, body: Any = None) -> httpx.Response:
        with httpx.Client(verify=False, trust_env=False, timeout=60) as http:
            content = None if body is None else json.dumps(body)
            return http.request(method, self.url + path, content=content, headers=self._headers())

    def _streamed(self, body: dict[str, Any]) -> Any:
        return httpx.stream(
            "POST",
            f"{self.url}/v1/chat/completions",
            content=json.dumps(body),
            headers=self._headers(),
            verify=False,
            trust_env=False,
            timeout=60,
        )


def _chunks(got: httpx.Response) -> Iterator[dict[str, Any]]:
    """As Open WebUI reads them: line by line, what begins with `data: `, until `[DONE]`."""
    for line in got.iter_lines():
        if line == "data: [DONE]":
            return
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))
