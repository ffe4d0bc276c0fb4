"""What Redis, Valkey, memcached, search engines and ClickHouse answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from devenv.document import items, table, text_at
from devenv.sources.live_told import Told, without_defaults
from devenv.sources.settings_text import flat

#: What a server without any configuration has; two of them changed with a release.
_REDIS_DEFAULTS = {
    "maxmemory-policy": ("noeviction",),
    "appendonly": ("no",),
    "save": ("3600 1 300 100 60 10000", "900 1 300 10 60 10000"),
    "databases": ("16",),
    "cluster-enabled": ("no",),
    "timeout": ("0",),
    "lua-time-limit": ("5000",),
    "busy-reply-threshold": ("5000",),
}
_YES_OR_NO = {"1": "yes", "0": "no"}
#: Names of INFO for what CONFIG GET calls otherwise.
_OF_INFO = {"maxmemory_policy": "maxmemory-policy", "aof_enabled": "appendonly", "cluster_enabled": "cluster-enabled"}
_KEPT = "the server keeps its settings to itself (CONFIG GET): only those that INFO tells are known"
#: Since then modules are part of the server itself.
_REDIS_WITH_MODULES = 8
#: Modules of the server itself by another name: Valkey's scripts, since 9.1.
_OWN_MODULES = frozenset(["", "lua"])
_MEMCACHED_DEFAULTS = {"max_item_size": ("1048576",)}
_OPENSEARCH_LAST_SERIES = 4
_IN_DISGUISE = "OpenSearch says Elasticsearch's version (override_main_response_version): its own is not told"


def redis(answers: Mapping[str, Any]) -> Told:
    """Valkey says ``redis_version`` too, which is the one it is compatible with."""
    info = table(answers.get("info"))
    if "sentinel" in (text_at(info, "redis_mode"), text_at(info, "server_mode")):
        return Told("", nothing="is a Sentinel: give the address of a server that it watches")
    kind, attribute = _redis_kind(info)
    version = text_at(info, attribute)
    config = answers.get("config")
    settings = _redis_settings(info, config)
    remarks = [] if isinstance(config, dict) else [_KEPT]
    modules = {text_at(module, 0) for module in items(answers.get("modules"))} - _OWN_MODULES
    if modules and not (kind == "redis" and _major(version) >= _REDIS_WITH_MODULES):
        remarks.append(f"it has modules that its plain image has not: {', '.join(sorted(modules))}")
    return Told(
        kind,
        version.removeprefix("df-v"),
        f"INFO {attribute}",
        settings=without_defaults(settings, _REDIS_DEFAULTS),
        remarks=tuple(remarks),
    )


def _redis_kind(info: Mapping[str, Any]) -> tuple[str, str]:
    """(kind, line of INFO with its version)"""
    if text_at(info, "dragonfly_version"):
        return "dragonfly", "dragonfly_version"
    if text_at(info, "server_name") == "valkey" or text_at(info, "valkey_version"):
        return "valkey", "valkey_version"
    if text_at(info, "executable").startswith("keydb"):
        return "keydb", "redis_version"
    return "redis", "redis_version"


def _redis_settings(info: Mapping[str, Any], config: Any) -> dict[str, str]:
    if not isinstance(config, dict):
        told = {name: text_at(info, line) for line, name in _OF_INFO.items()}
        return {name: _YES_OR_NO.get(value, value) for name, value in told.items()}
    settings = {str(name): text_at(config, name) for name in config if isinstance(name, str)}
    if settings.get("save") == "":
        settings["save"] = '""'  # as redis.conf has it: never
    if "busy-reply-threshold" in settings:
        settings.pop("lua-time-limit", None)  # the same by its old name
    return settings


def _major(version: str) -> int:
    head = version.partition(".")[0]
    return int(head[:9]) if head.isdecimal() else 0


def memcached(answers: Mapping[str, Any]) -> Told:
    """``item_size_max`` is the option ``max-item-size``."""
    size = {"max_item_size": text_at(answers, "settings", "item_size_max")}
    settings = without_defaults(size, _MEMCACHED_DEFAULTS)
    return Told("memcached", text_at(answers, "version"), "version", settings=settings)


def search(answers: Mapping[str, Any]) -> Told:
    """OpenSearch says that it is that; Elasticsearch never has."""
    kind = "opensearch" if text_at(answers, "distribution") == "opensearch" else "elasticsearch"
    version = text_at(answers, "number")
    disguised = kind == "opensearch" and _major(version) > _OPENSEARCH_LAST_SERIES
    cluster = table(answers.get("settings"))
    plugins = answers.get("plugins")
    return Told(
        kind,
        "" if disguised else version,
        "version.number",
        settings={**dict(flat(cluster.get("persistent"))), **dict(flat(cluster.get("transient")))},
        plugins=tuple(sorted({str(name) for name in plugins})) if isinstance(plugins, list) else None,
        note=_IN_DISGUISE if disguised else "",
    )


def clickhouse(answers: Mapping[str, Any]) -> Told:
    return Told("clickhouse", text_at(answers, "version"), "version()")
