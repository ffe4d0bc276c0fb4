"""Whose is it: marks decide, and without marks the folders that containers were started in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devenv.model.machine import Machine
from devenv.model.observed import Container, Engine, ExistingVolume, Observed
from devenv.stages.ownership import Owner, foreign, holder, of_other_files, other_files_refusal, refusal, roots, stray
from tests.making import resolved

ANN = Owner("a1", "/home/ann/shop")


def volume(owner: str = "", root: str = "", project: str = "shop") -> ExistingVolume:
    return ExistingVolume(f"{project}_db-postgres-15", project, "db", "postgres", "15", "/data", owner, root)


def container(root: str, project: str = "shop", owner: str = "") -> Container:
    return Container("1", f"{project}-db-1", project, "db", "running", root=root, owner=owner)


def seen(*things: ExistingVolume | Container) -> Observed:
    return Observed(
        Engine("27.0.1", "linux/amd64"),
        containers=tuple(item for item in things if isinstance(item, Container)),
        volumes=tuple(item for item in things if isinstance(item, ExistingVolume)),
    )


def names_holder(*things: ExistingVolume | Container, owner: Owner = ANN, absent: tuple[str, ...] = ()) -> str:
    return holder(seen(*things), "shop", owner, absent=absent)


@pytest.mark.parametrize("mark", ["a1", "b2", ""])
def test_own_is_what_bears_an_own_mark_a_claimed_one_or_none(mark: str) -> None:
    owner = Owner("a1", "/home/ann/shop", frozenset({"b2"}))
    assert foreign([volume(mark, "/elsewhere")], "shop", owner) == ()


def test_a_container_with_a_claimed_mark_was_made_since_by_the_other_checkout() -> None:
    own, nobodys, theirs = (container(ANN.root, owner=mark) for mark in ("a1", "", "b2"))
    assert foreign([own, nobodys, theirs], "shop", Owner("a1", ANN.root, frozenset({"b2"}))) == (theirs,)


@pytest.mark.parametrize("theirs", [volume("b2", ANN.root), container(ANN.root, owner="b2")])
def test_another_mark_is_another_checkouts_also_in_the_same_folder(theirs: ExistingVolume | Container) -> None:
    assert foreign([theirs], "shop", ANN) == (theirs,)
    assert foreign([theirs], "shop", Owner("", ANN.root)) == (theirs,)


def test_other_projects_are_nobodys_business() -> None:
    theirs = volume("b2", "/b", "blog"), container("/b", "blog", owner="b2")
    assert foreign(theirs, "shop", ANN) == ()
    assert names_holder(*theirs) == ""


def test_a_name_is_held_by_a_checkout_that_may_still_be_there() -> None:
    assert names_holder(volume("b2", "/home/bob/shop")) == "/home/bob/shop"
    before = Owner("a1", ANN.root, project="shop")
    assert names_holder(container("/home/bob/shop", owner="b2"), owner=before) == "/home/bob/shop"
    assert names_holder(container("/home/bob/shop")) == "/home/bob/shop"


def test_a_name_is_not_held_by_a_checkout_that_is_gone_or_in_this_folder() -> None:
    assert names_holder(volume("b2", "/gone"), container("/gone"), absent=("/gone",)) == ""
    assert names_holder(volume("b2", ANN.root)) == ""


def test_a_compose_project_of_no_checkout_holds_its_name_unless_we_had_it_before() -> None:
    assert names_holder(container("")) == "shop-db-1"
    assert names_holder(container(""), owner=Owner("a1", ANN.root, project="shop")) == ""


def test_data_of_a_compose_project_holds_its_name_unless_devenv_has_data_there() -> None:
    theirs = replace(volume(), name="shop_pgdata", service="", kind="", format="")
    assert names_holder(theirs) == "shop_pgdata"
    assert names_holder(theirs, volume()) == ""
    assert names_holder(theirs, owner=Owner("a1", ANN.root, project="shop")) == ""


def test_containers_from_other_compose_files_are_somebody_elses() -> None:
    theirs = replace(container(""), compose_files=("/home/ann/shop/compose.yaml",))
    worker = replace(theirs, service="worker")
    by_plain_compose = replace(container(ANN.root), compose_files=("/home/ann/shop/.devenv/compose.yaml",))
    beside_another_file = replace(theirs, config="c0ffee")  # docker compose -f compose.yaml -f .devenv/compose.yaml
    by_hand = container("")
    seen = [theirs, worker, by_plain_compose, beside_another_file, by_hand]
    assert of_other_files(seen, "shop", {"db"}) == (theirs,)
    assert of_other_files(seen, "blog", {"db"}) == ()


def test_a_refusal_names_the_compose_files_and_what_to_do() -> None:
    theirs = replace(container(""), compose_files=("/a b/compose.yaml", "/dev.yaml"))
    (problem,) = other_files_refusal([theirs], "shop", ANN)
    assert problem.message == (
        "container shop-db-1: started from /a b/compose.yaml, /dev.yaml, not by devenv, under the same project name shop"
    )
    assert "docker compose -p shop -f '/a b/compose.yaml' -f /dev.yaml down\n" in problem.hint
    assert "devenv up --claim" in problem.hint
    assert "echo COMPOSE_PROJECT_NAME=shop-" in problem.hint


def test_own_containers_and_data_do_not_hold_the_name_against_us() -> None:
    assert names_holder(volume("a1", "/before/it/was/moved"), volume(), container(ANN.root)) == ""


def test_folders_of_all_that_is_seen() -> None:
    assert roots(seen(volume("b2", "/b"), volume(), container("/c"))) == {"/b", "/c"}


def test_a_refusal_names_the_folder_where_the_other_checkout_is_now() -> None:
    (problem,) = refusal([volume("b2", "/old")], "shop", ANN, {"b2": "/new"})
    assert problem.message == "volume shop_db-postgres-15: made by another checkout, in /new"
    assert "devenv up --claim" in problem.hint
    assert "echo COMPOSE_PROJECT_NAME=shop-" in problem.hint


def test_a_refusal_names_containers_where_there_is_no_volume() -> None:
    theirs = container(ANN.root, owner="b2")
    (problem,) = refusal([theirs], "shop", ANN, {})
    assert problem.message == (
        "container shop-db-1: made in this folder with another state folder, or devenv's state was lost"
    )
    (problem,) = refusal([volume("b2", ANN.root), theirs], "shop", ANN, {})
    assert problem.message.startswith("volume shop_db-postgres-15: made in this folder")


def test_a_refusal_in_the_same_folder_speaks_of_the_state_folder() -> None:
    (problem,) = refusal([volume("b2", ANN.root)], "shop", ANN, {})
    assert problem.message == (
        "volume shop_db-postgres-15: made in this folder with another state folder, or devenv's state was lost"
    )


def test_a_refusal_in_the_place_of_a_checkout_that_was_moved() -> None:
    (problem,) = refusal([volume("b2", ANN.root)], "shop", ANN, {"b2": ANN.root})
    assert problem.message == (
        "volume shop_db-postgres-15: made in this folder by another checkout, which is not here any more"
    )
    assert "if it was moved, use another name on this machine: mkdir -p .devenv" in problem.hint


def test_one_problem_for_each_other_checkout() -> None:
    problems = refusal([volume("b2", "/b"), volume("b2", "/b"), volume("c3", "/c")], "shop", ANN, {})
    assert [problem.message.rpartition(" ")[2] for problem in problems] == ["/b", "/c"]
    assert problems[0].message.startswith("volumes shop_db-postgres-15, shop_db-postgres-15: ")


@pytest.mark.parametrize(
    ("root", "data", "reason"),
    [
        (ANN.root, "db-postgres-15-g1", ""),
        (ANN.root, "db-postgres-13", ""),
        (ANN.root, "", ""),
        ("/gone", "db-postgres-15-g1", ""),
        ("/clone", "db-postgres-15-g1", "was started in /clone, another checkout"),
        (ANN.root, "db-postgres-15", "has data db-postgres-15 open, not db-postgres-15-g1"),
    ],
)
def test_a_container_is_used_if_it_serves_this_checkouts_live_data(root: str, data: str, reason: str) -> None:
    service = resolved('[services.db]\nkind = "postgres"\nversion = "15.4"\n').services["db"]
    machine = Machine("shop", ANN.root, {}, generations={service.data: "-g1"})
    assert stray(service, replace(container(root), data=data), machine, {"/clone"}) == reason


def test_a_data_format_with_a_dot_is_no_generation() -> None:
    service = resolved('[services.cache]\nkind = "redis"\nversion = "7.0.15"\n').services["cache"]
    machine = Machine("shop", ANN.root, {}, generations={service.data: "-g2"})
    first = replace(container(ANN.root), data="cache-redis-7.0")
    assert stray(service, first, machine, ()) == "has data cache-redis-7.0 open, not cache-redis-7.0-g2"
