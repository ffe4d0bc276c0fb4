from __future__ import annotations

from devenv.references import in_other_braces, malformed, project_default, references, substitute, unknown_filters


def test_references_in_a_value() -> None:
    text = "{{ services.db.url }}?x={{services.cache.port}}"
    assert references(text) == [("db", "url"), ("cache", "port")]
    assert substitute(text, lambda service, output: f"<{service} {output}>") == "<db url>?x=<cache port>"


def test_a_value_that_is_percent_encoded() -> None:
    text = "x://{{ services.db.user }}:{{services.db.password|url}}@h/{{ services.db.database | url }}"
    assert references(text) == [("db", "user"), ("db", "password"), ("db", "database")]
    assert (malformed(text), unknown_filters(text)) == ([], [])
    assert substitute(text, lambda _, output: f"{output} @/%é") == (
        "x://user @/%é:password%20%40%2F%25%C3%A9@h/database%20%40%2F%25%C3%A9"
    )


def test_a_filter_that_is_not_there() -> None:
    text = "{{ services.db.password|base64 }} {{ services.db.password|url }}"
    assert unknown_filters(text) == [("{{ services.db.password|base64 }}", "base64")]
    assert malformed("{{ services.db.password| }} {{ services.db.password|url|url }}") == [
        "{{ services.db.password| }}",
        "{{ services.db.password|url|url }}",
    ]


def test_what_looks_like_a_reference_and_is_none() -> None:
    assert malformed("{{ services.db }} {{ x }} {{ services.db.url }} {{ open") == [
        "{{ services.db }}",
        "{{ x }}",
        "{{ open",
    ]
    assert malformed("{ not } one") == []


def test_references_in_the_braces_of_other_languages() -> None:
    text = "${services.db.url} { services.db.port } {{ services.db.url }} ${HOME} {x} {{ services.db }} ${{ services.db.url }}"
    assert in_other_braces(text) == [
        ("${services.db.url}", "services.db.url"),
        ("{ services.db.port }", "services.db.port"),
    ]


def test_a_default_that_names_the_project() -> None:
    assert project_default("{{ project }}_test", "my-shop") == "my_shop_test"
