"""The colours of a picture by name, which a network that names things leaves out.

A picture is looked at in a grid of `GRID` x `GRID` points, and each is of the basic colour term
(Berlin and Kay, 1969; with navy blue and beige, as shops say) that is nearest in CIELAB. What is
near the colour of a white border and hangs together with it is background and does not count; so a
white thing counts as far as something parts it from a white ground.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label

Array = NDArray[np.float32]
_Shades = tuple[tuple[int, int, int], ...]

_SHADES: Final[Mapping[str, _Shades]] = {
    "black": ((0, 0, 0), (25, 25, 25)),
    "white": ((255, 255, 255),),
    "grey": ((128, 128, 128), (90, 90, 90), (170, 170, 170)),
    "red": ((220, 20, 20), (160, 20, 30)),
    "orange": ((245, 140, 30),),
    "yellow": ((245, 225, 60),),
    "green": ((40, 150, 50), (20, 80, 30), (120, 200, 90)),
    "blue": (
        *((40, 80, 200), (110, 170, 230), (0, 0, 255), (173, 216, 230)),
        *((0, 255, 255), (64, 224, 208), (0, 200, 210), (0, 128, 128)),
    ),
    "navy blue": ((20, 25, 70), (0, 0, 128), (25, 25, 112)),
    "purple": ((120, 40, 150), (75, 0, 130), (200, 162, 200), (147, 112, 219), (218, 112, 214)),
    "pink": ((245, 130, 180), (220, 60, 140), (255, 192, 203)),
    "brown": ((110, 65, 30), (70, 40, 25)),
    "beige": ((225, 205, 170),),
}
"""sRGB of each name, set by hand."""

COLOURS: Final = tuple(_SHADES)
NAMED: Final = "colours 2"
"""What vectors that are kept are known by: another name once shades or their counting change."""
GRID: Final = 32
_WHITE_L, _WHITE_CHROMA = 85, 8
_NEAR: Final = 12
"""CIELAB distance from the border's colour up to which a point is background."""
_LEAST: Final = 0.02
"""Share of the points that must be left beside a background; else all count."""


def colours_of(pictures: Sequence[NDArray[np.uint8]]) -> Array:
    """Shares of `COLOURS` in pictures of (height, width, 3) RGB: (n, n_colours), sums of 1."""
    rows = np.zeros((len(pictures), len(COLOURS)), dtype=np.float32)
    for row, picture in zip(rows, pictures, strict=True):
        places = (np.linspace(0, n - 1, GRID).astype(int) for n in picture.shape[:2])
        points = _cielab(picture[np.ix_(*places)])
        named = _OF[((points[..., None, :] - _PLACES) ** 2).sum(axis=-1).argmin(axis=-1)]
        counts = np.bincount(named[_counted(points)], minlength=len(COLOURS))
        row[:] = counts / counts.sum()
    return rows


def _counted(points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which points of a grid are no background."""
    border = np.concatenate([points[0], points[-1], points[:, 0], points[:, -1]])
    colour = np.median(border, axis=0)
    if colour[0] <= _WHITE_L or np.hypot(*colour[1:]) >= _WHITE_CHROMA:
        return np.ones(points.shape[:2], dtype=bool)
    parts, _ = label(np.linalg.norm(points - colour, axis=-1) <= _NEAR)
    outer = np.concatenate([parts[0], parts[-1], parts[:, 0], parts[:, -1]])
    apart: NDArray[np.bool_] = ~np.isin(parts, outer[outer > 0])
    return apart if apart.mean() >= _LEAST else np.ones_like(apart)


def _cielab(rgb: NDArray[np.uint8] | NDArray[np.int64]) -> NDArray[np.float64]:
    """Convert sRGB of 0 to 255 to CIELAB under D65: (..., 3)."""
    share = np.asarray(rgb, dtype=np.float64) / 255
    light = np.where(share > 0.04045, ((share + 0.055) / 1.055) ** 2.4, share / 12.92)
    of_white = light @ _XYZ.T / (0.9505, 1, 1.089)
    f = np.where(of_white > 0.008856, np.cbrt(of_white), 7.787 * of_white + 16 / 116)
    return np.stack(
        [
            116 * f[..., 1] - 16,
            500 * (f[..., 0] - f[..., 1]),
            200 * (f[..., 1] - f[..., 2]),
        ],
        axis=-1,
    )


_XYZ: Final = np.array(
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
)
_PLACES: Final = _cielab(np.array([shade for each in _SHADES.values() for shade in each]))
_OF: Final = np.array([at for at, each in enumerate(_SHADES.values()) for _ in each])
