"""Spans and series of a real turn with a model that makes things up, and no words in either."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]
import httpx
import pytest
from loopback import serving
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc
from tiny import tiny, tiny_home

from simpatico.agent.api.app import create_app
from simpatico.agent.api.loopback import Loopback
from simpatico.agent.build import build
from simpatico.agent.service import Simpatico
from simpatico.domain import Item
from simpatico.errors import SettingsError
from simpatico.ui.telemetry import provider_from_environment

pytestmark = pytest.mark.model

WORD, USER = "zyxomma", "ann-7c1e5a"
FILMS = [
    Item(id="bear", title="The Marmalade Bear", year=2014, genres=("Comedy",)),
    Item(id="duck", title="Duck and Cover", year=1994, genres=("Comedy",)),
]
INVENTED = "It won an Oscar in 1912. "
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


class _Model(BaseHTTPRequestHandler):
    """Streams one reply with a sentence that nothing bears out."""

    def do_GET(self) -> None:
        self._send("application/json", b'{"object": "list", "data": []}')

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        pieces = [INVENTED, "**The Marmalade Bear (2014)** is a comedy. ", "Enjoy it."]
        events = [{"choices": [{"index": 0, "delta": {"content": piece}}]} for piece in pieces]
        events.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        head = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
        lines = [f"data: {json.dumps({**head, **event})}\n\n" for event in events]
        self._send("text/event-stream", "".join([*lines, "data: [DONE]\n\n"]).encode())

    def _send(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Collector(trace_service_pb2_grpc.TraceServiceServicer):
    """Takes spans as an OpenTelemetry collector does."""

    def __init__(self) -> None:
        self.raw = b""
        self.spans: dict[str, dict[str, Any]] = {}
        self.ids: dict[str, tuple[str, str, str]] = {}
        self.service = ""

    def Export(self, request: Any, context: Any) -> Any:
        self.raw += request.SerializeToString()
        for resource in request.resource_spans:
            named = {one.key: one.value.string_value for one in resource.resource.attributes}
            self.service = named["service.name"]
            for span in (span for scope in resource.scope_spans for span in scope.spans):
                values = {one.key: _value(one.value) for one in span.attributes}
                self.spans[span.name] = values
                ids = (span.trace_id, span.span_id, span.parent_span_id)
                self.ids[span.name] = (ids[0].hex(), ids[1].hex(), ids[2].hex())
        return trace_service_pb2.ExportTraceServiceResponse()


def _value(value: Any) -> Any:
    return getattr(value, value.WhichOneof("value"))


@pytest.fixture(scope="module")
def model() -> Iterator[str]:
    with serving(_Model) as port:
        yield f"http://127.0.0.1:{port}/v1"


@pytest.fixture(scope="module")
def told(model: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Collector, str]]:
    """What a collector and /metrics were told of one turn, and of a ranking without one."""
    home: Path = tmp_path_factory.mktemp("home")
    tiny_home(home, FILMS)
    settings = tiny(
        home,
        weights=True,
        reader="encoder",
        llm={"url": model, "model": "m", "rephrase": "always"},
    )
    collector = Collector()
    server = grpc.server(ThreadPoolExecutor(1))
    add = trace_service_pb2_grpc.add_TraceServiceServicer_to_server
    add(collector, server)  # type: ignore[no-untyped-call]
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    patch = pytest.MonkeyPatch()
    patch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{port}")
    provider = provider_from_environment()
    assert provider is not None
    tracer = provider.get_tracer("simpatico")

    async def make() -> Simpatico:
        return await build(settings, progress=lambda what, done, of: None, tracer=tracer)

    said = f"I feel sad. a funny comedy with {WORD}"
    with Loopback(create_app(make, settings=settings)) as api, httpx.Client() as client:
        while client.get(f"{api.url}/ready").status_code != 200:
            threading.Event().wait(0.05)
        answer = client.post(
            f"{api.url}/v1/chat/completions",
            json={"messages": [{"role": "user", "content": said}], "user": USER},
            headers={"x-request-id": "req-42", "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"},
            timeout=60,
        )
        assert answer.status_code == 200
        text = answer.json()["choices"][0]["message"]["content"]
        assert "Marmalade" in text and "Oscar" not in text
        ranked = client.post(
            f"{api.url}/v1/recommendations",
            json={"messages": [{"role": "user", "content": said}], "user": USER, "k": 1},
            headers={"x-request-id": "req-43", "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"},
            timeout=60,
        )
        assert ranked.status_code == 200
        series = client.get(f"{api.url}/metrics").text
    provider.shutdown()
    server.stop(None)
    patch.undo()
    yield collector, series


def test_each_stage_is_a_span_of_the_turn_in_the_trace_of_the_caller(
    told: tuple[Collector, str],
) -> None:
    collector, _ = told
    stages = {"simpatico.read", "simpatico.retrieve", "simpatico.rank", "simpatico.explain"}
    assert set(collector.spans) == {"simpatico.turn", "simpatico.recommend", *stages}
    assert collector.service == "simpatico"
    trace, turn, parent = collector.ids["simpatico.turn"]
    assert (trace, parent) == (TRACE, "00f067aa0ba902b7")
    for stage in stages:
        assert collector.ids[stage][::2] == (TRACE, turn)


def test_spans_tell_how_the_turn_went(told: tuple[Collector, str]) -> None:
    spans = told[0].spans
    turn = spans["simpatico.turn"]
    assert turn["simpatico.time_to_first_word_ms"] > 0
    assert turn["simpatico.request_id"] == "req-42"
    assert (turn["simpatico.route"], turn["simpatico.degraded"]) == ("recommend", 0)
    assert turn["simpatico.recommendations"] == spans["simpatico.rank"]["simpatico.recommendations"]
    assert 0 < spans["simpatico.read"]["simpatico.mood.confidence"] <= 1
    assert spans["simpatico.retrieve"]["simpatico.candidates"] == 2
    assert spans["simpatico.explain"]["simpatico.ungrounded"] == 1


def test_a_ranking_without_a_turn_is_a_span_of_the_trace_of_the_caller(
    told: tuple[Collector, str],
) -> None:
    collector, _ = told
    assert collector.ids["simpatico.recommend"][::2] == (TRACE, "00f067aa0ba902b7")
    span = collector.spans["simpatico.recommend"]
    assert (span["simpatico.request_id"], span["simpatico.recommendations"]) == ("req-43", 1)
    assert span["simpatico.degraded"] == 0 and span["simpatico.mood.confidence"] > 0


def test_no_span_holds_a_word_or_a_name(told: tuple[Collector, str]) -> None:
    raw = told[0].raw
    assert b"simpatico.rank" in raw
    for word in (WORD, USER, "sad", "funny", "Marmalade", "Oscar"):
        assert word.encode() not in raw


def test_the_same_is_counted_for_prometheus(told: tuple[Collector, str]) -> None:
    lines = told[1].splitlines()
    assert 'simpatico_candidates_sum{door="api"} 2.0' in lines
    assert 'simpatico_ungrounded_sentences_total{door="api"} 1.0' in lines
    assert 'simpatico_mood_confidence_count{door="api"} 1.0' in lines
    assert 'simpatico_time_to_first_word_seconds_count{door="api"} 1.0' in lines
    for stage in ("read", "retrieve", "rank", "explain"):
        assert f'simpatico_stage_seconds_count{{stage="{stage}"}} 1.0' in lines
    for word in (WORD, USER, "sad", "Marmalade"):
        assert word not in told[1]


def test_every_part_is_told_by_the_probe(told: tuple[Collector, str]) -> None:
    assert 'simpatico_part_up{part="conversations"} 1.0' in told[1]
    assert 'simpatico_part_up{part="events"} 1.0' in told[1]
    assert 'simpatico_part_up{part="index"} 1.0' in told[1]
    assert 'simpatico_part_up{part="llm"} 1.0' in told[1]


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"OTEL_TRACES_EXPORTER": "none"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_SDK_DISABLED": "true"},
    ],
)
def test_without_being_asked_nothing_is_exported(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str]
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert provider_from_environment() is None


def test_an_exporter_that_is_not_there_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "carrier-pigeon")
    with pytest.raises(SettingsError, match="carrier-pigeon.*console"):
        provider_from_environment()


def test_the_console_is_an_exporter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "console")
    provider = provider_from_environment()
    assert provider is not None
    provider.shutdown()
