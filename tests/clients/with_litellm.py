"""LiteLLM, which takes us for OpenAI at another address."""

import json
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import litellm
from checks import MODEL, SCHEMA, SPEECH_MODEL, Answer, Client, Message, Refusal
from with_openai import answer, together

_HI = [{"role": "user", "content": "hi"}]

litellm.suppress_debug_info = True


class LiteLLM(Client):
    """Its functions; of an error's code it keeps some and drops others."""

    @staticmethod
    def version() -> str:
        return version("litellm")

    def models(self) -> list[str]:
        return list(
            litellm.get_valid_models(
                check_provider_endpoint=True,
                custom_llm_provider="openai",
                api_key=self.key,
                api_base=f"{self.url}/v1",
            )
        )

    def chat(self, messages: Sequence[Message], **fields: Any) -> Answer:
        return answer(litellm.completion(messages=list(messages), **self._told(fields)))

    def stream(self, messages: Sequence[Message], **fields: Any) -> Answer:
        chunks = list(
            litellm.completion(messages=list(messages), stream=True, **self._told(fields))
        )
        return together(chunks)

    def stream_helper(self, messages: Sequence[Message]) -> Answer:
        chunks = list(litellm.completion(messages=list(messages), stream=True, **self._told({})))
        return answer(litellm.stream_chunk_builder(chunks))

    def leave(self, messages: Sequence[Message]) -> None:
        stream = litellm.completion(messages=list(messages), stream=True, **self._told({}))
        next(iter(stream))
        del stream

    def parsed(self, messages: Sequence[Message]) -> Any:
        schema = {"name": "films", "schema": SCHEMA, "strict": True}
        wanted = {"type": "json_schema", "json_schema": schema}
        return json.loads(self.chat(messages, response_format=wanted).text)

    def refusal(self, **fields: Any) -> Refusal:
        classes = {
            400: litellm.BadRequestError,
            401: litellm.AuthenticationError,
            404: litellm.NotFoundError,
        }
        try:
            litellm.completion(messages=_HI, **self._told(fields))
        except tuple(classes.values()) as error:
            assert type(error) is classes[error.status_code]
            return Refusal(error.status_code, error.code or "")
        raise AssertionError("it was not refused")

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        made = litellm.embedding(input=list(texts), **self._told({}))
        return [each["embedding"] for each in made.data]

    def hear(self, file: Path) -> str:
        with file.open("rb") as opened:
            made = litellm.transcription(file=opened, **self._told({"model": SPEECH_MODEL}))
        return str(made.text)

    def respond(self, said: Any, **fields: Any) -> Answer:
        made = litellm.responses(input=said, **self._told(fields))
        return _response(made)

    def respond_stream(self, said: Any, **fields: Any) -> Answer:
        events = list(litellm.responses(input=said, stream=True, **self._told(fields)))
        pieces = [event for event in events if str(event.type.value).endswith(".delta")]
        return _response(events[-1].response)._replace(pieces=len(pieces))

    def respond_parsed(self, said: Any) -> Any:
        form = {"type": "json_schema", "name": "films", "schema": SCHEMA, "strict": True}
        return json.loads(self.respond(said, text={"format": form}).text)

    def _told(self, fields: dict[str, Any]) -> dict[str, Any]:
        model = fields.pop("model", MODEL)
        ours = (
            {"extra_body": {"simpatico": fields.pop("simpatico")}} if "simpatico" in fields else {}
        )
        return {
            "model": f"openai/{model}",
            "api_base": f"{self.url}/v1",
            "api_key": self.key,
            "max_retries": 0,
            **fields,
            **ours,
        }


def _response(made: Any) -> Answer:
    texts = [part.text for item in made.output if item.type == "message" for part in item.content]
    calls = [(item.name, item.arguments) for item in made.output if item.type == "function_call"]
    return Answer(text="".join(texts), finish=made.status, calls=tuple(calls), id=made.id)
