"""Draw charts: numbers become the rectangles and paths of an SVG, and the labels of its axes."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log10

WIDTH, HEIGHT = 480, 160
SPARK_WIDTH, SPARK_HEIGHT = 96, 24
_STEPS = (1, 2, 5, 10)
_LINES = 4


@dataclass(frozen=True, slots=True)
class Bar:
    """One piece of a stacked bar."""

    look: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A chart: grid lines by their height, bars, paths, and the labels of the upright axis from its top."""

    grid: tuple[float, ...]
    labels: tuple[str, ...]
    bars: tuple[Bar, ...] = ()
    paths: tuple[tuple[str, str], ...] = ()


def stacked(slots: Sequence[Sequence[int]], looks: Sequence[str]) -> Drawing:
    """A bar for each slot, its pieces on each other in the order of their looks."""
    step = _step(max((sum(pieces) for pieces in slots), default=0))
    top = step * _LINES
    width = WIDTH / max(1, len(slots))
    bars: list[Bar] = []
    for place, pieces in enumerate(slots):
        ground = float(HEIGHT)
        for look, number in zip(looks, pieces, strict=True):
            if number:
                tall = number * HEIGHT / top
                ground -= tall
                bars.append(
                    Bar(
                        look,
                        round(place * width + width * 0.1, 1),
                        round(ground, 1),
                        round(width * 0.8, 1),
                        round(tall, 1),
                    )
                )
    return Drawing(
        grid=tuple(HEIGHT * line / _LINES for line in range(_LINES + 1)),
        labels=tuple(f"{step * line:,}" for line in range(_LINES, -1, -1)),
        bars=tuple(bars),
    )


def _step(most: int) -> int:
    """The smallest round step of which four reach `most`."""
    if most <= _LINES:
        return 1
    wanted = most / _LINES
    scale: int = 10 ** int(log10(wanted))
    return next(step * scale for step in _STEPS if step * scale >= wanted)


def logarithmic(lines: Sequence[tuple[str, Sequence[float | None]]]) -> Drawing:
    """A line for each series over a logarithmic axis from 0.1; a gap where nothing is known."""
    most = max((one for _, series in lines for one in series if one is not None), default=1.0)
    decades = max(2, ceil(log10(max(most, 1.0)) + 1))
    return Drawing(
        grid=tuple(round(HEIGHT * line / decades, 1) for line in range(decades + 1)),
        labels=tuple(f"{10 ** (decades - 1 - line):,g}" for line in range(decades + 1)),
        paths=tuple((look, _path(series, decades)) for look, series in lines),
    )


def _path(series: Sequence[float | None], decades: int) -> str:
    """An SVG path; a value that stands alone becomes a short dash."""
    width = WIDTH / max(1, len(series))
    parts: list[str] = []
    for place, value in enumerate(series):
        if value is None:
            continue
        y = HEIGHT - (log10(max(value, 0.1)) + 1) * HEIGHT / decades
        x = (place + 0.5) * width
        goes_on = place > 0 and series[place - 1] is not None
        followed = place + 1 < len(series) and series[place + 1] is not None
        parts.append(f"{'L' if goes_on else 'M'}{x:.1f} {y:.1f}")
        if not goes_on and not followed:
            parts.append(f"h{width * 0.4:.1f}")
    return "".join(parts)


def spark(numbers: Sequence[int]) -> str:
    """The path of a line that fits beside a number; flat at the ground where nothing happened."""
    most = max((1, *numbers))
    step = SPARK_WIDTH / max(1, len(numbers) - 1)
    ground = SPARK_HEIGHT - 1
    points = [f"{place * step:.1f} {ground - number * (ground - 1) / most:.1f}" for place, number in enumerate(numbers)]
    return "M" + "L".join(points) if points else f"M0 {ground}H{SPARK_WIDTH}"
