"""What devenv remembers: through crashes, beside another devenv, of several checkouts."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from devenv.effects.store import Store, checkouts, owners, state_folder
from devenv.errors import DevenvError, Refused
from tests.making import tree


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "state", checkout(tmp_path, "shop"))


def checkout(folder: Path, name: str) -> Path:
    return tree(folder / name, {"devenv.toml": ""})


def test_memory(store: Store) -> None:
    assert store.read("applied") == {}
    store.write("applied", {"db": {"version": "15"}})
    assert store.read("applied") == {"db": {"version": "15"}}
    assert (store.folder.stat().st_mode & 0o777, (store.folder / "applied.json").stat().st_mode & 0o777) == (
        0o700,
        0o600,
    )


#: What is no record: no JSON, another type, another shape, bytes that are no text.
DAMAGE = {
    "applied": (
        b"",
        b"{",
        b"[1]",
        b"null",
        b"\x00",
        b"\xff",
        b'{"cache": 3}',
        b'{"cache": {"version": 15}}',
        b"[" * 9999,
    ),
    "snapshots": (b"garbage", b'{"snapshots": 3}', b'{"snapshots": [{"name": "gold"}]}', b'{"snapshots": [[]]}'),
    "seeded": (b'{"volume": []}', b'{"format": 1, "value": {"volume": null}}', b'{"format": "x", "value": {}}'),
    "history/000001": (b"{}", b'{"number": 1, "at": "", "verb": "up", "changes": 3}'),
}


@pytest.mark.parametrize(("name", "damage"), [(name, text) for name, texts in DAMAGE.items() for text in texts])
def test_a_damaged_record_is_reported_and_kept(store: Store, name: str, damage: bytes) -> None:
    told: list[str] = []
    own = Store(store.state, store.root, told.append)
    path = own.folder / f"{name}.json"
    for number in (1, 2):  # the second does not take the place of the first
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(damage)
        assert own.read(name) == {}
        assert not path.exists()
        assert path.with_name(f"{path.stem}.damaged-{number}").read_bytes() == damage
        assert told[-1].startswith(f"{path} is damaged and kept as {path.stem}.damaged-{number}: ")
    assert own.read(name) == {}
    assert len(told) == 2


def test_a_record_that_may_not_be_read_is_not_taken_for_lost(store: Store) -> None:
    store.write("applied", {"db": {"version": "15"}})
    (store.folder / "generations.json").mkdir()
    (store.folder / "journal.jsonl").mkdir()
    for read in (lambda: store.read("generations"), store.unfinished):
        with pytest.raises(DevenvError, match="cannot be read: Is a directory"):
            read()


def test_a_state_folder_that_may_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "projects").symlink_to("projects")
    with pytest.raises(DevenvError, match=r"state/projects cannot be read: Too many levels"):
        owners(tmp_path / "state")


def test_records_of_before_are_read(store: Store) -> None:
    tree(store.folder, {"applied.json": '{"db": {"version": "15"}}'})
    assert store.read("applied") == {"db": {"version": "15"}}


def test_a_record_of_a_newer_devenv_is_refused(store: Store) -> None:
    text = '{"format": 2, "value": {"db": 15}}'
    tree(store.folder, {"applied.json": text})
    with pytest.raises(Refused, match=r"applied\.json was written by a newer devenv"):
        store.read("applied")
    assert (store.folder / "applied.json").read_text() == text


def test_the_journal_of_a_run_that_did_not_end(store: Store) -> None:
    assert store.unfinished() == []
    store.journal({"verb": "up"})
    begun = {"begin": ["pull"], "subjects": ["db"]}
    store.journal(begun)
    with (store.folder / "journal.jsonl").open("a") as out:
        out.write('{"done": ["pu')  # the power failed
    assert store.unfinished() == [{"verb": "up"}, begun]
    store.clear_journal()
    store.clear_journal()
    assert store.unfinished() == []


def test_two_checkouts_have_two_memories(tmp_path: Path) -> None:
    one, other = (Store(tmp_path / "state", checkout(tmp_path, name)) for name in ("one", "other"))
    one.write("applied", {"db": {}})
    assert other.read("applied") == {}


def test_one_waits_for_the_other_and_says_for_whom(store: Store) -> None:
    told: list[str] = []
    asked, events = threading.Event(), []

    def second() -> None:
        with store.locked("down", waiting=lambda holder: (told.append(holder), asked.set())[0]):
            events.append("second")

    with store.locked("up", waiting=told.append):
        waiter = threading.Thread(target=second)
        waiter.start()
        assert asked.wait(60)
        events.append("first")
    waiter.join(60)
    assert (told, events) == ([f"devenv up (process {os.getpid()})"], ["first", "second"])


@pytest.mark.usefixtures("programs")
def test_a_lock_ends_with_whoever_has_it(store: Store) -> None:
    hold = (
        "import sys, time; from pathlib import Path; from devenv.effects.store import Store\n"
        "with Store(Path(sys.argv[1]), Path(sys.argv[2])).locked('up', waiting=print):\n"
        "    print('held', flush=True); time.sleep(600)\n"
    )
    command = [sys.executable, "-c", hold, str(store.state), str(store.root)]
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout
        assert child.stdout.readline() == "held\n"
        waited: list[str] = []
        child.send_signal(signal.SIGKILL)
        with store.locked("up", waiting=waited.append):
            assert waited in ([], [f"devenv up (process {child.pid})"])


def test_a_name_belongs_to_the_first_that_takes_it(tmp_path: Path) -> None:
    one, other = (Store(tmp_path / "state", checkout(tmp_path, name)) for name in ("one", "other"))
    assert one.claim("shop")
    assert one.claim("shop")
    assert not other.claim("shop")
    assert other.claim("shop-2")
    assert checkouts(tmp_path / "state") == {str(one.root): "shop", str(other.root): "shop-2"}
    (one.root / "devenv.toml").unlink()
    assert other.claim("shop")
    assert checkouts(tmp_path / "state") == {str(other.root): "shop"}


def identity(store: Store) -> str:
    return str(store.read("owner")["id"])


def owner(store: Store) -> tuple[str, str, list[str]]:
    record = store.read("owner")
    return record["id"], record["root"], record["claimed"]


def test_whoever_holds_a_checkout_has_an_id_that_stays(tmp_path: Path) -> None:
    one, other = (Store(tmp_path / "state", checkout(tmp_path, name)) for name in ("one", "other"))
    assert one.read("owner") == {}
    found = []
    for store in (one, one, other):
        with store.locked("up", waiting=print):
            found.append(identity(store))
    assert found[0] == found[1] != found[2]
    assert owners(tmp_path / "state") == {found[0]: str(one.root), found[2]: str(other.root)}


def test_data_that_was_taken_over(store: Store) -> None:
    store.take_over(["b2"])
    before = identity(store)
    store.take_over(["c3", "b2"])
    with store.locked("up", waiting=print):
        assert owner(store) == (before, str(store.root), ["b2", "c3"])


def test_memory_follows_a_checkout_that_was_moved(store: Store, tmp_path: Path) -> None:
    store.take_over(["b2"])
    store.write("generations", {"db-postgres-15": "-g2"})
    known = identity(store)
    moved = Store(store.state, store.root.rename(tmp_path / "moved"))
    assert not moved.follow("nobody's")
    assert moved.follow(known)
    assert moved.read("generations") == {"db-postgres-15": "-g2"}
    assert owner(moved) == (known, str(moved.root), ["b2"])
    assert store.read("generations") == {}  # a new checkout at the old place begins with nothing
    assert not moved.follow(known)


def test_memory_of_an_earlier_checkout_at_the_same_place_is_kept_aside(store: Store, tmp_path: Path) -> None:
    store.take_over([])
    there = Store(store.state, tmp_path / "there")
    there.write("generations", {"cache-redis-7": "-g3"})
    store.root.rename(there.root)
    assert there.follow(identity(store))
    assert there.read("generations") == {}
    assert len(list((store.state / "former").glob("*/generations.json"))) == 1


def test_memory_stays_with_a_checkout_that_is_still_there(store: Store, tmp_path: Path) -> None:
    store.take_over([])
    copy = Store(store.state, checkout(tmp_path, "copy"))
    assert not copy.follow(identity(store))
    (store.root / "devenv.toml").unlink()  # another branch
    assert not copy.follow(identity(store))
    assert copy.read("owner") == {}


def with_identity(store: Store) -> None:
    """Have ``.devenv/.env`` say the checkout's id, as 'devenv up' does."""
    tree(store.root, {".devenv/.env": f"COMPOSE_PROJECT_NAME=shop\nDEVENV_OWNER={identity(store)}\n"})


def here(store: Store) -> Store:
    """The memory as a command finds it."""
    found = Store(store.state, store.root)
    found.settle()
    return found


@pytest.mark.parametrize("first", ["clone", "moved"])
def test_a_clone_at_the_place_of_a_moved_checkout_has_a_memory_of_its_own(
    store: Store, tmp_path: Path, first: str
) -> None:
    store.take_over([])
    store.write("generations", {"db-postgres-15": "-g2"})
    store.remember_root("shop")
    with_identity(store)
    known = identity(store)
    places = {"moved": store.root.rename(tmp_path / "moved"), "clone": checkout(tmp_path, "shop")}
    for name in (first, *(places.keys() - {first})):
        found = here(Store(store.state, places[name]))
        assert found.read("generations") == ({"db-postgres-15": "-g2"} if name == "moved" else {})
    assert owners(store.state) == {known: str(places["moved"])}
    assert checkouts(store.state) == {str(places["moved"]): "shop"}


def test_two_checkouts_that_changed_places_keep_their_memories(store: Store, tmp_path: Path) -> None:
    other = Store(store.state, checkout(tmp_path, "other"))
    for number, one in enumerate((store, other)):
        one.take_over([])
        one.write("generations", {"db-postgres-15": f"-g{number}"})
        with_identity(one)
    store.root.rename(tmp_path / "between")
    other.root.rename(store.root)
    (tmp_path / "between").rename(other.root)
    assert here(store).read("generations") == {"db-postgres-15": "-g1"}
    assert here(other).read("generations") == {"db-postgres-15": "-g0"}


def test_a_checkout_without_its_own_file_is_still_the_same(store: Store, tmp_path: Path) -> None:
    store.take_over([])
    known = identity(store)  # 'git clean -fdx' removed .devenv/.env
    copy = Store(store.state, checkout(tmp_path, "copy"))
    tree(copy.root, {".devenv/.env": f"DEVENV_OWNER={known}\n"})
    assert here(copy).read("owner") == {}
    assert identity(here(store)) == known


def test_a_checkout_that_came_back_from_a_backup_is_still_the_same(store: Store, tmp_path: Path) -> None:
    store.take_over([])
    with_identity(store)
    shutil.copytree(store.root, tmp_path / "backup")
    store.root.rename(tmp_path / "removed")
    (tmp_path / "backup").rename(store.root)
    assert identity(here(store)) == identity(store)


def test_a_clone_that_took_the_data_over_has_the_memory(store: Store, tmp_path: Path) -> None:
    store.take_over([])
    store.write("generations", {"db-postgres-15": "-g2"})
    known = identity(store)
    store.root.rename(tmp_path / "moved")
    clone = here(Store(store.state, checkout(tmp_path, "shop")))
    assert clone.follow(known)  # as 'up --claim' does
    assert here(clone).read("generations") == {"db-postgres-15": "-g2"}


def test_of_many_that_take_a_name_at_once_one_gets_it(tmp_path: Path) -> None:
    stores = [Store(tmp_path / "state", checkout(tmp_path, f"number-{number}")) for number in range(8)]
    got: list[bool] = []
    threads = [threading.Thread(target=lambda store=store: got.append(store.claim("shop"))) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(got) == [False] * 7 + [True]


def test_a_damaged_entry_of_another_checkout_is_passed_over(store: Store) -> None:
    store.remember_root("shop")
    tree(store.state / "projects", {"x/project.json": "{", "y/project.json": "[]", "z/project.json": '{"root": 3}'})
    assert checkouts(store.state) == {str(store.root): "shop"}


def test_a_place_that_cannot_be_had(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("mine")
    store = Store(tmp_path / "state", checkout(tmp_path, "shop"))
    for act in (lambda: store.write("applied", {}), lambda: store.journal({"verb": "up"}), lambda: store.claim("shop")):
        with pytest.raises(DevenvError, match="a file stands where devenv needs a folder: move it away"):
            act()
    with pytest.raises(DevenvError, match="cannot be written"), store.locked("up", waiting=print):
        pass
    assert (store.read("applied"), store.unfinished()) == ({}, [])


def test_where_it_is(tmp_path: Path) -> None:
    assert state_folder({"DEVENV_STATE": str(tmp_path)}) == tmp_path
    assert state_folder({}).name == "devenv"
