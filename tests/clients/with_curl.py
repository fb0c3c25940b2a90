"""curl, as the examples of docs/api.md use it."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from checks import MODEL, SCHEMA, SPEECH_MODEL, Answer, Client, Message, Refusal


class Curl(Client):
    """One process for each call; streams with `-N`."""

    @staticmethod
    def version() -> str:
        told = subprocess.run(["curl", "--version"], capture_output=True, text=True, check=True)
        return told.stdout.split()[1]

    def models(self) -> list[str]:
        return [model["id"] for model in self._json("/v1/models")["data"]]

    def model(self, name: str) -> str:
        return str(self._json(f"/v1/models/{name}")["id"])

    def chat(self, messages: Sequence[Message], **fields: Any) -> Answer:
        made = self._json("/v1/chat/completions", {"model": MODEL, "messages": messages, **fields})
        (choice,) = made["choices"]
        return Answer(
            text=choice["message"]["content"] or "",
            finish=choice["finish_reason"],
            usage=counts(made["usage"]),
            ours=made["simpatico"],
            calls=tuple(map(called, choice["message"].get("tool_calls", ()))),
            id=made["id"],
        )

    def stream(self, messages: Sequence[Message], **fields: Any) -> Answer:
        body = {"model": MODEL, "messages": messages, "stream": True, **fields}
        told = self._told("/v1/chat/completions", body, "-N")
        events = [event for event in told.split("\n\n") if event and not event.startswith(":")]
        assert events.pop() == "data: [DONE]"
        chunks = [json.loads(event.removeprefix("data: ")) for event in events]
        choices = [chunk["choices"][0] for chunk in chunks if chunk["choices"]]
        pieces = [text for choice in choices if (text := choice["delta"].get("content"))]
        used = chunks[-1].get("usage")
        return Answer(
            text="".join(pieces),
            finish=choices[-1]["finish_reason"],
            usage=counts(used) if used else None,
            calls=tuple(
                called(call) for choice in choices for call in choice["delta"].get("tool_calls", ())
            ),
            pieces=len(pieces),
        )

    def leave(self, messages: Sequence[Message]) -> None:
        body = json.dumps({"model": MODEL, "messages": messages, "stream": True})
        with subprocess.Popen(
            self._argv("/v1/chat/completions", "-N"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as running:
            assert running.stdin and running.stdout
            running.stdin.write(body.encode())
            running.stdin.close()
            assert running.stdout.readline().startswith(b"data: ")
            running.kill()

    def parsed(self, messages: Sequence[Message]) -> Any:
        schema = {"name": "films", "schema": SCHEMA, "strict": True}
        wanted = {"type": "json_schema", "json_schema": schema}
        return json.loads(self.chat(messages, response_format=wanted).text)

    def refusal(self, **fields: Any) -> Refusal:
        hi = [{"role": "user", "content": "hi"}]
        body = {"model": MODEL, "messages": hi, **fields}
        told = self._told("/v1/chat/completions", body, "-w", "\n%{http_code}")
        text, _, status = told.rpartition("\n")
        return Refusal(int(status), json.loads(text)["error"]["code"])

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        made = self._json("/v1/embeddings", {"model": MODEL, "input": texts})
        return [each["embedding"] for each in made["data"]]

    def hear(self, file: Path) -> str:
        argv = ["curl", "-sS", "--noproxy", "*", "--fail-with-body"]
        form = ["-F", f"file=@{file}", "-F", f"model={SPEECH_MODEL}"]
        key = ["-H", f"Authorization: Bearer {self.key}"]
        url = f"{self.url}/v1/audio/transcriptions"
        told = subprocess.run([*argv, *form, *key, url], capture_output=True, text=True, check=True)
        return str(json.loads(told.stdout)["text"])

    def respond(self, said: Any, **fields: Any) -> Answer:
        return _response(self._json("/v1/responses", {"model": MODEL, "input": said, **fields}))

    def respond_stream(self, said: Any, **fields: Any) -> Answer:
        body = {"model": MODEL, "input": said, "stream": True, **fields}
        told = self._told("/v1/responses", body, "-N")
        data = [line for line in told.splitlines() if line.startswith("data: ")]
        events = [json.loads(line.removeprefix("data: ")) for line in data]
        pieces = [event for event in events if event["type"].endswith(".delta")]
        return _response(events[-1]["response"])._replace(pieces=len(pieces))

    def respond_parsed(self, said: Any) -> Any:
        form = {"type": "json_schema", "name": "films", "schema": SCHEMA, "strict": True}
        return json.loads(self.respond(said, text={"format": form}).text)

    def retrieve(self, response_id: str) -> Answer:
        return _response(self._json(f"/v1/responses/{response_id}?user=ann"))

    def _json(self, path: str, body: Any = None) -> Any:
        return json.loads(self._told(path, body, "--fail-with-body"))

    def _told(self, path: str, body: Any, *options: str) -> str:
        sent = None if body is None else json.dumps(body)
        argv = self._argv(path, *options, posts=body is not None)
        done = subprocess.run(argv, input=sent, capture_output=True, text=True)
        assert done.returncode == 0, f"curl: {done.returncode} {done.stdout[:300]}"
        return done.stdout

    def _argv(self, path: str, *options: str, posts: bool = True) -> list[str]:
        body = ["-H", "Content-Type: application/json", "--data-binary", "@-"] if posts else []
        key = ["-H", f"Authorization: Bearer {self.key}"]
        return ["curl", "-sS", "--noproxy", "*", *options, *key, *body, self.url + path]


def counts(usage: dict[str, int]) -> tuple[int, int, int]:
    """A body's usage."""
    return usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]


def called(call: dict[str, Any]) -> tuple[str, str]:
    """A body's tool call: name and arguments."""
    return call["function"]["name"], call["function"]["arguments"]


def _response(made: dict[str, Any]) -> Answer:
    parts = [part for item in made["output"] for part in item.get("content", ())]
    return Answer(
        text="".join(part["text"] for part in parts),
        finish=made["status"],
        ours=made.get("simpatico"),
        calls=tuple(
            (item["name"], item["arguments"])
            for item in made["output"]
            if item["type"] == "function_call"
        ),
        id=made["id"],
    )
