"""Where `python -m shipbell` and the command `shipbell` begin."""

import gc

# Loading makes a great many objects that stay and next to no garbage: looking for it takes a third of a short command.
gc.disable()

from shipbell.cli import main  # noqa: E402 - loaded while nothing is collected

gc.freeze()
gc.enable()

__all__ = ["main"]

if __name__ == "__main__":
    main()
