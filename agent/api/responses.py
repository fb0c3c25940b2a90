"""`/v1/responses`: a turn in the shapes of OpenAI's Responses, which can be continued by its id.

What is to be continued is kept as a session of the person's, named as the response is: so it
belongs to them, and is exported and erased with the rest of what is kept of them.
"""

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from functools import partial

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from simpatico.agent.api import tasks
from simpatico.agent.api.auth import Person, person
from simpatico.agent.api.body import read
from simpatico.agent.api.bounds import Bounds
from simpatico.agent.api.chat import canned, check_model, data_of
from simpatico.agent.api.door import STREAMED, Door, body_of, door_of
from simpatico.agent.api.errors import ApiError
from simpatico.agent.api.exchange import Exchange
from simpatico.agent.api.media import MEDIA_BYTES, attached
from simpatico.agent.api.response_request import ResponseRequest
from simpatico.agent.api.response_shape import PREFIX, ResponseShape
from simpatico.agent.api.schemas import MAX_MESSAGES, turns_of
from simpatico.agent.api.structured import fill
from simpatico.domain import Finished, Turn, TurnOptions, Update
from simpatico.errors import StoreError

log = logging.getLogger(__name__)
router = APIRouter(tags=["responses"])


@router.post("/v1/responses", openapi_extra=body_of(ResponseRequest), responses=STREAMED)
async def create(request: Request) -> Response:
    """Answer the last message, after what `previous_response_id` stands for."""
    door = door_of(request)
    asked = await read(request, ResponseRequest, media_bytes=MEDIA_BYTES)
    check_model(asked.model)
    if asked.input and (task := tasks.task_of(asked.input)):
        shape = ResponseShape(asked, turns_of(asked.input), stored=False, is_task=True)
        exchange = Exchange(shape, door, bounds=Bounds(budget=asked.budget), is_task=True)
        updates = canned(tasks.answer(task, asked.input))
        return await exchange.answer(updates, request, stream=asked.stream)
    data = data_of(asked.format, asked.tools, asked.tool_choice, form_name="text.format")
    who = person(request, user=asked.user, safety_identifier=asked.safety_identifier)
    said = _dialogue(await _before(door, who, asked.previous_response_id), asked)
    hosts = frozenset(door.settings.retrieval.media_hosts)
    files = await attached(asked.input, hosts=hosts, field="input")
    options = asked.simpatico
    if who.throwaway:
        options = TurnOptions(**{**options.model_dump(), "personal": False})
    shape = ResponseShape(
        asked,
        said,
        stored=asked.store and not who.throwaway,
        tool=data.tool if data else "",
    )
    updates = door.service.turn(
        said[-1].text,
        user=who.user,
        session=shape.id,
        options=options,
        dialogue=said[:-1],
        image=files.image,
        audio=files.audio,
    )
    if shape.stored:
        updates = _kept(updates, door, who, shape)
    write = partial(fill, data.schema) if data else None
    exchange = Exchange(shape, door, bounds=Bounds(budget=asked.budget), is_task=False, write=write)

    async def answer() -> Response:
        return await exchange.answer(updates, request, stream=asked.stream)

    return await door.repeats.once(request, asked, who, answer)


@router.get("/v1/responses/{response_id}")
async def retrieve(request: Request, response_id: str, user: str | None = None) -> Response:
    """An answer that was kept: its words, not what was found. `user` names whose it is."""
    door = door_of(request)
    *said, answer = await _before(door, person(request, user=user), response_id)
    asked = ResponseRequest.model_validate({"input": said[-1].text, "user": user})
    shape = ResponseShape(asked, said, stored=True, response_id=response_id)
    return JSONResponse(shape.whole("completed", answer.text))


@router.post("/v1/responses/{response_id}/cancel")
async def cancel(request: Request, response_id: str, user: str | None = None) -> Response:
    """Refused: no response runs in the background. One that streams ends when it is left."""
    await _before(door_of(request), person(request, user=user), response_id)
    raise ApiError(
        400,
        "only a response that runs in the background could be cancelled, and none does here;"
        " a stream ends when you leave it",
        code="not_in_background",
    )


def _dialogue(before: Sequence[Turn], asked: ResponseRequest) -> Sequence[Turn]:
    """What was said up to the message that is answered.

    After the result of a call that is the person's last message, once more.
    """
    if asked.input:
        return (*before, *turns_of(asked.input))
    last = max((at for at, turn in enumerate(before) if turn.role == "user"), default=-1)
    return tuple(before[: last + 1])


async def _before(door: Door, who: Person, response_id: str | None) -> Sequence[Turn]:
    """The dialogue up to a response and with it.

    Raises:
        ApiError: 400 for a caller who names nobody; 404 when this person has no such response.
    """
    if response_id is None:
        return ()
    if who.throwaway:
        raise ApiError(
            400,
            "previous_response_id: a response belongs to a person; name one in `user`",
            code="missing_user",
            param="user",
        )
    turns = await door.service.conversations.dialogue(who.user, response_id)
    ended = [turn.role for turn in turns[-2:]] == ["user", "assistant"]
    if not response_id.startswith(PREFIX) or not ended:
        raise ApiError(
            404,
            f"there is no response {response_id[:100]!r} of this person",
            code="previous_response_not_found",
            param="previous_response_id",
        )
    return turns[-MAX_MESSAGES:]


async def _kept(
    updates: AsyncIterator[Update], door: Door, who: Person, shape: ResponseShape
) -> AsyncGenerator[Update, None]:
    """The same updates; the dialogue is kept before the last one goes out, if it can be."""
    assert isinstance(updates, AsyncGenerator)
    async with aclosing(updates):
        async for update in updates:
            if isinstance(update, Finished):
                answer = Turn(role="assistant", text=update.reply.text)
                try:
                    said = (*shape.said, answer)
                    await door.service.conversations.keep(who.user, shape.id, said)
                except StoreError as error:
                    log.warning("a response is not stored: %s", error)
                    shape.stored = False
            yield update
