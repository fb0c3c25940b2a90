"""Small flat scenes for the tiles: a sunrise, a moon over water, rain, a doorway, ...

Each scene is a function of some bytes (at least 25, from the item's id) and two CSS colours, and
gives SVG shapes for a picture 200 wide and 300 high whose lowest third lies under the title.
"""

from collections.abc import Callable, Sequence


def scene(tones: Sequence[str], digest: bytes, light: str, shade: str) -> str:
    """A scene that suits the first tone (any, without a tone); the digest decides which."""
    fitting = _BY_TONE[tones[0]] if tones else _SCENES
    draw = fitting[digest[-1] % len(fitting)]
    return draw(digest, light, shade)


def _sunrise(n: bytes, light: str, shade: str) -> str:
    x, y, r = 60 + n[0] % 80, 95 + n[1] % 40, 36 + n[2] % 20
    rings = "".join(
        f'<circle cx="{x}" cy="{y}" r="{r + 18 * i}" fill="none" stroke="{light}" '
        f'stroke-width="1.5" opacity="{0.42 - 0.1 * i:.2f}"/>'
        for i in range(1, 4)
    )
    return (
        f'{rings}<circle cx="{x}" cy="{y}" r="{r}" fill="{light}"/>'
        f'<path d="M0 {190 - n[3] % 30}Q60 {140 + n[4] % 30} 120 185T200 170V300H0Z" '
        f'fill="{shade}"/>'
    )


def _moon(n: bytes, light: str, shade: str) -> str:
    x, y = 70 + n[0] % 70, 75 + n[1] % 30
    stars = "".join(
        f'<circle cx="{(n[i] * 7) % 190 + 5}" cy="{(n[i + 1] * 5) % 140 + 8}" '
        f'r="{1 + n[i] % 2}" fill="{light}" opacity=".8"/>'
        for i in range(3, 17)
    )
    waves = "".join(
        f'<path d="M-10 {158 + 17 * i}q28-18 55 0t55 0t55 0t55 0V300H-10Z" fill="{shade}" '
        f'opacity="{0.35 + 0.2 * i:.2f}"/>'
        for i in range(3)
    )
    return (
        f'{stars}<path d="M{x} {y - 40}A40 40 0 1 0 {x + 40} {y + 6}A33 33 0 1 1 {x} {y - 40}Z" '
        f'fill="{light}"/>{waves}'
    )


def _pair(n: bytes, light: str, shade: str) -> str:
    y, r, gap = 105 + n[0] % 25, 46 + n[1] % 10, 26 + n[2] % 16
    return (
        f'<circle cx="{100 - gap}" cy="{y}" r="{r}" fill="{shade}"/>'
        f'<circle cx="{100 + gap}" cy="{y}" r="{r}" fill="{light}" opacity=".88"/>'
        f'<circle cx="{100 - gap}" cy="{y}" r="{r}" fill="none" stroke="{light}" '
        'stroke-width="1.5"/>'
    )


def _confetti(n: bytes, light: str, shade: str) -> str:
    shapes = []
    for i in range(20):
        x, y = (i % 5) * 44 + 4 + n[i % 20] % 26, (i // 5) * 46 + 6 + n[(i + 7) % 24] % 28
        fill = light if n[(i * 3) % 24] % 3 else shade
        match n[(i + 3) % 24] % 4:
            case 0:
                shapes.append(f'<circle cx="{x}" cy="{y}" r="{6 + n[i % 24] % 6}" fill="{fill}"/>')
            case 1:
                shapes.append(f'<path d="M{x - 9} {y + 8}h18l-9-17z" fill="{fill}"/>')
            case 2:
                shapes.append(
                    f'<path d="M{x - 9} {y}a9 9 0 0 1 18 0z" fill="{fill}" '
                    f'transform="rotate({n[i % 24]} {x} {y})"/>'
                )
            case _:
                shapes.append(
                    f'<rect x="{x - 11}" y="{y - 3}" width="22" height="6" rx="3" fill="{fill}" '
                    f'transform="rotate({n[i % 24]} {x} {y})"/>'
                )
    return "".join(shapes)


def _rain(n: bytes, light: str, shade: str) -> str:
    lines = "".join(
        f'<path d="M{i * 15 - 8 + n[i % 24] % 8} {n[(i * 5) % 24] % 90}l-{9} '
        f'{44 + n[(i * 3) % 24] % 60}" stroke="{light}" stroke-width="2" stroke-linecap="round" '
        f'opacity="{0.3 + (n[i % 24] % 5) / 10:.1f}"/>'
        for i in range(15)
    )
    return f'{lines}<ellipse cx="{70 + n[0] % 60}" cy="196" rx="120" ry="26" fill="{shade}"/>'


def _doorway(n: bytes, light: str, shade: str) -> str:
    x = 66 + n[0] % 46
    return (
        f'<rect width="200" height="300" fill="{shade}"/>'
        f'<path d="M{x} 182V84a17 17 0 0 1 34 0V182Z" fill="{light}"/>'
        f'<path d="M{x} 182h34l{40 + n[1] % 40} 118H{x - 50 - n[2] % 30}Z" fill="{light}" '
        'opacity=".26"/>'
        f'<circle cx="{x + 17}" cy="112" r="5" fill="{shade}"/>'
        f'<path d="M{x + 11} 182q0-62 6-62t6 62z" fill="{shade}"/>'
    )


def _bands(n: bytes, light: str, shade: str) -> str:
    slope = 40 + n[0] % 70
    bands = "".join(
        f'<path d="M-60 {20 + 38 * i + n[i] % 16}L260 {20 + 38 * i - slope}v{7 + n[i + 6] % 14}'
        f'L-60 {40 + 38 * i + n[i] % 16}Z" fill="{light if i % 3 == n[1] % 3 else shade}"/>'
        for i in range(6)
    )
    return f'{bands}<circle cx="{60 + n[2] % 90}" cy="{80 + n[3] % 40}" r="19" fill="{light}"/>'


def _peaks(n: bytes, light: str, shade: str) -> str:
    top = 62 + n[0] % 30
    x = 80 + n[1] % 50
    return (
        f'<circle cx="{30 + n[2] % 140}" cy="{44 + n[3] % 24}" r="17" fill="{light}"/>'
        f'<path d="M{x - 120} 220L{x} {top}L{x + 120} 220Z" fill="{shade}"/>'
        f'<path d="M{x} {top}l30 41-16-6-12 14-14-12-15 9Z" fill="{light}"/>'
        f'<path d="M-20 230L{x - 62} {top + 62}L{x + 20} 230Z" fill="{shade}" opacity=".6"/>'
        f'<path d="M{x - 10} 240L{x + 74} {top + 74}L250 240Z" fill="{shade}" opacity=".75"/>'
    )


def _arches(n: bytes, light: str, shade: str) -> str:
    x, foot, step = 60 + n[0] % 80, 196, 13 + n[2] % 10
    arches = "".join(
        f'<path d="M{x - r} {foot}V{foot - 60}a{r} {r} 0 0 1 {2 * r} 0V{foot}" fill="none" '
        f'stroke="{light if i % 2 == n[1] % 2 else shade}" stroke-width="{step * 0.55:.1f}"/>'
        for i, r in enumerate(range(step - 4, 110, step))
    )
    return f'{arches}<rect y="{foot}" width="200" height="110" fill="{shade}"/>'


_Scene = Callable[[bytes, str, str], str]
_SCENES: tuple[_Scene, ...] = (
    _sunrise, _moon, _pair, _confetti, _rain, _doorway, _bands, _peaks, _arches,
)  # fmt: skip
_BY_TONE: dict[str, tuple[_Scene, ...]] = {
    "warm": (_sunrise, _pair, _arches),
    "funny": (_confetti, _sunrise),
    "uplifting": (_sunrise, _peaks),
    "gentle": (_moon, _sunrise),
    "romantic": (_pair, _moon),
    "touching": (_pair, _rain),
    "sad": (_rain,),
    "dark": (_doorway, _moon),
    "tense": (_bands, _doorway),
    "scary": (_doorway, _rain),
    "violent": (_bands,),
    "exciting": (_bands, _peaks),
    "epic": (_peaks,),
    "dreamy": (_moon, _arches),
    "thoughtful": (_arches, _pair),
    "quirky": (_confetti, _arches),
    "nostalgic": (_arches, _sunrise),
    "kids": (_confetti, _sunrise),
}
