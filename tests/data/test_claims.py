"""Data that is taken over, where nobody remembers which generation of it was live."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from devenv.data.pointing import point
from devenv.errors import Refused
from devenv.model.observed import Container, Observed
from devenv.stages.pointers import guard_undecided
from devenv.standing import claim, narrowed
from tests.data.checkout import Checkout

HINT = """\
devenv snapshot list   shows all of them
  devenv snapshot restore NAME cache   makes a copy of one the live data
  devenv up --fresh cache   start empty; all of them are kept"""


class Strange:
    """A checkout beside data that another one made: two generations, the second one live."""

    def __init__(self, root: Path) -> None:
        self.checkout = Checkout(root)
        self.checkout.store.take_over(())
        for end in ("", "-g2"):
            name = f"shop_{self.checkout.service.data}{end}"
            self.checkout.make(name, self.checkout.service, [])
            self.checkout.stamps[name] = replace(self.checkout.stamps[name], owner="another", root=str(root))

    def engine(self, *containers: Container) -> Observed:
        _, observed = self.checkout.look()
        return replace(observed, containers=containers)


def test_the_container_says_it(tmp_path: Path) -> None:
    strange = Strange(tmp_path)
    data = strange.checkout.service.data
    container = Container("1", "shop-cache-1", "shop", "cache", "running", data=f"{data}-g2", root=str(tmp_path))
    everything = strange.engine(container)
    machine, _ = narrowed(strange.checkout.project, everything, claiming=True)  # as 'up --claim --dry-run' does
    assert machine.generations == {data: "-g2"}
    assert claim(strange.checkout.project, everything) == [f"shop_{data}", f"shop_{data}-g2"]
    machine, observed = narrowed(strange.checkout.project, everything)
    assert machine.generations == {data: "-g2"}
    assert [(item.name, list(item.volumes.values())) for item in observed.snapshots] == [
        ("cache-7.0", [f"shop_{data}"]),
    ]
    guard_undecided([strange.checkout.service], observed, machine)


def test_nobody_says_it(tmp_path: Path) -> None:
    strange = Strange(tmp_path)
    service = strange.checkout.service
    machine, observed = narrowed(strange.checkout.project, strange.engine(), claiming=True)
    with pytest.raises(Refused, match=f"shop_{service.data}, shop_{service.data}-g2"):  # in a dry run
        guard_undecided([service], observed, machine)
    with pytest.raises(Refused) as refused:
        claim(strange.checkout.project, strange.engine())
    (problem,) = refused.value.problems
    assert problem.message == "cache: which of these was its live data is not known any more: cache-7.0, cache-7.0-g2"
    assert problem.hint == HINT
    assert refused.value.changed == "the data is taken over"

    machine, observed = narrowed(strange.checkout.project, strange.engine())
    with pytest.raises(Refused):
        guard_undecided([service], observed, machine)
    assert not observed.resumed, "no generation is opened before somebody chooses one"
    point(strange.checkout.store, [], {service.data: "-g3"})  # as 'snapshot restore' does
    machine, observed = narrowed(strange.checkout.project, strange.engine())
    guard_undecided([service], observed, machine)
    assert machine.generations == {service.data: "-g3"}
    assert len(observed.snapshots) == 2
