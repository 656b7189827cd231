"""Where `python -m shipbell` and the command `shipbell` begin."""

from shipbell.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
