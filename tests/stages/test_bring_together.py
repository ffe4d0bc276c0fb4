"""What several sources say -> what production runs of each service."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devenv.errors import ManifestError
from devenv.model.fact import Evidence, Fact, Precision, Status, Trust
from devenv.sources.precision import stated
from devenv.stages.bring_together import bind
from tests.making import manifest

DB = '[services.db]\nkind = "postgres"\nversion = "15.4"\n'
TWO = DB + '[services.reports]\nkind = "postgres"\nversion = "15.4"\n'


def fact(
    kind: str = "postgres",
    version: str = "15.4",
    *,
    name: str = "main",
    file: str = "prod.tfstate",
    source: str = "terraform-state",
    trust: Trust = Trust.RECORDED,
    **more: object,
) -> Fact:
    text, precision = stated(kind, version)
    evidence = Evidence(source, file, f"a_{kind}.{name}", "version", "2026-11-23")
    status = Status.ACTUAL if text else Status.UNKNOWN
    made = Fact(kind, evidence, text, precision, name=name, status=status, trust=trust)
    return replace(made, **more)  # type: ignore[arg-type]


def bound(text: str, *facts: Fact) -> dict[str, tuple[str, str]]:
    return {name: (truth.fact.kind, truth.fact.version) for name, truth in bind(services(text), facts).services.items()}


def services(text: str) -> dict[str, object]:
    return dict(manifest(text).services)  # type: ignore[return-value]


def test_one_of_a_kind_is_it() -> None:
    found = bind(manifest(DB).services, [fact(), fact("memcached", "1.6.18")])
    assert found.services["db"].fact == fact()
    assert [truth.fact for truth in found.loose] == [fact("memcached", "1.6.18")]
    assert found.unknown == ()


def test_nothing_speaks_of_it() -> None:
    found = bind(manifest(DB).services, [fact("redis", "7.0.15")])
    assert (found.services, found.unknown) == ({}, ("db",))


def test_by_name_and_by_address() -> None:
    follows = DB.replace('version = "15.4"', 'version = "15.4"\nfrom = "a_postgres.big"')
    assert bound(follows, fact(), fact(version="16.1", name="big")) == {"db": ("postgres", "16.1")}
    named = bound(TWO, fact(name="db", version="15.1"), fact(name="reports", version="16.2"))
    assert named == {"db": ("postgres", "15.1"), "reports": ("postgres", "16.2")}


def test_what_one_claims_is_not_offered_to_another() -> None:
    text = TWO.replace(
        '[services.reports]\nkind = "postgres"\n', '[services.reports]\nkind = "postgres"\nfrom = "big"\n'
    )
    facts = fact(name="db"), fact(name="big", version="16.2")
    assert bound(text, *facts) == {"db": ("postgres", "15.4"), "reports": ("postgres", "16.2")}


def test_more_than_one_could_be_it() -> None:
    with pytest.raises(ManifestError) as raised:
        bind(manifest(DB).services, [fact(name="one"), fact(name="two", version="16.1")])
    assert str(raised.value) == (
        'services.db: more than one postgres of production could be it: "a_postgres.one" (postgres 15.4), '
        '"a_postgres.two" (postgres 16.1)\n  say which: from = "a_postgres.one"'
    )
    assert raised.value.exit_code == 2


def test_two_services_and_one_fact() -> None:
    """Neither is told to be it, so neither is."""
    with pytest.raises(ManifestError, match=r"services.db: more than one|services.db"):
        bind(manifest(TWO).services, [fact(name="other")])


def test_a_live_server_knows_whose_it_is() -> None:
    facts = fact(name="one"), fact(name="two"), fact(name="", version="15.6", service="db", trust=Trust.LIVE)
    assert bound(DB, *facts) == {"db": ("postgres", "15.6")}


def test_the_most_trusted_counts_and_the_others_are_told() -> None:
    state = fact(settings={"jit": "on", "timezone": "UTC"})
    live = fact(version="15.6", source="live", file="$DB", trust=Trust.LIVE, settings={"jit": "off"})
    truth = bind(manifest(DB).services, [state, live]).services["db"]
    assert (truth.fact.version, truth.fact.settings) == ("15.6", {"jit": "off", "timezone": "UTC"})
    assert truth.evidence["settings.timezone"] == replace(state.evidence, attribute="timezone")
    assert truth.evidence["settings.jit"] == replace(live.evidence, attribute="jit")
    assert truth.doubts == {
        "version": "sources disagree on version: $DB says 15.6, prod.tfstate says 15.4",
        "settings.jit": "sources disagree on jit: $DB says off, prod.tfstate says on",
    }


def test_two_places_of_one_file_are_named_by_their_addresses() -> None:
    (truth,) = bind({}, [fact(), fact(version="16.2")]).loose
    assert truth.doubts == {
        "version": "sources disagree on version: terraform-state a_postgres.main (version) in prod.tfstate says 15.4, "
        "terraform-state a_postgres.main (version) in prod.tfstate says 16.2"
    }


def test_a_developers_file_that_disagrees_is_named() -> None:
    """Nothing tells yet which of two files is production's: whoever takes one value hears of the other."""
    override = fact(version="15.6", name="db", file="compose.override.yaml", trust=Trust.RENDERED, variant="alpine")
    base = fact(version="17.2", name="db", file="compose.yaml", trust=Trust.RENDERED, variant="bookworm")
    (truth,) = bind({}, [override, base]).loose
    assert truth.fact.version == "15.6"
    assert truth.doubts == {
        "version": "sources disagree on version: compose.override.yaml says 15.6, compose.yaml says 17.2",
        "variant": "sources disagree on variant: compose.override.yaml says alpine, compose.yaml says bookworm",
    }


def test_what_is_more_exact_and_says_the_same() -> None:
    """A cluster's operator knows the major, the state knows it whole."""
    operator = fact(version="15", source="kubernetes", file="k8s", trust=Trust.ASKED)
    truth = bind(manifest(DB).services, [operator, fact()]).services["db"]
    assert (truth.fact.version, truth.fact.precision, truth.doubts) == ("15.4", Precision.PATCH, {})
    assert truth.evidence["version"] == fact().evidence


def test_each_thing_from_whoever_knows_it() -> None:
    broker = '[services.queue]\nkind = "rabbitmq"\nversion = "3.13.7"\n'
    state = fact("rabbitmq", "3.13", variant="management")
    live = fact("rabbitmq", "3.13.7", source="live", file="$Q", trust=Trust.LIVE, plugins=("rabbitmq_shovel",))
    whole = bind(manifest(broker).services, [state, live]).services["queue"].fact
    assert (whole.version, whole.variant, whole.plugins) == ("3.13.7", "management", ("rabbitmq_shovel",))


def test_what_is_to_come_is_not_what_is() -> None:
    coming = fact(version="16.3", status=Status.PLANNED)
    truth = bind(manifest(DB).services, [fact(), coming]).services["db"]
    assert (truth.fact.version, truth.coming) == ("15.4", (coming,))
    assert bind(manifest(DB).services, [coming]).services == {}


def test_an_engine_that_took_anothers_place() -> None:
    cache = '[services.cache]\nkind = "redis"\nversion = "7.0.15"\n'
    assert bound(cache, fact("valkey", "8.1.3")) == {"cache": ("valkey", "8.1.3")}
    assert bound(cache, fact("valkey", "8.1.3"), fact("redis", "7.0.15")) == {"cache": ("redis", "7.0.15")}
    both = cache + '[services.store]\nkind = "valkey"\nversion = "8.1.3"\n'
    assert bound(both, fact("valkey", "8.1.3")) == {"store": ("valkey", "8.1.3")}


@pytest.mark.parametrize("name", ["a_postgres.node", "node", "a_postgres.cluster", "cluster"])
def test_a_service_may_name_a_member(name: str) -> None:
    facts = fact(name="cluster"), fact(name="node", part_of="cluster"), fact(name="other", version="16.1")
    assert bound(f'{DB}from = "{name}"\n', *facts) == {"db": ("postgres", "15.4")}


@pytest.mark.parametrize(
    ("name", "hint"),
    [("a_postgres.mian", "did you mean 'a_postgres.main'?"), ("zzz", 'say which: from = "a_postgres.main"')],
)
def test_a_name_that_nothing_has(name: str, hint: str) -> None:
    text = f'{DB}from = "{name}"\n'
    with pytest.raises(ManifestError) as raised:
        bind(manifest(text).services, [fact(), fact(name="two", version="16.1"), fact("redis", "7.0.15")])
    assert str(raised.value) == (
        f'services.db: from = "{name}" names no postgres of production; it runs "a_postgres.main" (postgres 15.4), '
        f'"a_postgres.two" (postgres 16.1)\n  {hint}'
    )
    assert bound(text, fact("redis", "7.0.15")) == {}
    found = bind(manifest(text).services, [fact()], complete=False)
    assert (found.services, found.unknown) == ({}, ("db",))


def test_a_setting_has_the_evidence_of_where_it_stands() -> None:
    group = Evidence("terraform-state", "prod.tfstate", "aws_db_parameter_group.g", "", "2026-11-23")
    known = fact(settings={"jit": "off", "timezone": "UTC"}, setting_evidence={"jit": group})
    truth = bind(manifest(DB).services, [known]).services["db"]
    assert truth.evidence["settings.jit"] == replace(group, attribute="jit")
    assert truth.evidence["settings.timezone"] == replace(known.evidence, attribute="timezone")
