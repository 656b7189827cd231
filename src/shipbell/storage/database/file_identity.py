"""Where the database lies: whether its path still leads to the file that is open."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from shipbell.domain.errors import DatabaseUnusable

_EVERY_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A file by its path, and by its device and number, which stay when it is moved or removed."""

    path: Path
    device: int
    number: int

    @classmethod
    def of(cls, path: Path) -> Self:
        """The place of a file that was just opened."""
        found = path.stat()
        return cls(path=path, device=found.st_dev, number=found.st_ino)

    def moved(self) -> DatabaseUnusable | None:
        """What to say when another file, or none, lies there now; None as long as all is well."""
        try:
            found = self.path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return self._told()
        except OSError:
            # Writing will tell.
            return None
        return None if (found.st_dev, found.st_ino) == (self.device, self.number) else self._told()

    async def run(self) -> None:
        """Look until cancelled; raises DatabaseUnusable once the file is another: what is written now, nobody finds."""
        while True:
            if (error := self.moved()) is not None:
                raise error
            await asyncio.sleep(_EVERY_SECONDS)

    def _told(self) -> DatabaseUnusable:
        return DatabaseUnusable(
            f"{self.path} was moved, removed or replaced while the server works on it, so the server ends:"
            " put the right file there and start it again."
        )
