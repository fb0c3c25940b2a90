"""Plots of a report, as SVG pictures that a page carries within itself. Needs matplotlib."""

import base64
import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from simpatico.domain import Value
from simpatico.eval.next_item import Interval
from simpatico.eval.pooled import calibration_bins
from simpatico.eval.record import System
from simpatico.optional import needs

_STYLE: Final = {
    "svg.fonttype": "none",
    "svg.hashsalt": "simpatico",
    "font.size": 9.0,
    "text.parse_math": False,  # a name with "$" is a name
}


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


def grouped_bars(systems: Sequence[System], group: str) -> Plot:
    """Bars for each metric of a group, one for each system, with intervals."""
    told = {
        each.name: {
            one.metric.partition(": ")[2]: one
            for one in each.figures
            if one.metric.startswith(f"{group}: ")
        }
        for each in systems
    }
    names = list(dict.fromkeys(name for figures in told.values() for name in figures))
    figure, axes = _axes(width=6.4, height=1 + (0.1 + 0.12 * len(told)) * len(names))
    thick = 0.8 / max(1, len(told))
    for number, (system, figures) in enumerate(told.items()):
        at = np.array([place for place, name in enumerate(names) if name in figures], dtype=float)
        means = np.array([figures[name].mean for name in names if name in figures])
        ends = [(figures[name].low, figures[name].high) for name in names if name in figures]
        reach = np.abs(np.array(ends).reshape(-1, 2).T - means)
        axes.barh(at + (number + 0.5) * thick - 0.4, means, thick, xerr=reach, label=system)
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set_xlabel(f"{group}, 95 % interval")
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    said = "; ".join(
        f"{system}: " + ", ".join(f"{name} {one.mean:.3f}" for name, one in figures.items())
        for system, figures in told.items()
    )
    return Plot(title=group, alt=f"{group}: {said}", uri=_uri(figure))


def reliability(
    title: str, systems: Mapping[str, tuple[NDArray[np.float64], NDArray[np.float64]]]
) -> Plot:
    """How often it happened against how likely it was called, in ten bins of equal width.

    Args:
        title: of the plot.
        systems: by name chances, (n,) or (n, k) in [0, 1], and what happened, 0 or 1.
    """
    figure, axes = _axes(width=4.6, height=4.0)
    axes.plot([0, 1], [0, 1], color="#999999", linewidth=1)
    told = []
    for name, (probability, happened) in systems.items():
        n, called, found = calibration_bins(probability, happened)
        used = n > 0
        axes.plot(called[used], found[used], marker="o", markersize=3, linewidth=1, label=name)
        points = zip(called[used], found[used], strict=True)
        told.append(f"{name}: " + "; ".join(f"{c:.2f} called, {f:.2f} happened" for c, f in points))
    axes.set(xlabel="called", ylabel="happened", xlim=(0, 1), ylim=(0, 1))
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), fontsize=7, ncols=2)
    return Plot(title=title, alt=f"{title}. {'. '.join(told)}", uri=_uri(figure))


def confusion(
    title: str, labels: Sequence[str], true: NDArray[np.float64], said: NDArray[np.float64]
) -> Plot:
    """Of the cases that a label holds of, a row, the share of which each was said, a column.

    Args:
        title: of the plot.
        labels: (k,).
        true: (n, k) of 0 and 1.
        said: (n, k) of 0 and 1.
    """
    there = np.flatnonzero((true + said).any(axis=0))
    named = [labels[int(at)] for at in there]
    n = true[:, there].sum(axis=0)
    share = (true[:, there].T @ said[:, there]) / np.maximum(n, 1)[:, None]  # (k, k)
    size = 1.6 + 0.22 * len(named)
    figure, axes = _axes(width=size + 0.6, height=size)
    drawn = axes.pcolormesh(share, vmin=0, vmax=1, cmap="Blues")
    places = np.arange(len(named)) + 0.5
    axes.set_xticks(places, named, rotation=90)
    axes.set_yticks(
        places, [f"{label} ({count:.0f})" for label, count in zip(named, n, strict=True)]
    )
    axes.set(xlabel="said", ylabel="true (n)")
    axes.invert_yaxis()
    figure.colorbar(drawn, ax=axes)
    most = [
        f"{label} said as {', '.join(f'{named[c]} {row[c]:.2f}' for c in np.argsort(-row)[:3])}"
        for label, row in zip(named, share, strict=True)
    ]
    return Plot(title=title, alt=f"{title}: {'; '.join(most)}", uri=_uri(figure))


def tradeoff(
    title: str,
    axes_of: tuple[str, str],
    series: Mapping[str, Sequence[tuple[str, float, Interval]]],
) -> Plot:
    """What is lost for what is gained: a line for each series, its points named.

    Args:
        title: of the plot.
        axes_of: what goes to the right, and what up.
        series: by name (name of the point, right, up with its interval).
    """
    figure, axes = _axes(width=6.4, height=4.2)
    said = []
    for name, points in series.items():
        right = [x for _, x, _ in points]
        up = np.array([y.mean for _, _, y in points])
        reach = np.abs(np.array([[y.low, y.high] for _, _, y in points]).T - up)
        axes.errorbar(right, up, yerr=reach, marker="o", capsize=2, label=name)
        for told, x, y in points:
            axes.annotate(told, (x, y.mean), textcoords="offset points", xytext=(4, 4))
            said.append(f"{name} {told}: {x:.3f}, {y.mean:.4f}")
    axes.set(xlabel=axes_of[0], ylabel=f"{axes_of[1]}, 95 % interval")
    axes.legend()
    return Plot(title=title, alt=f"{title}: {'; '.join(said)}", uri=_uri(figure))


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
