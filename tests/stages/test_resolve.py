"""Images, ports, volumes and what counts as a change."""

from __future__ import annotations

import pytest

from devenv.errors import ManifestError
from devenv.model.resolved import Port, Volume
from devenv.stages.resolve import images_of, select
from tests.making import DIGEST, image, kinds, manifest, resolved


def db(version: str = "15.4", more: str = "") -> str:
    return f'[services.db]\nkind = "postgres"\nversion = "{version}"\n{more}'


def test_an_image_by_version_and_variant() -> None:
    service = resolved(db(more='variant = "bookworm"\n')).services["db"]
    assert (service.image, service.digest) == (image("postgres:15.4-bookworm"), DIGEST)


def test_an_image_of_the_users_own() -> None:
    service = resolved(db(more='image = "pgvector/pgvector:0.8.1-pg15"\nextensions = ["vector"]\n')).services["db"]
    assert service.image == image("pgvector/pgvector:0.8.1-pg15")
    assert (service.build, service.packages) == ("", ())  # it is taken to hold what the catalogue would install


@pytest.mark.parametrize(
    ("version", "key", "path"),
    [
        ("15.4", "db-postgres-15", "/var/lib/postgresql/data"),
        ("17", "db-postgres-17", "/var/lib/postgresql/data"),
        ("18.1", "db-postgres-18", "/var/lib/postgresql"),
    ],
)
def test_a_volume_is_named_after_its_data(version: str, key: str, path: str) -> None:
    (volume,) = resolved(db(version)).services["db"].volumes
    assert volume == Volume(key, version.split(".")[0], path, key)


def test_patch_releases_share_their_data() -> None:
    assert resolved(db("15.4")).services["db"].volumes == resolved(db("15.6")).services["db"].volumes


def test_ports_have_variables_of_their_own() -> None:
    text = '[services.my-queue]\nkind = "rabbitmq"\nversion = "3.12"\nport = 5673\n[services.my-queue.ports]\nmanagement = 8080\n'
    assert resolved(text).services["my-queue"].ports == (
        Port("main", 5672, 5673, "DEVENV_MY_QUEUE_PORT", is_explicit=True),
        Port("management", 15672, 8080, "DEVENV_MY_QUEUE__MANAGEMENT_PORT", is_explicit=True),
        Port("prometheus", 15692, 15692, "DEVENV_MY_QUEUE__PROMETHEUS_PORT"),
    )


def test_defaults_name_the_project_so_that_no_server_needs_quotes() -> None:
    service = resolved('[project]\nname = "my-shop"\n' + db()).services["db"]
    assert service.options["databases"] == ("my_shop",)


def test_extensions_that_the_image_holds_build_nothing() -> None:
    service = resolved(db(more='extensions = ["pg_trgm", "hstore"]\n')).services["db"]
    assert (service.build, service.packages) == ("", ())


def test_extensions_from_packages_build_an_image_named_after_what_is_in_it() -> None:
    one = resolved(db(more='extensions = ["vector"]\n')).services["db"]
    two = resolved(db(more='extensions = ["vector", "postgis"]\n')).services["db"]
    assert one.packages == ("postgresql-15-pgvector",)
    assert two.packages == ("postgresql-15-pgvector", "postgresql-15-postgis-3", "postgresql-15-postgis-3-scripts")
    assert one.build.startswith("devenv-built/postgres:")
    assert one.build != two.build


def test_the_same_extensions_on_another_base_are_another_image() -> None:
    text = db(more='extensions = ["vector"]\n')
    assert resolved(text).services["db"].build != resolved(text, DIGEST[:-1] + "2").services["db"].build


@pytest.mark.parametrize(
    "more",
    [
        'password = "other"\n',
        'databases = ["other"]\n',
        '[services.db.settings]\nwork_mem = "1MB"\n',
        '[services.db.environment]\nTZ = "UTC"\n',
        'platform = "linux/amd64"\n',
    ],
)
def test_what_makes_a_container_what_it_is_changes_its_config(more: str) -> None:
    assert resolved(db()).services["db"].config != resolved(db(more=more)).services["db"].config


def test_a_host_port_does_not() -> None:
    """It is a variable of the machine; the planner compares it with what is published."""
    assert resolved(db()).services["db"].config == resolved(db(more="port = 6000\n")).services["db"].config


def test_another_digest_does() -> None:
    assert resolved(db()).services["db"].config != resolved(db(), DIGEST[:-1] + "2").services["db"].config


def test_descriptions_never_hold_a_password() -> None:
    text = db(
        more='password = "hunter2"\n[services.db.environment]\nTOKEN = "hunter3"\n[services.db.users]\nann = "hunter4"\n'
    )
    assert "hunter" not in str(resolved(text).services["db"].described)


def test_images_are_asked_for_once() -> None:
    text = db() + db().replace("services.db", "services.other")
    made = manifest(text)
    assert images_of(made, kinds("postgres")) == {image("postgres:15.4"): ("db", "other")}


def test_services_are_chosen_by_name_and_profile_in_the_manifests_order() -> None:
    text = (
        db()
        + '[services.cache]\nkind = "redis"\nversion = "7.0"\n[services.queue]\nkind = "rabbitmq"\nversion = "4.0"\n'
        '[profiles]\nweb = ["queue", "db"]\n'
    )
    made = manifest(text)
    assert select(made, [], []) == ("db", "cache", "queue")
    assert select(made, ["cache"], []) == ("cache",)
    assert select(made, ["cache"], ["web"]) == ("db", "cache", "queue")


def test_unknown_names_are_told_all_at_once() -> None:
    with pytest.raises(ManifestError) as caught:
        select(manifest(db().replace("services.db", "services.cache")), ["cash"], ["web"])
    assert [str(problem) for problem in caught.value.problems] == [
        "no profile 'web'\n  profiles: none",
        "no service 'cash'\n  did you mean 'cache'?",
    ]


@pytest.mark.parametrize(
    ("said", "tag", "variant"),
    [
        ('version = "2.0.22"\n', "2.0.22", ""),
        ('version = "2.1.2"\n', "2.1.2-alpine", "alpine"),  # there is no plain one
        ('version = "2.1.2"\nvariant = "openssl"\n', "2.1.2-openssl", "openssl"),
        ('version = "2.1.2"\nimage = "acme/mqtt:2"\n', "2", ""),
    ],
)
def test_a_version_without_a_plain_image(said: str, tag: str, variant: str) -> None:
    service = resolved(f'[services.mqtt]\nkind = "mosquitto"\n{said}').services["mqtt"]
    assert (service.image.tag, service.variant) == (tag, variant)
