from __future__ import annotations

from devenv.references import malformed, project_default, references, substitute


def test_references_in_a_value() -> None:
    text = "{{ services.db.url }}?x={{services.cache.port}}"
    assert references(text) == [("db", "url"), ("cache", "port")]
    assert substitute(text, lambda service, output: f"<{service} {output}>") == "<db url>?x=<cache port>"


def test_what_looks_like_a_reference_and_is_none() -> None:
    assert malformed("{{ services.db }} {{ x }} {{ services.db.url }} {{ open") == [
        "{{ services.db }}",
        "{{ x }}",
        "{{ open",
    ]
    assert malformed("{ not } one") == []


def test_a_default_that_names_the_project() -> None:
    assert project_default("{{ project }}_test", "my-shop") == "my_shop_test"
