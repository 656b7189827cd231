"""The licence check names every locked distribution whose licence is not on the allow list."""

import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

# Permissive, or (MPL) weak copyleft that stops at the file: what an Apache-2.0 program may stand on.
ALLOWED = frozenset(
    {
        "apache-2.0",
        "bsd-2-clause",
        "bsd-3-clause",
        "cnri-python",
        "isc",
        "mit",
        "mit-0",
        "mpl-2.0",
        "psf-2.0",
    }
)
# How distributions without an SPDX expression say the same.
SPELLINGS = {
    "3-clause bsd license": "bsd-3-clause",
    "apache 2": "apache-2.0",
    "apache 2.0": "apache-2.0",
    "apache software license": "apache-2.0",
    "bsd 2-clause license": "bsd-2-clause",
    "bsd license": "bsd-3-clause",
    "isc license": "isc",
    "isc license (iscl)": "isc",
    "mit license": "mit",
    "mozilla public license 2.0 (mpl 2.0)": "mpl-2.0",
    "python software foundation license": "psf-2.0",
}
# Distributions that say nothing of their licence but carry it as a file, with what was read there.
READ = {
    "axe-playwright-python": "MIT AND MPL-2.0",  # the wrapper, and the axe.min.js in it
}

_PINNED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a distribution says of its licence, in the three places where it may."""

    expression: str = ""
    field: str = ""
    classifiers: tuple[str, ...] = ()


def said_by(name: str) -> Said:
    """Read an installed distribution; raises PackageNotFoundError for one of another platform."""
    about = metadata(name)
    return Said(
        expression=about["License-Expression"] or "",
        field=(about["License"] or "").strip(),
        classifiers=tuple(about.get_all("Classifier") or ()),
    )


def pinned(lock: str) -> tuple[str, ...]:
    """The distributions that a lock names."""
    return tuple(dict.fromkeys(_PINNED.findall(lock)))


def licence(said: Said) -> str:
    """What a distribution's licence is: the SPDX expression, else the one-line field, else the classifiers."""
    if said.expression:
        return said.expression
    if said.field and "\n" not in said.field:
        return said.field
    named = [one.rsplit(" :: ", 1)[-1] for one in said.classifiers if one.startswith("License :: OSI")]
    return " OR ".join(named) or "unknown"


def allowed(expression: str) -> bool:
    """Whether one choice of an OR consists of allowed licences alone."""
    choices = re.split(r"\s+OR\s+", expression)
    return any(all(_known(part) for part in re.split(r"\s+AND\s+", choice)) for choice in choices)


def _known(name: str) -> bool:
    plain = name.strip().lower()
    return SPELLINGS.get(plain, plain.strip("()")) in ALLOWED


def judge(names: Sequence[str], read: Callable[[str], Said]) -> list[str]:
    """A sentence for each distribution that may not be used; those for other platforms are passed over."""
    said: list[str] = []
    for name in names:
        try:
            found = licence(read(name))
        except PackageNotFoundError:
            continue
        if not allowed(READ.get(name, found) if found == "unknown" else found):
            said.append(f"{name}: licence {found!r} is not on the allow list of tools/licences.py")
    return said


def main(lock: Path) -> int:
    """Print what may not be used; 1 when there is anything."""
    names = pinned(lock.read_text("utf-8"))
    said = judge(names, said_by)
    for sentence in said:
        print(sentence)
    print("licences: " + (f"{len(said)} to look at" if said else f"{len(names)} distributions, all allowed"))
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main(Path(__file__).parent.parent / "requirements" / "dev-lock.txt"))
