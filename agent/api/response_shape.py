"""An answer in the shapes of OpenAI's Responses: the body, and the events of a stream."""

import time
import uuid
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from simpatico.agent.api.errors import ApiError
from simpatico.agent.api.exchange import Said, tokens_in, written
from simpatico.agent.api.response_request import ResponseRequest
from simpatico.agent.api.schemas import MODEL, Extra, extra
from simpatico.domain import Turn

PREFIX = "resp_"


class ResponseShape:
    """One answer. It is a message, or a call of a tool.

    Args:
        asked: the request.
        said: the dialogue up to the message that is answered.
        stored: it can be continued; may be set to False until the answer is written.
        is_task: a client's own housekeeping.
        tool: is called with the data that is wanted, if there is any.
        response_id: of an answer that was given before.
    """

    def __init__(
        self,
        asked: ResponseRequest,
        said: Sequence[Turn],
        *,
        stored: bool,
        is_task: bool = False,
        tool: str = "",
        response_id: str = "",
    ) -> None:
        self._asked = asked
        self._is_task = is_task
        self._tool = tool
        self._n_events = 0
        self._text = ""
        self._refused: bool | None = None  # None: nothing of the answer was said yet
        self._created = time.time()
        self.said = said
        self.stored = stored
        self.id = response_id or f"{PREFIX}{uuid.uuid4().hex}"

    def body(self, said: Said) -> dict[str, Any]:
        """The whole of it."""
        self._refused = said.refused
        found = Extra() if self._is_task else extra(said.reply, notes=self._notes())
        return {
            **self.whole("incomplete" if said.cut else "completed", said.text),
            "simpatico": found.model_dump(mode="json"),
        }

    def opening(self) -> Iterator[bytes]:
        """The events before the first piece."""
        for kind in ("created", "in_progress"):
            yield self._event(f"response.{kind}", response=self.whole("in_progress", None))

    def piece(self, text: str, *, refused: bool = False) -> bytes:
        """The event of a piece, after those that begin its item if it is the first."""
        begun = b"" if self._refused is not None else b"".join(self._begin(refused))
        self._text += text
        more: dict[str, Any] = {} if self._calls or refused and not self._tool else {"logprobs": []}
        return begun + self._at(f"response.{self._part_name}.delta", delta=text, **more)

    def ending(self, said: Said) -> Iterator[bytes]:
        """The events after the last piece."""
        if self._refused is None:
            yield from self._begin(said.refused)
        status: Literal["incomplete", "completed"] = "incomplete" if said.cut else "completed"
        if self._calls:
            yield self._at("response.function_call_arguments.done", arguments=said.text)
        else:
            part = self._part(said.text)
            kept = {key: part[key] for key in ("text", "refusal", "logprobs") if key in part}
            yield self._at(f"response.{self._part_name}.done", **kept)
            yield self._at("response.content_part.done", part=part)
        item = self._item(said.text, status)
        yield self._event("response.output_item.done", output_index=0, item=item)
        yield self._event(f"response.{status}", response=self.body(said))

    def broken(self, error: ApiError) -> bytes:
        """The last event of a stream that began well."""
        told = error.body["error"]
        failed = {
            **self.whole("failed", self._text),
            "error": {"code": "server_error", "message": told["message"]},
        }
        return self._event("response.failed", response=failed)

    def whole(self, status: str, text: str | None) -> dict[str, Any]:
        """The response; without a text it is still to come."""
        asked = self._asked
        finished = status in ("completed", "incomplete")
        cut = status == "incomplete"
        wanted = asked.text.get("format") if isinstance(asked.text, dict) else None
        return {
            "id": self.id,
            "object": "response",
            "created_at": self._created,
            "status": status,
            "background": False,
            "error": None,
            "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
            "instructions": asked.instructions,
            "max_output_tokens": asked.max_output_tokens,
            "metadata": asked.metadata,
            "model": MODEL,
            "output": [] if text is None else [self._item(text, status)],
            "parallel_tool_calls": False,
            "previous_response_id": asked.previous_response_id,
            "reasoning": {"effort": None, "summary": None},
            "safety_identifier": asked.safety_identifier,
            "service_tier": "default",
            "store": self.stored,
            "temperature": None,
            "text": {"format": wanted or {"type": "text"}},
            "tool_choice": asked.tool_choice or "auto",
            "tools": asked.tools if isinstance(asked.tools, list) else [],
            "top_p": None,
            "truncation": "disabled",
            "usage": self._usage(text or "") if finished else None,
            "user": asked.user,
        }

    @property
    def _calls(self) -> bool:
        return bool(self._tool) and not self._refused

    @property
    def _part_name(self) -> str:
        if self._calls:
            return "function_call_arguments"
        return "refusal" if self._refused and not self._tool else "output_text"

    def _begin(self, refused: bool) -> Iterator[bytes]:
        self._refused = refused
        item = self._item("", "in_progress")
        if not self._calls:
            item["content"] = []
        yield self._event("response.output_item.added", output_index=0, item=item)
        if not self._calls:
            yield self._at("response.content_part.added", part=self._part(""))

    def _item(self, text: str, status: str) -> dict[str, Any]:
        known = status if status in ("in_progress", "completed") else "incomplete"
        if self._calls:
            return {
                "id": self._item_id,
                "type": "function_call",
                "status": known,
                "call_id": f"call_{self.id[-24:]}",
                "name": self._tool,
                "arguments": text,
            }
        return {
            "id": self._item_id,
            "type": "message",
            "status": known,
            "role": "assistant",
            "content": [self._part(text)],
        }

    def _part(self, text: str) -> dict[str, Any]:
        if self._part_name == "refusal":
            return {"type": "refusal", "refusal": text}
        return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}

    @property
    def _item_id(self) -> str:
        return f"{'fc' if self._calls else 'msg'}_{self.id.removeprefix(PREFIX)}"

    def _usage(self, text: str) -> dict[str, Any]:
        prompt = sum(tokens_in(turn.text) for turn in self.said)
        answer = tokens_in(text)
        return {
            "input_tokens": prompt,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": answer,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": prompt + answer,
        }

    def _notes(self) -> tuple[str, ...]:
        if self.stored or not self._asked.store:
            return self._asked.notes
        return (
            "the response is not stored: nobody was named, or it could not be",
            *self._asked.notes,
        )

    def _at(self, kind: str, **more: Any) -> bytes:
        """An event of the one item, or of its one part."""
        part = {} if self._calls else {"content_index": 0}
        return self._event(kind, item_id=self._item_id, output_index=0, **part, **more)

    def _event(self, kind: str, **more: Any) -> bytes:
        event = {"type": kind, "sequence_number": self._n_events, **more}
        self._n_events += 1
        return f"event: {kind}\ndata: {written(event)}\n\n".encode()
