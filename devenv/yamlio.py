"""YAML text: the only user of PyYAML. Reading is safe and refuses a key that stands twice; writing is canonical."""

from __future__ import annotations

from typing import Any

import yaml

Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class YamlError(ValueError):
    """Text that is no YAML; ``line`` is 1-based."""

    def __init__(self, message: str, line: int | None) -> None:
        super().__init__(message)
        self.line = line


def parse(text: str) -> Any:
    """The values of one document. Raises YamlError."""
    try:
        return yaml.load(text, Loader=Loader)  # noqa: S506 - Loader is one of the safe two
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise YamlError(getattr(error, "problem", None) or str(error), mark.line + 1 if mark else None) from error


def _block(dumper: Any, value: str) -> Any:
    style = "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


class _CanonicalDumper(Dumper):  # type: ignore[misc]
    def ignore_aliases(self, data: Any) -> bool:
        return True


_CanonicalDumper.add_representer(str, _block)


def dump(value: Any) -> str:
    """Values as YAML, keys in the order given: the same values always give the same text."""
    text: str = yaml.dump(
        value, Dumper=_CanonicalDumper, sort_keys=False, allow_unicode=True, width=120, default_flow_style=False
    )
    return text
