"""LangChain's ChatOpenAI and OpenAIEmbeddings."""

import json
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import openai
from checks import MODEL, SCHEMA, Answer, Client, Message, Refusal
from langchain_core.messages import AIMessage
from langchain_openai import ChatOpenAI, OpenAIEmbeddings

_HI = [{"role": "user", "content": "hi"}]


class LangChain(Client):
    """`ChatOpenAI`, which leaves out what it has no place for: our own key, for one."""

    @staticmethod
    def version() -> str:
        return version("langchain-openai")

    def chat(self, messages: Sequence[Message], **fields: Any) -> Answer:
        return _answer(self._bound(fields).invoke(list(messages)))

    def stream(self, messages: Sequence[Message], **fields: Any) -> Answer:
        wants_usage = bool(fields.pop("stream_options", None))
        chunks = list(self._bound(fields, stream_usage=wants_usage).stream(list(messages)))
        whole = chunks[0]
        for chunk in chunks[1:]:
            whole = whole + chunk
        return _answer(whole)._replace(pieces=sum(bool(chunk.text) for chunk in chunks))

    def leave(self, messages: Sequence[Message]) -> None:
        stream = self._model().stream(list(messages))
        next(stream)
        stream.close()

    def parsed(self, messages: Sequence[Message]) -> Any:
        schema = {"title": "films", **SCHEMA}
        return self._model().with_structured_output(schema).invoke(list(messages))

    def refusal(self, **fields: Any) -> Refusal:
        try:
            self._bound(fields).invoke(_HI)
        except openai.APIStatusError as error:
            return Refusal(error.status_code, str(error.code))
        raise AssertionError("it was not refused")

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        encoder = OpenAIEmbeddings(model=MODEL, base_url=f"{self.url}/v1", api_key=self.key)
        return [list(vector) for vector in encoder.embed_documents(list(texts))]

    def respond(self, said: Any, **fields: Any) -> Answer:
        return _answer(self._responding(fields).invoke(said))

    def respond_stream(self, said: Any, **fields: Any) -> Answer:
        chunks = list(self._responding(fields).stream(said))
        whole = chunks[0]
        for chunk in chunks[1:]:
            whole = whole + chunk
        return _answer(whole)._replace(pieces=sum(bool(chunk.text) for chunk in chunks))

    def respond_parsed(self, said: Any) -> Any:
        schema = {"title": "films", **SCHEMA}
        model = self._model(use_responses_api=True)
        return model.with_structured_output(schema, method="json_schema").invoke(said)

    def _model(self, **more: Any) -> ChatOpenAI:
        return ChatOpenAI(
            model=MODEL, base_url=f"{self.url}/v1", api_key=self.key, max_retries=0, **more
        )

    def _responding(self, fields: dict[str, Any]) -> Any:
        return self._bound(fields, use_responses_api=True)

    def _bound(self, fields: dict[str, Any], **more: Any) -> Any:
        if "simpatico" in fields:
            more["extra_body"] = {"simpatico": fields.pop("simpatico")}
        model = self._model(**more)
        if tools := fields.pop("tools", None):
            return model.bind_tools(tools, tool_choice=fields.pop("tool_choice", None))
        return model.bind(**fields) if fields else model


def _answer(made: AIMessage) -> Answer:
    counts = made.usage_metadata
    told = made.response_metadata
    return Answer(
        text=made.text,
        finish=told.get("finish_reason") or told.get("status") or "",
        usage=counts and (counts["input_tokens"], counts["output_tokens"], counts["total_tokens"]),
        calls=tuple((call["name"], json.dumps(call["args"])) for call in made.tool_calls),
        id=made.id or "",
    )
