"""Raw prompts and adapters: what is sent, and answers as llama.cpp and vLLM write them."""

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from simpatico.agent.llm import Flavour, OpenAILLM, ScriptedLLM
from simpatico.domain import Completion
from simpatico.errors import BadReply
from simpatico.protocols import LLM

# Recorded from xllamacpp 2026.10.11549 with SmolLM2-135M-Instruct and shortened: the prompt was
# "them: rough week, seen Heat\nread:", under a grammar, with three alternatives.
LLAMACPP_PIECES = [
    {
        "choices": [
            {
                "text": " ",
                "index": 0,
                "logprobs": {
                    "content": [
                        {
                            "id": 216,
                            "token": " ",
                            "bytes": [32],
                            "logprob": -2.6083567142486572,
                            "top_logprobs": [
                                {"id": 216, "token": " ", "bytes": [32], "logprob": -2.608},
                                {"id": 198, "token": "\n", "bytes": [10], "logprob": -3.438},
                                {"id": 638, "token": " how", "bytes": [32], "logprob": -4.301},
                            ],
                        }
                    ]
                },
                "finish_reason": None,
            }
        ],
        "created": 1795311898,
        "model": "model.gguf",
        "system_fingerprint": "b0-unknown",
        "object": "text_completion",
        "id": "chatcmpl-momUftpuVr4HmAhPBHGohcNDLu8JSVxZ",
    },
    {
        "choices": [
            {
                "text": "o",
                "index": 0,
                "logprobs": {
                    "content": [
                        {
                            "id": 95,
                            "token": "o",
                            "bytes": [111],
                            "logprob": -12.785630226135254,
                            "top_logprobs": [
                                {"id": 34, "token": "2", "bytes": [50], "logprob": -0.915},
                                {"id": 33, "token": "1", "bytes": [49], "logprob": -1.584},
                                {"id": 35, "token": "3", "bytes": [51], "logprob": -2.499},
                            ],
                        }
                    ]
                },
                "finish_reason": None,
            }
        ],
        "object": "text_completion",
    },
    {
        "choices": [{"text": "", "index": 0, "logprobs": None, "finish_reason": "length"}],
        "object": "text_completion",
        "usage": {
            "completion_tokens": 2,
            "prompt_tokens": 10,
            "total_tokens": 12,
            "prompt_tokens_details": {"cached_tokens": 9},
        },
        "timings": {"cache_n": 9, "prompt_n": 1},
    },
]

# As vLLM writes it by its source (`_create_completion_logprobs`); no server was asked. The chosen
# token stands first among the alternatives, whatever its rank, and -inf is written as -9999.
VLLM_LOGPROBS = {
    "text_offset": [0, 4, 10],
    "token_logprobs": [-0.5, -1.25, -9999.0],
    "tokens": [" joy", " cheer", "\n"],
    "top_logprobs": [
        {" joy": -0.5, " love": -1.5},
        {" cheer": -1.25, " any": -0.75},
        {"\n": -9999.0, " |": 0.0},
    ],
}
VLLM = {
    "id": "cmpl-1",
    "object": "text_completion",
    "created": 1,
    "model": "reader",
    "choices": [
        {
            "index": 0,
            "text": " joy cheer",
            "logprobs": VLLM_LOGPROBS,
            "finish_reason": "stop",
            "stop_reason": "\n",
            "prompt_logprobs": None,
        }
    ],
    "usage": {"prompt_tokens": 12, "total_tokens": 15, "completion_tokens": 3},
}


class Served:
    """A server that gives one answer, and what it was asked."""

    def __init__(self) -> None:
        self.answer: Any = VLLM
        self.asked: list[tuple[str, dict[str, Any]]] = []
        served = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                size = int(self.headers["Content-Length"])
                served.asked.append((self.path, json.loads(self.rfile.read(size))))
                pieces = served.answer if isinstance(served.answer, list) else None
                events = [f"data: {json.dumps(piece)}\n\n" for piece in pieces or ()]
                body = "".join((*events, "data: [DONE]\n\n")) if events else ""
                body = body or json.dumps(served.answer)
                self.send_response(200)
                kind = "text/event-stream" if events else "application/json"
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                """Say nothing."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def served() -> Iterator[Served]:
    server = Served()
    yield server
    server.close()


def complete(
    served: Served, *, flavour: Flavour, adapters: tuple[str, ...] = (), **options: Any
) -> Completion:
    async def run() -> Completion:
        llm = OpenAILLM(served.url, "base", flavour=flavour, adapters=adapters)
        try:
            return await llm.complete("once upon", max_tokens=8, **options)
        finally:
            await llm.aclose()

    return asyncio.run(run())


def test_a_continuation_of_llamacpp_is_read_from_its_pieces(served: Served) -> None:
    served.answer = LLAMACPP_PIECES
    got = complete(served, flavour="llamacpp", top_logprobs=3, stop=["\n"], seed=1)
    assert (got.text, got.finish_reason) == (" o", "length")
    assert (got.prompt_tokens, got.completion_tokens) == (10, 2)
    assert [token.text for token in got.tokens] == [" ", "o"]
    assert got.tokens[1].logprob == pytest.approx(-12.7856, abs=1e-4)
    assert got.tokens[1].top == (("2", -0.915), ("1", -1.584), ("3", -2.499))
    path, sent = served.asked[0]
    assert path == "/v1/completions"
    assert (sent["prompt"], sent["logprobs"], sent["stop"]) == ("once upon", 3, ["\n"])
    assert sent["stream"] and "messages" not in sent and "lora" not in sent


def test_a_continuation_of_vllm_is_read_from_its_lists(served: Served) -> None:
    got = complete(served, flavour="vllm", top_logprobs=2)
    assert (got.text, got.finish_reason) == (" joy cheer", "stop")
    assert [token.logprob for token in got.tokens] == [-0.5, -1.25, -9999.0]
    assert got.tokens[1].top == ((" any", -0.75), (" cheer", -1.25))
    assert (got.prompt_tokens, got.completion_tokens) == (12, 3)
    assert served.asked[0][0] == "/v1/completions"


def test_a_continuation_streams(served: Served) -> None:
    served.answer = LLAMACPP_PIECES

    async def run() -> list[str]:
        llm = OpenAILLM(served.url, "base", flavour="vllm", adapters=["explainer"])
        try:
            pieces = llm.stream("once upon", max_tokens=8, adapter="explainer")
            return [piece async for piece in pieces]
        finally:
            await llm.aclose()

    assert asyncio.run(run()) == [" ", "o"]
    assert served.asked[0][1]["model"] == "explainer"


@pytest.mark.parametrize(("adapter", "model"), [("reader", "reader"), ("", "base")])
def test_vllm_knows_an_adapter_as_a_model(served: Served, adapter: str, model: str) -> None:
    complete(served, flavour="vllm", adapters=("reader",), adapter=adapter)
    assert served.asked[0][1]["model"] == model


@pytest.mark.parametrize(
    ("adapter", "scales"), [("", [0.0, 0.0]), ("reader", [1.0, 0.0]), ("explainer", [0.0, 1.0])]
)
def test_llamacpp_is_told_the_scale_of_every_adapter(
    served: Served, adapter: str, scales: list[float]
) -> None:
    served.answer = LLAMACPP_PIECES
    given: dict[str, Any] = {
        "adapters": ("reader", "explainer"),
        "adapter": adapter,
        "grammar": "root ::= [a-z]",
    }
    complete(served, flavour="llamacpp", **given)
    sent = served.asked[0][1]
    assert sent["lora"] == [{"id": place, "scale": scale} for place, scale in enumerate(scales)]
    assert sent["grammar"] == "root ::= [a-z]" and sent["model"] == "base"


@pytest.mark.parametrize("flavour", ["llamacpp", "vllm", "openai"])
def test_an_adapter_that_is_not_there_is_a_value_error(served: Served, flavour: Flavour) -> None:
    with pytest.raises(ValueError, match="no adapter 'poet'; it has: reader"):
        complete(served, flavour=flavour, adapters=("reader",), adapter="poet")
    assert not served.asked


@pytest.mark.parametrize(
    ("flavour", "expected"),
    [
        ("llamacpp", {"json_schema": {"type": "object"}}),
        ("vllm", {"structured_outputs": {"json": {"type": "object"}}}),
    ],
)
def test_a_schema_for_a_raw_prompt_is_sent_as_the_server_wants_it(
    served: Served, flavour: Flavour, expected: dict[str, Any]
) -> None:
    served.answer = LLAMACPP_PIECES if flavour == "llamacpp" else VLLM
    complete(served, flavour=flavour, schema={"type": "object"})
    assert expected.items() <= served.asked[0][1].items()


@pytest.mark.parametrize(
    ("flavour", "options"),
    [
        ("vllm", {"top_logprobs": 65}),
        ("openai", {"top_logprobs": 6}),
        ("openai", {"schema": {}}),
        ("openai", {"grammar": "g"}),
        ("llamacpp", {"grammar": "g", "schema": {}}),
    ],
)
def test_what_a_server_does_not_do_is_a_value_error(
    served: Served, flavour: Flavour, options: dict[str, Any]
) -> None:
    with pytest.raises(ValueError):
        complete(served, flavour=flavour, **options)
    assert not served.asked


@pytest.mark.parametrize(
    "logprobs",
    [
        {**VLLM_LOGPROBS, "tokens": [" joy"]},
        {**VLLM_LOGPROBS, "top_logprobs": [{}]},
        {**VLLM_LOGPROBS, "token_logprobs": [None, -1.0, -1.0]},
        {"content": [{"token": " joy", "logprob": None, "top_logprobs": []}]},
    ],
)
def test_log_probabilities_that_do_not_fit_are_a_bad_reply(
    served: Served, logprobs: dict[str, Any]
) -> None:
    served.answer = {"choices": [{"text": " joy", "finish_reason": "stop", "logprobs": logprobs}]}
    with pytest.raises(BadReply, match="wrong shape"):
        complete(served, flavour="vllm", top_logprobs=2)


def test_a_continuation_without_log_probabilities_has_text_alone(served: Served) -> None:
    served.answer = {"choices": [{"text": " joy", "finish_reason": "stop", "logprobs": None}]}
    assert complete(served, flavour="openai") == Completion(text=" joy")


def test_the_fake_keeps_raw_prompts_and_adapters() -> None:
    async def run() -> None:
        script = ScriptedLLM(["one", "two words"])
        llm: LLM = script
        assert (await llm.complete("raw", max_tokens=5, adapter="reader")).text == "one"
        assert [piece async for piece in llm.stream("more", max_tokens=5)] == ["two", " words"]
        assert script.prompts == ["raw", "more"] and script.requests == []
        assert script.adapters == ["reader", ""]

    asyncio.run(run())
