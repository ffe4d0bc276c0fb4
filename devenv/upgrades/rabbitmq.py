"""RabbitMQ: from release to release along the graph that its makers support, all feature flags switched on at each;
or, where the releases between cannot be had, what the old broker says of itself and then all messages, by shovel.

The graph and the flags: services.md §2.5. That definitions may be taken to a new node is the makers' own advice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from devenv.model.resolved import ResolvedService
from devenv.model.upgrade import COPY, NEW, Do, Recipe, Refusal, Route, Server, Step, Way, mounts, start_empty

#: Series -> the series whose server opens its data.
_NEXT: Mapping[str, tuple[str, ...]] = {
    "3.8": ("3.9",),
    "3.9": ("3.10",),
    "3.10": ("3.11",),
    "3.11": ("3.12",),
    "3.12": ("3.13",),
    "3.13": ("4.0", "4.1", "4.2"),
    "4.0": ("4.1", "4.2"),
    "4.1": ("4.2",),
    "4.2": ("4.3",),
}
#: Before 3.8.2 a broker says nothing of itself without its management plugin.
_FIRST = (3, 8)
#: Keys of policies that RabbitMQ 4 refuses: it has no mirrored queues.
_MIRRORS = (
    "ha-mode",
    "ha-params",
    "ha-sync-mode",
    "ha-sync-batch-size",
    "ha-promote-on-shutdown",
    "ha-promote-on-failure",
)
#: Plugins that move messages by themselves. On a workbench nothing moves but what the upgrade moves.
_MOVERS = ("rabbitmq_shovel", "rabbitmq_shovel_management", "rabbitmq_federation", "rabbitmq_federation_management")
#: What is set for them: components of parameters, which hold addresses of other brokers, encrypted by their own node.
_LINKS = ("shovel", "federation-upstream", "federation-upstream-set")
_MOVE = "move"


def routes(old: ResolvedService, new: ResolvedService) -> tuple[Route, ...] | Refusal:
    """Along the graph, else side by side. Nobody here has the releases between, so only the second way is tried."""
    if old.version.release[:2] < _FIRST:
        return Refusal(
            f"data of RabbitMQ {old.version} is too old for any way that devenv knows",
            start_empty(new),
        )
    # An exchange's held back messages, a subscription's retained ones: kept beside the queues.
    retained = "retained messages of MQTT stay behind" if "rabbitmq_mqtt" in _plugins(old) else ""
    beside = Route(Way.SIDE_BY_SIDE, fixed=25, per_gb=120, note=retained)
    path = _path(_series(old), _series(new))
    if path is None:
        return (beside,)
    stops = path[1:-1]
    way = Way.STEPS if stops else Way.IN_PLACE
    return (Route(way, stops, fixed=15 + 12 * len(path), per_gb=20, verified=False), beside)


def _series(service: ResolvedService) -> str:
    return ".".join(str(part) for part in service.version.release[:2])


def _path(start: str, end: str) -> tuple[str, ...] | None:
    """The shortest way through the graph, both ends included; None where there is none."""
    ways: list[tuple[str, ...]] = [(start,)]
    for way in ways:  # grows while it is read
        if way[-1] == end:
            return way
        ways += [(*way, item) for item in _NEXT.get(way[-1], ())]
    return None


def recipe(way: Route, old: ResolvedService, new: ResolvedService, hops: Sequence[ResolvedService]) -> Recipe:
    """One copy that all open in turn, or two servers side by side."""
    return _beside(old, new) if way.way is Way.SIDE_BY_SIDE else _in_turn(old, new, hops)


def _in_turn(old: ResolvedService, new: ResolvedService, hops: Sequence[ResolvedService]) -> Recipe:
    all_servers = [Server("old", _quiet(old), mounts(old, COPY))]
    all_servers += [Server(f"at-{_series(hop).replace('.', '-')}", _quiet(hop), mounts(hop, COPY)) for hop in hops]
    all_servers.append(Server("new", _quiet(new), mounts(new, COPY)))
    values = _values(old, new)
    steps = [Step(Do.COPY, "copy the data")]
    for server, after in zip(all_servers, [*all_servers[1:], all_servers[-1]], strict=True):
        version, name = server.service.version, server.name
        next_major = {"DEVENV_NEXT_MAJOR": str(after.service.version.part(0))}
        steps.append(Step(Do.SERVE, f"start {version} on the copy", name))
        if name == "old":
            steps.append(Step(Do.CENSUS, "count what is there", name, "rabbitmq/census.sh", values))
        steps.append(
            Step(Do.RUN, f"switch on all that {version} can do", name, "rabbitmq/flags.sh", values | next_major)
        )
        if name == "new":
            steps.append(Step(Do.CENSUS, "count again", name, "rabbitmq/census.sh", values))
        steps.append(Step(Do.STOP, f"stop {version}", name))
    return Recipe(tuple(all_servers), tuple(steps), COPY, more=_MORE)


def _beside(old: ResolvedService, new: ResolvedService) -> Recipe:
    values = _values(old, new)
    shared = {"/devenv/move": _MOVE}
    servers = (
        Server("old", _quiet(old), mounts(old, COPY) | shared),
        Server("new", _quiet(new, "rabbitmq_shovel"), mounts(new, NEW) | shared),
    )
    steps = (
        Step(Do.START, f"start {new.version} beside it", "new"),
        Step(Do.COPY, "copy the data"),
        Step(Do.SERVE, f"start {old.version} on the copy", "old"),
        Step(Do.CENSUS, "count what is there", "old", "rabbitmq/census.sh", values),
        Step(Do.RUN, "write down queues, users and policies", "old", "rabbitmq/leave.sh", values),
        Step(Do.SERVE, f"wait for {new.version}", "new"),
        Step(Do.RUN, "move all messages", "new", "rabbitmq/move.sh", values),
        Step(Do.CENSUS, "count again", "new", "rabbitmq/census.sh", values),
        Step(Do.STOP, f"stop {new.version}", "new"),
        Step(Do.STOP, f"stop {old.version}", "old"),
    )
    return Recipe(servers, steps, NEW, (COPY, _MOVE), more=_MORE)


#: What the manifest names is made at the first start.
_MORE = ("user ", "vhost ", "permission ")


def _quiet(service: ResolvedService, *plugins: str) -> ResolvedService:
    """The server as it is, but for plugins that move messages by themselves."""
    kept = [name for name in _plugins(service) if name not in _MOVERS]
    return replace(service, options={**service.options, "plugins": (*kept, *plugins)})


def _plugins(service: ResolvedService) -> tuple[str, ...]:
    named = service.options.get("plugins")
    return named if isinstance(named, tuple) else ()


def _values(old: ResolvedService, new: ResolvedService) -> dict[str, str]:
    """What the scripts are told, as terms of Erlang."""
    mirrors = _MIRRORS if old.version.release < (4,) <= new.version.release else ()
    return {
        "DEVENV_ACCOUNTS": _term(dict.fromkeys([*_accounts(old), *_accounts(new)])),
        "DEVENV_LEFT": _term(mirrors),
        "DEVENV_UNMOVED": _term(_LINKS),
    }


def _accounts(service: ResolvedService) -> tuple[str, ...]:
    users = service.options.get("users")
    return (str(service.options["user"]), *(users if isinstance(users, Mapping) else ()))


def _term(texts: Iterable[str]) -> str:
    """A list of binaries, written byte by byte: whatever a name holds, it cannot end a string."""
    binaries = (",".join(str(byte) for byte in text.encode()) for text in texts)
    return f"[{','.join(f'<<{bytes_}>>' for bytes_ in binaries)}]"
