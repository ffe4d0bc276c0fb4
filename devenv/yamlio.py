"""YAML text: the only user of PyYAML. Reading is safe and refuses a key that stands twice; writing is canonical."""

from __future__ import annotations

import functools
from typing import Any


class YamlError(ValueError):
    """Text that is no YAML; ``line`` is 1-based."""

    def __init__(self, message: str, line: int | None) -> None:
        super().__init__(message)
        self.line = line


def parse(text: str) -> Any:
    """The values of one document. Raises YamlError."""
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return yaml.load(text, Loader=loader)  # noqa: S506 - one of the safe two
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise YamlError(getattr(error, "problem", None) or str(error), mark.line + 1 if mark else None) from error


def _block(dumper: Any, value: str) -> Any:
    style = "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


@functools.cache
def _dumper() -> Any:
    import yaml

    fastest: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

    class Canonical(fastest):  # type: ignore[misc]
        def ignore_aliases(self, data: Any) -> bool:
            return True

    Canonical.add_representer(str, _block)
    return Canonical


def dump(value: Any) -> str:
    """Values as YAML, keys in the order given: the same values always give the same text."""
    import yaml

    text: str = yaml.dump(
        value, Dumper=_dumper(), sort_keys=False, allow_unicode=True, width=120, default_flow_style=False
    )
    return text
