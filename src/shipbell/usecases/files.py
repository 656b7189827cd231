"""Files of settings: YAML read with care, and written so that reading it again changes nothing."""

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import yaml

from shipbell.domain.errors import InvalidFile

MOST_BYTES = 4 * 1024 * 1024
_MOST_NODES = 200_000


class _Loader(yaml.SafeLoader):
    """YAML without repeated keys, dates or endless aliases."""

    nodes = 0

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        self.nodes += 1
        if self.nodes > _MOST_NODES:
            raise InvalidFile("The file grows beyond all bounds when its aliases are followed.")
        return super().construct_object(node, deep=deep)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    line = key.start_mark.line + 1
                    raise InvalidFile(f"The key {key.value} stands twice in one place (line {line}).")
                seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


# Dates stay text: a version such as 2026-11-24 is a name here.
_Loader.yaml_implicit_resolvers = {
    letter: [(tag, shape) for tag, shape in shapes if tag != "tag:yaml.org,2002:timestamp"]
    for letter, shapes in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_file(path: Path) -> Mapping[str, object]:
    """One file as a mapping; raises InvalidFile that names it."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InvalidFile(f"{path} cannot be read ({type(error).__name__}).") from error
    if len(raw) > MOST_BYTES:
        raise InvalidFile(f"{path} is larger than 4 MiB.")
    try:
        loaded = yaml.load(raw.decode("utf-8-sig"), _Loader)
    except InvalidFile as error:
        raise InvalidFile(f"{path}: {error.sentence}") from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise InvalidFile(f"{path} is not YAML: {_place(error)}") from error
    if loaded is None:
        return {}
    if not isinstance(loaded, dict) or not all(isinstance(key, str) for key in loaded):
        raise InvalidFile(f"{path} must hold `projects:` with a list.")
    return loaded


def _place(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    told = getattr(error, "problem", None) or type(error).__name__
    return f"{told} (line {mark.line + 1}, column {mark.column + 1})." if mark else f"{told}."


def files_of(path: Path) -> list[Path]:
    """A file, or every *.yaml and *.yml of a folder in order of name; raises InvalidFile when there is none."""
    if path.is_dir():
        found = sorted(one for one in path.iterdir() if one.suffix in {".yaml", ".yml"} and one.is_file())
        if not found:
            raise InvalidFile(f"{path} holds no *.yaml file.")
        return found
    if not path.exists():
        raise InvalidFile(f"{path} does not exist.")
    return [path]


def write_yaml(value: object) -> str:
    """YAML in a stable order, as people write it."""
    text: str = yaml.safe_dump(value, allow_unicode=True, sort_keys=False, default_flow_style=None, width=110)
    return text
