"""Surprises: what nobody foresaw, told in one line of the log."""

from traceback import walk_tb

_OURS = __name__.partition(".")[0]
_MOST_PLACES = 5


def surprise(error: BaseException | None) -> dict[str, object]:
    """What a line of the log tells of an error: its type, and the places in our code that it went through.

    The innermost place is the first, and five are told at most. What the error says is left out: it may quote a secret.
    """
    if error is None:
        return {"error": None}
    told: dict[str, object] = {"error": type(error).__name__, "at": _places(error)}
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        told["cause"] = type(cause).__name__
    return told


def _places(error: BaseException) -> list[str]:
    told = [
        f"{frame.f_globals.get('__name__')}:{line} {frame.f_code.co_qualname}"
        for frame, line in walk_tb(error.__traceback__)
    ]
    ours = [place for place in told if place.startswith((f"{_OURS}.", f"{_OURS}:"))]
    # Where none of it is ours, the place where it came about is better than none.
    return (ours or told[-1:])[: -_MOST_PLACES - 1 : -1]
