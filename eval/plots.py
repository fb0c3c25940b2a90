"""Plots of a report, as SVG pictures that a page carries within itself. Needs matplotlib."""

import base64
import io
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from simpatico.domain import Value
from simpatico.eval.record import System
from simpatico.optional import needs

_STYLE: Final = {"svg.fonttype": "none", "svg.hashsalt": "simpatico", "font.size": 9.0}
_N_BINS: Final = 10


class Plot(Value):
    """A picture with what it says in words, for who cannot see it.

    Attributes:
        uri: a data: URI.
    """

    title: str
    alt: str
    uri: str


def bars(systems: Sequence[System], metric: str) -> Plot:
    """A bar for each system with its interval, in the order given."""
    told = [(each.name, one) for each in systems for one in each.figures if one.metric == metric]
    figure, axes = _axes(width=6.4, height=0.6 + 0.32 * max(1, len(told)))
    names = [name for name, _ in told]
    means = np.array([one.mean for _, one in told])
    reach = np.abs(np.array([[one.low, one.high] for _, one in told]).T - means)
    axes.barh(names, means, xerr=reach, color="#3f7f8f", ecolor="#222222", capsize=2)
    axes.invert_yaxis()
    axes.set_xlabel(f"{metric}, 95 % interval")
    said = "; ".join(f"{name} {mean:.4f}" for name, mean in zip(names, means, strict=True))
    return Plot(title=metric, alt=f"{metric}: {said}", uri=_uri(figure))


def reliability(title: str, probability: NDArray[np.float64], happened: NDArray[np.bool_]) -> Plot:
    """How often it happened against how likely it was called, in ten bins of equal width.

    Args:
        title: of the plot.
        probability: (n,) in [0, 1].
        happened: (n,).
    """
    place = np.minimum((probability * _N_BINS).astype(int), _N_BINS - 1)
    used = np.unique(place)
    called = np.array([probability[place == at].mean() for at in used])
    found = np.array([happened[place == at].mean() for at in used])
    figure, axes = _axes(width=4.0, height=3.6)
    axes.plot([0, 1], [0, 1], color="#999999", linewidth=1)
    axes.plot(called, found, marker="o", color="#3f7f8f")
    axes.set(xlabel="called", ylabel="happened", xlim=(0, 1), ylim=(0, 1))
    said = "; ".join(
        f"{c:.2f} called, {f:.2f} happened" for c, f in zip(called, found, strict=True)
    )
    return Plot(title=title, alt=f"{title}: {said}", uri=_uri(figure))


def _axes(*, width: float, height: float) -> tuple[Any, Any]:
    """A figure in inches with one pair of axes, outside of pyplot's global state."""
    matplotlib = needs("matplotlib", "matplotlib", "plots")
    with matplotlib.rc_context(_STYLE):
        from matplotlib.figure import Figure

        figure = Figure(figsize=(width, height), layout="constrained")
        axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _uri(figure: Any) -> str:
    matplotlib = needs("matplotlib", "matplotlib", "plots")
    out = io.BytesIO()
    with matplotlib.rc_context(_STYLE):
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return "data:image/svg+xml;base64," + base64.b64encode(out.getvalue()).decode("ascii")
