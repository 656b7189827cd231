"""Merge patch: a JSON object changed by another (RFC 7396)."""

from collections.abc import Mapping


def merged(target: object, patch: object) -> object:
    """The target with the members of the patch; null takes one out, objects are merged, all else is replaced."""
    if not isinstance(patch, Mapping):
        return patch
    result: dict[str, object] = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


def merged_object(target: Mapping[str, object], patch: Mapping[str, object]) -> Mapping[str, object]:
    """The same for two objects."""
    result = merged(target, patch)
    return result if isinstance(result, dict) else {}
