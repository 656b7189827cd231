"""Charts: numbers become shapes that keep their proportions."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipbell.web.console.frame.chart_svg import HEIGHT, WIDTH, logarithmic, spark, stacked

SLOTS = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), min_size=1, max_size=40)


@given(SLOTS)
def test_no_bar_leaves_the_plot_and_pieces_stand_on_each_other(slots: list[tuple[int, int]]) -> None:
    drawing = stacked(slots, ("low", "high"))
    for bar in drawing.bars:
        assert 0 <= bar.x < bar.x + bar.width <= WIDTH + 0.1
        assert -0.1 <= bar.y <= bar.y + bar.height <= HEIGHT + 0.2
    for one, other in pairwise(drawing.bars):
        if one.x == other.x:
            assert other.y + other.height == pytest.approx(one.y, abs=0.2)


@pytest.mark.parametrize(
    ("most", "top"), [(0, "4"), (3, "4"), (5, "8"), (9, "20"), (88, "200"), (104, "200"), (4_000, "4,000")]
)
def test_the_axis_ends_at_a_round_number_above_the_highest_bar(most: int, top: str) -> None:
    assert stacked([(most,)], ("low",)).labels[0] == top


def test_nothing_is_drawn_for_nothing() -> None:
    assert stacked([(0, 0), (0, 0)], ("low", "high")).bars == ()
    assert logarithmic((("l-1", [None, None]),)).paths == (("l-1", ""),)


def test_a_line_breaks_where_nothing_is_known() -> None:
    ((_, path),) = logarithmic((("l-1", [1.0, 1.0, None, 1.0]),)).paths
    assert path.count("M") == 2
    assert path.count("L") == 1
    # The value that stands alone is a short dash, so that it is seen.
    assert path.count("h") == 1


@given(st.lists(st.one_of(st.none(), st.floats(0, 10**6)), min_size=1, max_size=40))
def test_no_line_leaves_the_plot(series: list[float | None]) -> None:
    drawing = logarithmic((("l-1", series),))
    for part in drawing.paths[0][1].replace("M", " ").replace("L", " ").split():
        assert -0.1 <= float(part.split("h")[0]) <= WIDTH + 0.1
    assert drawing.labels[-1] == "0.1"


def test_a_spark_reaches_the_top_at_its_most_and_the_ground_at_nothing() -> None:
    assert spark([0, 4, 2]) == "M0.0 23.0L48.0 1.0L96.0 12.0"
    assert spark([]) == "M0 23H96"
