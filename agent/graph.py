"""The turn as a graph: which step follows which. Only wiring lives here."""

import time
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import StreamWriter
from opentelemetry.trace import Tracer

from simpatico.agent.nodes import Nodes, Writer
from simpatico.agent.tracing import NO_TRACER, count, stage_span
from simpatico.agent.turn import TurnState
from simpatico.domain import Stage, Trace

STEP_BUDGET = 12
"""Steps a turn may take; the longest path has seven."""

Step = Callable[[TurnState, Writer], Awaitable[TurnState]]
Graph: TypeAlias = "CompiledStateGraph[TurnState, None, TurnState, TurnState]"


def build_graph(
    nodes: Nodes, checkpointer: BaseCheckpointSaver[str] | None, tracer: Tracer = NO_TRACER
) -> Graph:
    """Wire the steps; with a checkpointer the state carries over between turns of a thread."""
    graph = StateGraph(TurnState)
    for name in ("read", "retrieve", "rank", "explain", "answer", "acknowledge", "clarify"):
        graph.add_node(name, _timed(name, getattr(nodes, name), tracer))
    graph.add_node("talk", _timed("talk", nodes.talk, tracer))
    graph.add_node("care", _timed("care", nodes.care, tracer))

    graph.add_edge(START, "read")
    graph.add_conditional_edges(
        "read",
        lambda state: state["route"],
        {
            "recommend": "retrieve",
            "clarify": "clarify",
            "explain": "answer",
            "acknowledge": "acknowledge",
            "talk": "talk",
            "care": "care",
        },
    )
    graph.add_conditional_edges(
        "acknowledge",
        lambda state: "retrieve" if "reply" not in state else END,
        ["retrieve", END],
    )
    graph.add_edge("retrieve", "rank")
    graph.add_edge("rank", "explain")
    for last in ("explain", "answer", "clarify", "talk", "care"):
        graph.add_edge(last, END)
    return graph.compile(checkpointer=checkpointer)


def _timed(name: str, step: Step, tracer: Tracer) -> Callable[..., Awaitable[TurnState]]:
    """Give a step a span, and its duration and counts to the trace, a reply's own among them."""

    async def run(state: TurnState, writer: StreamWriter) -> TurnState:
        began = time.perf_counter()
        with stage_span(tracer, name, state.get("span")) as span:
            added = await step(state, writer)
            counts = _counts(added)
            for what, n in counts:
                count(span, what, n)
            count(span, "degraded", len(added.get("degraded", ())))
            if name == "read":
                count(span, "mood.confidence", added["understood"].mood.confidence)
        ms = (time.perf_counter() - began) * 1000
        stages = (*state.get("stages", ()), Stage(name=name, ms=ms, counts=counts))
        added["stages"] = stages
        if reply := added.get("reply"):
            added["reply"] = reply.model_copy(update={"trace": Trace(stages=stages)})
        return added

    return run


def _counts(added: TurnState) -> tuple[tuple[str, int], ...]:
    """What a step counted: candidates found, recommendations made, sentences not let out."""
    counts = []
    if "candidates" in added:
        counts.append(("candidates", len(added["candidates"])))
    if "recommendations" in added:
        counts.append(("recommendations", len(added["recommendations"])))
    if "n_ungrounded" in added:
        counts.append(("ungrounded", added["n_ungrounded"]))
    return tuple(counts)
