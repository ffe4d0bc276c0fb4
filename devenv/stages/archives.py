"""What an archive of kept data says of itself, checked: it comes from somebody else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from devenv.errors import ManifestError
from devenv.model.kind import Kind
from devenv.model.lock import Lock
from devenv.model.problem import Problem, Where
from devenv.model.resolved import Volume
from devenv.schema.issue import Issue
from devenv.stages.load import build_manifest
from devenv.stages.resolve import resolve

_AGAIN = "have it exported again"
_TEXTS = ("name", "service", "kind", "format", "version")
#: What names a volume must hold nothing else.
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_FOLDER = re.compile(r"(/[A-Za-z0-9_-][A-Za-z0-9_.-]{0,62})+")
_MEMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./-]{0,254}")
_DAY = re.compile(r"\d{4}-\d\d-\d\d(T[0-9:.+Z-]{0,30})?")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
#: More bytes than a disk has.
_LARGEST = 1 << 60
#: How far data was filled, as ``data/seeding.py`` says it.
_SEEDED = ("", "owed", "begun", "done")
#: What a server needs in order to open data, beside the options of its kind. Where it listens is this machine's matter.
_SERVED = ("kind", "version", "variant", "image", "settings")
#: Options whose words are run.
_COMMANDS = ("command", "health")
#: Names of settings that have a server load or run something: loadmodule, shared_preload_libraries, plugin_load_add,
#: archive_command, init_file, load_definitions, include_dir, …
_CODE = re.compile(r"command|executable|include|init_(connect|file)|librar|load_definitions|module|plugin|preload")
#: An absolute path, or one that leads upwards, in a value or in a list of them.
_PLACE = re.compile(r"(^|[\s,:;='\"])(/|\.\./)")


def check_about(about: Mapping[str, Any], sizes: Mapping[str, int], shape: int, file: str) -> list[dict[str, Any]]:
    """The kept copies that an archive says it holds. ``sizes`` are those of its members. Raises ManifestError."""
    entries, writer = about.get("snapshots"), about.get("devenv")
    if not isinstance(about.get("shape"), int) or not isinstance(entries, list) or not _is(_WORD, writer):
        raise ManifestError(f"{file} is no snapshot that devenv exported")
    if about["shape"] > shape:
        raise ManifestError(f"{file} was written by devenv {writer}", "this one is older: upgrade it")
    if not entries:
        raise ManifestError(f"{file} holds no snapshot", _AGAIN)
    issues = [] if _is(_DAY, about.get("at", "1970-01-01")) else [Issue(("at",), "is no date")]
    for index, entry in enumerate(entries):
        issues += [Issue(("snapshots", index, *issue.path), issue.message) for issue in _entry_issues(entry)]
    issues = issues or list(_doubles(entries))
    if issues:
        raise ManifestError([_problem(issue, file) for issue in issues])
    for entry in entries:
        for member in _members(entry):
            if sizes.get(member["file"]) != member["size"]:
                raise ManifestError(f"{file} is damaged: {member['file']} is not whole", _AGAIN)
    return [{"size": None, "served": None, "seeded": ""} | entry for entry in entries]


def _problem(issue: Issue, file: str) -> Problem:
    return Problem(issue.message, issue.hint or _AGAIN, Where(file), issue.key)


def _is(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _is_size(value: object) -> bool:
    return isinstance(value, int) and 0 <= value <= _LARGEST


def _members(entry: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return [entry["dump"]] if "dump" in entry else list(entry["files"].values())


def _entry_issues(entry: Any) -> Iterator[Issue]:
    if not isinstance(entry, dict):
        yield Issue((), "is not a table")
        return
    for key in _TEXTS:
        if not _is(_WORD, entry.get(key)):
            yield Issue((key,), "is not a name of letters, digits, '_', '.' and '-'")
    if entry.get("size") is not None and not _is_size(entry["size"]):
        yield Issue(("size",), "is no number of bytes")
    if entry.get("seeded", "") not in _SEEDED:
        yield Issue(("seeded",), f"is none of {', '.join(filter(None, _SEEDED))}")
    yield from _served_issues(entry.get("served"), entry.get("kind"))
    if "dump" in entry:
        yield from _member_issues(("dump",), entry["dump"])
        return
    files = entry.get("files")
    if not isinstance(files, dict) or not files:
        yield Issue(("files",), "is not a table of folders")
        return
    for folder, member in files.items():
        if not _FOLDER.fullmatch(folder):
            yield Issue(("files",), f"{folder!r} is not the path of a folder")
        yield from _member_issues(("files", folder), member)


def _served_issues(served: Any, kind: Any) -> Iterator[Issue]:
    """What it was last opened by is either not known, or an entry of a manifest and perhaps a digest."""
    if served is None:
        return
    if not isinstance(served, dict) or not isinstance(served.get("entry"), dict):
        yield Issue(("served",), "does not say what the data was last opened by")
        return
    if served["entry"].get("kind") != kind:
        yield Issue(("served", "entry", "kind"), "is another kind than the snapshot's")
    if served.get("digest") is not None and not _is(_DIGEST, served["digest"]):
        yield Issue(("served", "digest"), "is no digest")


def _member_issues(path: tuple[str, ...], member: Any) -> Iterator[Issue]:
    if not _is_member(member):
        yield Issue(path, "is not a file with size and checksum")


def _is_member(member: Any) -> bool:
    if not isinstance(member, dict) or set(member) != {"file", "size", "sha256"}:
        return False
    return _is(_MEMBER, member["file"]) and _is_size(member["size"]) and isinstance(member["sha256"], str)


def _doubles(entries: Sequence[Mapping[str, Any]]) -> Iterator[Issue]:
    """Services of which there is more than one snapshot."""
    seen = set()
    for index, entry in enumerate(entries):
        if entry["service"] in seen:
            yield Issue(("snapshots", index, "service"), f"{entry['service']} is there a second time")
        seen.add(entry["service"])


def checked_entries(
    entries: Sequence[Mapping[str, Any]], own: Mapping[str, Any], kinds: Mapping[str, Kind], file: str
) -> list[dict[str, Any]]:
    """The kept copies, of data as these services would have written it, with no more of the servers that they were last
    opened by than it takes to start those here.

    ``own`` are the services of this manifest, by name. Raises ManifestError for other folders and formats, for servers
    that this manifest could not have, and for images and code that it does not name: an archive does not decide whose
    programs are run. The digest of the image is left out for the same reason: the lock here has one, or the registry.
    """
    issues: list[Issue] = []
    checked = []
    for index, entry in enumerate(entries):
        name, kind = entry["service"], kinds[entry["kind"]]
        found = list(_data_issues(entry, own[name], kind))
        served = entry["served"]
        if served is not None:
            known = {key: value for key, value in served["entry"].items() if key in (*_SERVED, *kind.options)}
            found += _server_issues(name, served["entry"], own[name], kind)
            served = {"entry": known, "digest": None}
        issues += [Issue(("snapshots", index, *issue.path), issue.message, issue.hint) for issue in found]
        checked.append({**entry, "served": served})
    if issues:
        raise ManifestError([_problem(issue, file) for issue in issues])
    return checked


def _data_issues(entry: Mapping[str, Any], own: Mapping[str, Any], kind: Kind) -> Iterator[Issue]:
    """What the service would not have written, had it been of the snapshot's version."""
    volumes = _volumes(entry["service"], own, kind, entry["version"])
    if entry["format"] not in [volume.format for volume in volumes]:
        yield Issue(("format",), f"is not a format of {kind.title} {entry['version']}")
    folders = [volume.path for volume in volumes]
    files = entry.get("files", {})
    for folder in files:
        if folder not in folders:
            yield Issue(("files", folder), f"is not a folder of {entry['service']}'s data")
    if missing := [folder for folder in folders if files and folder not in files]:
        yield Issue(("files",), f"lacks {', '.join(missing)}")


def _volumes(name: str, own: Mapping[str, Any], kind: Kind, version: str) -> tuple[Volume, ...]:
    """The data of a service of this manifest if it had another version."""
    entry = {**own, "version": version} if kind.version_parts else own
    kinds = {kind.name: kind}
    manifest = build_manifest({"project": {"name": "archive"}, "services": {name: entry}}, kinds)
    return resolve(manifest, kinds, Lock({})).services[name].volumes


def _server_issues(name: str, entry: Mapping[str, Any], own: Mapping[str, Any], kind: Kind) -> Iterator[Issue]:
    """What is wrong with one server, which is an entry of somebody's manifest."""
    from devenv.stages.check import service_issues, shape_issues

    document = {"project": {"name": "archive"}, "services": {name: entry}}
    kinds = {kind.name: kind}
    issues = shape_issues(document, kinds, [kind.name])
    if not issues:
        issues = service_issues(build_manifest(document, kinds).services[name], kind)
    for issue in issues:
        yield Issue(("served", "entry", *issue.path[2:]), issue.message)
    if not issues:
        yield from _program_issues(name, entry, own)


def _program_issues(name: str, entry: Mapping[str, Any], own: Mapping[str, Any]) -> Iterator[Issue]:
    """Programs that a server would run and that this manifest does not name."""
    image = entry.get("image")
    if image and image != own.get("image"):
        hint = f'if you trust that image: image = "{image}" in [services.{name}] of devenv.toml; then import it again'
        yield Issue(("served", "entry", "image"), f"{image} is not the image of {name} in devenv.toml", hint)
    for option in _COMMANDS:
        if entry.get(option) and entry[option] != own.get(option):
            hint = f"if you trust it: the same {option} in [services.{name}] of devenv.toml; then import it again"
            yield Issue(("served", "entry", option), f"is not the {option} of {name} in devenv.toml", hint)
    own_settings = own.get("settings", {})
    for setting, value in entry.get("settings", {}).items():
        if _may_run_code(setting, value) and own_settings.get(setting) != value:
            hint = (
                f"if you trust it: the same setting in [services.{name}.settings] of devenv.toml; then import it again"
            )
            message = "may run code from the data, and devenv.toml does not have the same"
            yield Issue(("served", "entry", "settings", setting), message, hint)


def _may_run_code(setting: str, value: object) -> bool:
    """Whether a server may run what lies in its data: the setting is one of those, or names a place of the disk."""
    if _CODE.search(setting.lower().replace("-", "_")):
        return True
    values = value if isinstance(value, list | tuple) else [value]
    return any(isinstance(item, str) and _PLACE.search(item) for item in values)
