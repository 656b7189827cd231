"""Where `python -m shipbell` and the command `shipbell` begin."""

import gc
import signal

# Loading makes a great many objects that stay and next to no garbage: looking for it takes much of a short command.
gc.disable()
# Nothing is begun yet: an interrupt ends the process without a word.
_interrupted = signal.getsignal(signal.SIGINT)
if _interrupted is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from shipbell.cli import main  # noqa: E402 - loaded while nothing is collected

gc.freeze()
gc.enable()
if _interrupted is signal.default_int_handler:
    signal.signal(signal.SIGINT, _interrupted)

__all__ = ["main"]

if __name__ == "__main__":
    main()
