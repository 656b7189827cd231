"""The console's words in other languages: gettext catalogues, read once; English is the key."""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from io import BytesIO

from babel.messages.pofile import read_po

_FOLDERS = {"zh-CN": "zh_CN"}


def _read(folder: str) -> Mapping[str, str]:
    """Every translated message of a language; of a plural its one Chinese form."""
    words: dict[str, str] = {}
    for file in sorted((files("shipbell.i18n") / folder).iterdir(), key=lambda one: one.name):
        if not file.name.endswith(".po"):
            continue
        for message in read_po(BytesIO(file.read_bytes()), locale=folder):
            said = _first(message.string)
            key = _first(message.id)
            if key and said:
                words[key] = said
    return words


def _first(text: str | Sequence[str] | None) -> str:
    return (text if isinstance(text, str) else text[0]) if text else ""


@cache
def known(language: str) -> Mapping[str, str]:
    """All translated messages of a language by their English; read when first asked for."""
    return _read(_FOLDERS[language]) if language in _FOLDERS else {}


def translate(language: str, english: str, plural: str | None = None, count: int = 1) -> str:
    """A message in a language, English where it has no translation; Chinese knows no plural."""
    said = known(language).get(english)
    if said is not None:
        return said
    return english if plural is None or count == 1 else plural
