"""Files of settings: YAML read with care, and written so that reading it again changes nothing."""

from collections.abc import Mapping
from pathlib import Path

import yaml

from shipbell.domain.errors import InvalidFile

MOST_BYTES = 4 * 1024 * 1024
# Of the whole file, with each alias counted as what it stands for.
_MOST_NODES = 200_000
_MOST_DEEP = 32
_MERGE = "tag:yaml.org,2002:merge"


class _Loader(yaml.SafeLoader):
    """YAML without repeated keys, dates, deep nesting or endless aliases.

    Everything is counted while the file is read, before anything is made of it.
    """

    def __init__(self, text: str) -> None:
        """Start with nothing counted."""
        super().__init__(text)
        self._nodes = 0
        self._depth = 0
        # How deep the present collection has reached so far, counted from the top.
        self._reach = 0
        self._sizes: dict[yaml.Node, tuple[int, int]] = {}

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self._depth >= _MOST_DEEP:
            raise InvalidFile(f"The file nests more than {_MOST_DEEP} deep.")
        if self.check_event(yaml.AliasEvent):
            node = super().compose_node(parent, index)
            # One that is not counted yet holds itself.
            nodes, height = self._sizes.get(node, (_MOST_NODES, 0)) if node is not None else (0, 0)
            self._count(nodes, self._depth + height)
            return node
        before, reached = self._nodes, self._reach
        self._depth += 1
        self._reach = self._depth
        self._count(1, self._depth)
        node = super().compose_node(parent, index)
        self._depth -= 1
        if isinstance(node, yaml.MappingNode):
            _check_keys(node)
        if node is not None:
            self._sizes[node] = (self._nodes - before, self._reach - self._depth)
        self._reach = max(reached, self._reach)
        return node

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """What stands in a mapping wins over what is merged in, an earlier merge over a later one.

        PyYAML 6.0.4 lets the innermost value win when a merged mapping merges another.
        """
        given = [pair for pair in node.value if pair[0].tag != _MERGE]
        wanted = [value for key, value in node.value if key.tag == _MERGE]
        if not wanted:
            return
        taken = {_name(key) for key, _ in given}
        merged = []
        for source in [one for value in wanted for one in (value.value if value.id == "sequence" else [value])]:
            if not isinstance(source, yaml.MappingNode):
                raise InvalidFile(f"Only mappings can be merged in with << (line {source.start_mark.line + 1}).")
            self.flatten_mapping(source)
            for pair in source.value:
                if _name(pair[0]) not in taken:
                    taken.add(_name(pair[0]))
                    merged.append(pair)
        node.value = merged + given

    def _count(self, nodes: int, reach: int) -> None:
        self._nodes += nodes
        self._reach = max(self._reach, reach)
        if self._nodes > _MOST_NODES or self._reach > _MOST_DEEP:
            raise InvalidFile("The file grows beyond all bounds when its aliases are followed.")


def _name(key: yaml.Node) -> object:
    return (key.tag, key.value) if isinstance(key, yaml.ScalarNode) else key


def _check_keys(node: yaml.MappingNode) -> None:
    seen: set[str] = set()
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode):
            if key.value in seen:
                line = key.start_mark.line + 1
                raise InvalidFile(f"The key {key.value} stands twice in one place (line {line}).")
            seen.add(key.value)


# Dates stay text: a version such as 2026-11-24 is a name here.
_Loader.yaml_implicit_resolvers = {
    letter: [(tag, shape) for tag, shape in shapes if tag != "tag:yaml.org,2002:timestamp"]
    for letter, shapes in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_file(path: Path) -> Mapping[str, object]:
    """One file as a mapping; raises InvalidFile that names it."""
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise InvalidFile(f"{path} cannot be read ({type(error).__name__}).") from error
    if len(raw) > MOST_BYTES:
        raise InvalidFile(f"{path} is larger than 4 MiB.")
    try:
        loaded = yaml.load(raw.decode("utf-8-sig"), _Loader)  # noqa: S506 - a loader that is safer than SafeLoader
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
    match error:
        case UnicodeDecodeError():
            return f"byte {error.start + 1} is no UTF-8."
        case yaml.reader.ReaderError():
            return f"the character U+{error.character:04X} may not stand there (character {error.position + 1})."
    mark = getattr(error, "problem_mark", None)
    told = getattr(error, "problem", None) or type(error).__name__
    return f"{told} (line {mark.line + 1}, column {mark.column + 1})." if mark else f"{told}."


def files_of(path: Path) -> list[Path]:
    """A file, or every *.yaml and *.yml of a folder in order of name, hidden ones left out.

    Raises InvalidFile when there is none.
    """
    try:
        if not path.is_dir():
            path.stat()
            return [path]
        found = sorted(one for one in path.iterdir() if _is_wanted(one))
    except FileNotFoundError as error:
        raise InvalidFile(f"{path} does not exist.") from error
    except OSError as error:
        raise InvalidFile(f"{path} cannot be read ({type(error).__name__}).") from error
    if not found:
        raise InvalidFile(f"{path} holds no *.yaml file.")
    return found


def _is_wanted(path: Path) -> bool:
    """Whether a folder's file counts; a link that leads nowhere does, so that it is told."""
    return path.suffix.lower() in {".yaml", ".yml"} and not path.name.startswith(".") and not path.is_dir()


def write_yaml(value: object) -> str:
    """YAML in a stable order, as people write it."""
    text: str = yaml.safe_dump(value, allow_unicode=True, sort_keys=False, default_flow_style=None, width=110)
    return text
