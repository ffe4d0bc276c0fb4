"""The settings of a service beside those that its server says it runs with."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from devenv.model.kind import SettingsQuestion
from devenv.model.manifest import Setting
from devenv.templating import switch

_SWITCHES = {"on": "1", "true": "1", "yes": "1", "off": "0", "false": "0", "no": "0"}
_NUMBER = re.compile(r"(?P<number>-?\d+(?:\.\d+)?)(?P<unit>[kmgt]?)(?P<bytes>i?b?)")
_POWERS = ("", "k", "m", "g", "t")


def not_in_effect(settings: Mapping[str, Setting], printed: str) -> Iterator[str]:
    """A sentence for each setting that the server has otherwise than the manifest.

    ``printed`` has lines of name, value and, where the configuration did not decide it, what did, with tabs between.
    Texts are compared only in these: servers write the same text in more than one way.
    """
    by_name = {_canonical(name): name for name in settings}
    for line in printed.splitlines():
        name, _, rest = line.partition("\t")
        value, _, decided_by = rest.partition("\t")
        setting = by_name.get(_canonical(name))
        if setting is None:
            continue
        wanted, found = _comparable(settings[setting]), _comparable(value)
        comparable = decided_by or (_is_number(wanted) and _is_number(found))
        if comparable and wanted != found:
            reason = f" ({decided_by})" if decided_by else ""
            yield f"settings.{setting} = {_shown(settings[setting])} is not in effect: the server has {value}{reason}"


def printed_by(rule: SettingsQuestion, answer: str) -> str:
    """What a server answered, as lines of name and value: see ``not_in_effect``. What it does not name is left out."""
    lines = []
    for name, reported in rule.answers.items():
        match = re.search(reported.pattern, answer)
        if match is None:
            continue
        value = match[1] if reported.unit == 1 else f"{int(match[1]) / reported.unit:g}"
        lines.append(f"{name}\t{value}\n")
    return "".join(lines)


def _canonical(name: str) -> str:
    """Servers write a name in more than one way; short flags differ by their case alone."""
    if len(name) == 1:
        return name
    return name.lower().replace("-", "_")


def _shown(value: Setting) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(_shown, value))
    return switch(value, "true", "false")


def _comparable(value: Setting) -> str:
    """Numbers without their units, switches as 1 and 0, texts without quotes and blanks."""
    text = re.sub(r"[\s'\"]", "", _shown(value)).lower()
    match = _NUMBER.fullmatch(text)
    if match is None:
        return _SWITCHES.get(text, text)
    factor = 1024 ** _POWERS.index(match["unit"])
    return f"{float(match['number']) * factor:.15g}"


def _is_number(text: str) -> bool:
    return re.fullmatch(r"-?[\d.]+(e\+\d+)?", text) is not None
