"""Slaney's mel scale: linear in Hz below 1,000, logarithmic above; how audio networks see pitch."""

import numpy as np
from numpy.typing import NDArray

_BREAK_HZ, _BREAK_MEL, _STEP = 1000.0, 15.0, np.log(6.4) / 27


def mel_triangles(n_fft: int, n_mels: int, *, rate_hz: int) -> NDArray[np.float32]:
    """The mel filters from 0 to rate_hz / 2: (n_fft // 2 + 1, n_mels), each of area 1 in Hz."""
    top = _mel(np.array(rate_hz / 2))
    edges = _hertz(np.linspace(0, top, n_mels + 2))
    widths = np.diff(edges)
    bins = np.linspace(0, rate_hz / 2, n_fft // 2 + 1)
    slopes = bins[:, None] - edges  # (n_bins, n_mels + 2)
    rising, falling = slopes[:, :-2] / widths[:-1], -slopes[:, 2:] / widths[1:]
    heights = 2 / (edges[2:] - edges[:-2])
    filters: NDArray[np.float32] = (np.maximum(0, np.minimum(rising, falling)) * heights).astype(
        np.float32
    )
    return filters


def _mel(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
    above = _BREAK_MEL + np.log(np.maximum(hertz, _BREAK_HZ) / _BREAK_HZ) / _STEP
    return np.where(hertz < _BREAK_HZ, hertz * _BREAK_MEL / _BREAK_HZ, above)


def _hertz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    above = _BREAK_HZ * np.exp(_STEP * (mel - _BREAK_MEL))
    return np.where(mel < _BREAK_MEL, mel * _BREAK_HZ / _BREAK_MEL, above)
