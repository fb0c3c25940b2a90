"""The turn as a graph: which step follows which. Only wiring lives here."""

import time
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import StreamWriter

from simpatico.agent.nodes import Nodes, Writer
from simpatico.agent.turn import TurnState
from simpatico.domain import Stage

STEP_BUDGET = 12
"""Steps a turn may take; the longest path has seven."""

Step = Callable[[TurnState, Writer], Awaitable[TurnState]]
Graph: TypeAlias = "CompiledStateGraph[TurnState, None, TurnState, TurnState]"


def build_graph(nodes: Nodes, checkpointer: BaseCheckpointSaver[str] | None) -> Graph:
    """Wire the steps; with a checkpointer the state carries over between turns of a thread."""
    graph = StateGraph(TurnState)
    for name in ("read", "retrieve", "rank", "explain", "answer", "acknowledge", "clarify"):
        graph.add_node(name, _timed(name, getattr(nodes, name)))
    graph.add_node("talk", _timed("talk", nodes.talk))
    graph.add_node("care", _timed("care", nodes.care))

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


def _timed(name: str, step: Step) -> Callable[..., Awaitable[TurnState]]:
    """Add a step's duration and counts to the trace."""

    async def run(state: TurnState, writer: StreamWriter) -> TurnState:
        began = time.perf_counter()
        added = await step(state, writer)
        counts = tuple(
            (key, len(value))
            for key in ("candidates", "recommendations")
            if isinstance(value := added.get(key), tuple)
        )
        stage = Stage(name=name, ms=(time.perf_counter() - began) * 1000, counts=counts)
        added["stages"] = (*state.get("stages", ()), stage)
        return added

    return run
