"""Replicas and members of clusters -> one fact for each primary."""

from __future__ import annotations

from dataclasses import replace

from devenv.model.fact import Evidence, Precision, Status
from devenv.stages.fold import folded
from tests.stages.test_bring_together import fact


def test_members_fold_into_their_primary() -> None:
    primary = fact(version="", name="cluster")
    members = [fact(name=f"node-{n}", part_of="cluster", settings={"jit": "off"}) for n in (1, 2)]
    names = ("a_postgres.node-1", "node-1", "a_postgres.node-2", "node-2")
    assert folded([*members, primary]) == (
        replace(
            primary,
            version="15.4",
            precision=Precision.PATCH,
            status=Status.ACTUAL,
            settings={"jit": "off"},
            setting_evidence={"jit": replace(members[0].evidence, attribute="jit")},
            members=names,
        ),
    )
    assert [(item.name, item.members) for item in folded(members)] == [("cluster", names)]


def test_a_cluster_on_its_way() -> None:
    primary, member = fact(name="cluster"), fact(name="node", part_of="cluster", version="15.5")
    (whole,) = folded([primary, member])
    assert (whole.version, whole.note) == ("15.4", "node runs 15.5: it is on its way from one version to another")


def test_members_of_members() -> None:
    """A cluster that spans regions has clusters, and these have instances; in whichever order they come."""
    all_of_them = [
        fact(name="world"),
        fact(name="region", part_of="world"),
        fact(name="node", part_of="region", settings={"jit": "off"}),
    ]
    for facts in (all_of_them, all_of_them[::-1], all_of_them[1:]):
        (whole,) = folded(facts)
        assert (whole.name, whole.version, whole.settings) == ("world", "15.4", {"jit": "off"})
        assert {"region", "node", "a_postgres.node"} <= set(whole.members)


def test_two_that_are_part_of_one_another() -> None:
    one, other = fact(name="one", part_of="other"), fact(name="other", part_of="one")
    assert len(folded([one, other])) in (1, 2)


def test_a_setting_keeps_its_evidence_on_the_way_up() -> None:
    group = Evidence("terraform-state", "prod.tfstate", "aws_db_parameter_group.g")
    member = fact(name="node", part_of="cluster", settings={"jit": "off"}, setting_evidence={"jit": group})
    (whole,) = folded([fact(name="cluster"), member])
    assert whole.evidence_of("jit") == replace(group, attribute="jit")
