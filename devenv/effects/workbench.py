"""Carrying out one service's upgrade on a workbench: containers, volumes and a network of its own beside the project.

Nothing of the project is touched here, and all of it can be thrown away at any moment.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from devenv.census import END, differences
from devenv.effects import copying, http_asked, ready, volumes
from devenv.effects.compose import Stack, remove_volumes, stop_containers
from devenv.effects.containers import execute, inspect
from devenv.effects.engine import containers, docker
from devenv.effects.files import make_folder
from devenv.effects.world import World
from devenv.errors import DevenvError
from devenv.model.probe import Command
from devenv.model.upgrade import COPY, LABEL, Do, Recipe, Server, Step, volume_role

#: Told of each step as it begins and when it is done.
Journal = Callable[[Mapping[str, object]], None]
Told = Callable[[str], None]
#: What the scripts of a folder have in common, before each of them.
_COMMON = "common.sh"
#: Seconds that a server of the workbench gets until it serves: it may have to recover, or to upgrade much.
_PATIENCE = 1800


#: What a script ends with where this way does not work for this data, and another one may.
_OTHER_WAY = 9


class Stopped(DevenvError):
    """Somebody else failed or wants everything to end."""


class WayFailed(DevenvError):
    """This way does not work for this data; another one may."""


@dataclass(slots=True)
class Workbench:
    """What one upgrade needs. ``volumes`` maps roles to names; ``census`` is what must be found ("": what the
    first one finds); ``host`` is where ports are published; ``seconds`` is how long all steps took. ``copying`` is
    called when all is ready for the copy: from then on nobody writes to the source; ``copied`` when it is made."""

    world: World
    name: str
    folder: Path
    stack: Stack
    scripts: Path
    source: Sequence[str]
    host: str
    volumes: Mapping[str, str]
    image: str
    journal: Journal
    told: Told
    over: threading.Event
    notes: list[str] = field(default_factory=list)
    _containers: dict[str, str] = field(default_factory=dict)
    census: str = ""
    seconds: float = 0.0
    copying: Callable[[], object] = lambda: None
    copied: Callable[[], object] = lambda: None

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def carry_out(self, recipe: Recipe) -> None:
        """All steps, each journalled before and after. Raises DevenvError at the first that fails, when nothing is
        under way any more."""
        beside: list[Future[None]] = []
        begun = time.monotonic()
        with ThreadPoolExecutor(1) as pool:
            try:
                for number, step in enumerate(recipe.steps):
                    if step.beside:
                        beside.append(pool.submit(self._one, number, step, recipe))
                        continue
                    self._one(number, step, recipe)
                    while beside:
                        beside.pop(0).result()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        self.seconds = time.monotonic() - begun

    def _one(self, number: int, step: Step, recipe: Recipe) -> None:
        if self.over.is_set():
            raise Stopped("was stopped")
        self.journal({"begin": number, "do": str(step.do)})
        self.told(step.text)
        self.write(f"--- {step.text}")
        self._do(step, recipe)
        self.journal({"done": number, "do": str(step.do)})

    def _do(self, step: Step, recipe: Recipe) -> None:
        server = next((item for item in recipe.servers if item.name == step.server), None)
        if step.do is Do.COPY:
            self._copy()
        elif server is None:
            raise KeyError(step.server)
        elif step.do is Do.START:
            self._start(server)
        elif step.do is Do.SERVE:
            self._serve(server, step)
        elif step.do is Do.STOP:
            self._stop(server)
        else:
            said = self._run(step) if step.script else self._asked(server)
            if step.do is Do.CENSUS:
                self._compare(said, recipe)

    def _copy(self) -> None:
        pairs = {source: self.volumes[volume_role(COPY, index)] for index, source in enumerate(self.source)}
        copy = copying.ready(pairs, images=[self.image], label=f"{LABEL}={self.name}")
        self.copying()
        copy.go()
        self.copied()

    def _start(self, server: Server) -> None:
        self.stack.up([server.name], recreate=True, further=True, told=self.write)
        own = next(c for c in containers(self.world) if c.project == self.stack.project and c.service == server.name)
        self._containers[server.name] = own.id

    def _serve(self, server: Server, step: Step) -> None:
        if server.name not in self._containers:
            self._start(server)
        own = self._containers[server.name]
        question = http_asked.question(self.host, own, server.asked) if server.asked else None
        (outcome,) = ready.wait(
            self.world,
            [ready.Awaited(server.name, own, question)],
            timeout=_PATIENCE,
            then=lambda item, answer: ready.Served(),
            ended=lambda outcome: None,
            stopped=self.over,
        )
        if outcome.failure:
            said = docker("logs", own)
            self.write(said.stdout + said.stderr)
            if _is_full(said.stdout + said.stderr):
                raise _full(step, outcome.log)
            raise DevenvError(f"the server {outcome.failure}", outcome.log)

    def _run(self, step: Step) -> str:
        head = "".join(f"export {name}={_quoted(value)}\n" for name, value in step.values.items())
        script = self.scripts / step.script
        common = script.with_name(_COMMON)
        shared = common.read_text(encoding="utf-8") if common.is_file() else ""
        text = head + shared + script.read_text(encoding="utf-8")
        done = execute(self._containers[step.server], Command(("sh", "-s"), text), timeout=None)
        self.write(done.stderr)
        if step.do is not Do.CENSUS:
            self.write(done.stdout)
            self.notes += [line[6:] for line in done.stdout.splitlines() if line.startswith("note: ")]
        if done.code != 0:
            why = reason(done.stderr or done.stdout) or f"code {done.code}"
            kind = WayFailed if done.code == _OTHER_WAY else DevenvError
            raise _failed(step, why, done.stderr + self._server_says(step), kind)
        return done.stdout

    def _server_says(self, step: Step) -> str:
        """The end of the log of the server that a step asked; that goes away with the workbench."""
        said = docker("logs", "--tail", "50", self._containers[step.server])
        self.write(said.stdout + said.stderr)
        return said.stdout + said.stderr

    def _asked(self, server: Server) -> str:
        assert server.asked  # a census without a script is of such a server
        said = http_asked.get(self.host, self._containers[server.name], server.asked)
        return server.asked.count(said)

    def _compare(self, said: str, recipe: Recipe) -> None:
        if not said.rstrip().endswith(END):
            raise DevenvError("the census broke off")
        first = not self.census
        self.folder.joinpath(f"census-{'before' if first else 'after'}").write_text(said, encoding="utf-8")
        if first:
            self.census = said
            return
        found = differences(self.census, said, more=recipe.more)
        if found:
            shown = "\n".join(f"    {line}" for line in found[:8]) + (
                f"\n    … {len(found)} in all" if found[8:] else ""
            )
            raise WayFailed(f"what is there after the move is not what was there before:\n{shown}")

    def _stop(self, server: Server) -> None:
        identity = self._containers[server.name]
        stop_containers([identity])
        (found,) = inspect(self.world, [identity])
        if found.exit_code not in (*CLEAN, *server.service.kind.ends):
            raise DevenvError(f"the server did not end cleanly: code {found.exit_code}", _tail(identity))

    def write(self, text: str) -> None:
        """Add lines to the log."""
        with contextlib.suppress(OSError):
            make_folder(self.folder, mode=0o700)
            at = dt.datetime.now(dt.UTC).strftime("%H:%M:%S.%f")[:-3]
            with self.log.open("a", encoding="utf-8") as out:
                out.writelines(f"{at} {line}\n" for line in text.splitlines() if line.strip())


#: How servers end that were asked to: by themselves, or by the signal that asked them (SIGTERM, SIGINT).
CLEAN = (0, 130, 143)


def _tail(container: str) -> str:
    from devenv.effects.containers import last_lines

    return last_lines(container)


def reason(said: str) -> str:
    """Why a script failed: what it says itself, else the first line with an error, else its last lines."""
    lines = [line for line in said.strip().splitlines() if line.strip()]
    own = [line.removeprefix("devenv: ") for line in lines if line.startswith("devenv: ")]
    if own:
        return own[-1]
    errors = [line for line in lines if _ERROR.search(line)]
    return errors[0] if errors else " / ".join(lines[-3:])


#: How clients of databases begin what they say of an error.
_ERROR = re.compile(r"\b(?:ERROR|FATAL)\b|\berror:")


def _failed(step: Step, why: str, said: str, kind: type[DevenvError]) -> DevenvError:
    """A step that failed. A full disk is told as that, by whomever it was noticed."""
    return _full(step, why) if _is_full(said) else kind(f"{step.text}: {why}")


def _is_full(said: str) -> bool:
    return "no space left on device" in said.lower()


def _full(step: Step, why: str) -> DevenvError:
    return DevenvError(f"{step.text}: the disk is full", f"make room there, then run it again\n  {why}")


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "'\\''") + "'"


def clear(name: str, scratch: Sequence[str]) -> None:
    """Throw a workbench away: its containers, its network, and the volumes named. What is not there is no error."""
    own = docker("ps", "--all", "--quiet", "--filter", f"label={LABEL}={name}").stdout.split()
    if own:
        docker("rm", "--force", "--volumes", *own, timeout=None)
    docker("network", "rm", f"{name}_default")
    there = set(docker("volume", "ls", "--quiet", "--filter", f"name={name.rpartition('-')[0]}").stdout.split())
    remove_volumes([volume for volume in scratch if volume in there or volumes.exists(volume)])
