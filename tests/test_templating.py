from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import TemplateSyntaxError

from devenv import templating, yamlio
from devenv.templating import (
    TemplateError,
    mysql_name,
    mysql_string,
    nats_value,
    redis_word,
    render,
    sql_name,
    sql_string,
    switch,
)
from tests.making import resolved

TEXT = st.text(st.characters(blacklist_categories=("Cs",)))


def test_values_are_filled_in() -> None:
    assert render("t", "a{{ b }}c{% if d %}e{% endif %}", {"b": 1, "d": False}) == "a1c"


def test_an_unknown_name_is_an_error_with_template_and_line() -> None:
    with pytest.raises(TemplateError, match=r"t\.j2:2: 'hosst' is undefined"):
        render("t.j2", "x\n{{ hosst }}", {"host": "h"})


def test_a_mistake_in_a_template_is_an_error_with_its_line() -> None:
    with pytest.raises(TemplateError, match=r"t\.j2:3: "):
        render("t.j2", "a\nb\n{% if %}", {})


def test_a_template_reaches_nothing_but_its_values() -> None:
    with pytest.raises(TemplateError):
        render("t", "{{ x.__class__.__mro__ }}", {"x": "text"})


@given(TEXT)
def test_tojson_is_read_back_by_yaml_and_by_compose(text: str) -> None:
    written = render("t", "{{ value|tojson }}", {"value": text})
    assert json.loads(written).replace("$$", "$") == text.replace("$$", "$")
    assert "$" not in written.replace("$$", "")


@given(st.text(st.characters(blacklist_categories=("Cs",))))
def test_tojson_is_yaml(text: str) -> None:
    assert yamlio.parse(f"key: {render('t', '{{ value|tojson }}', {'value': text})}") == {
        "key": text.replace("$", "$$")
    }


VALUES = {"a": "p/w%", "n": 7, "none": None, "o": {"b": "", "c": ("x", "y z"), "m": {"k": "v"}, "keys": "taken"}}
PIECES = (
    *(
        "{{ a }}",
        "{{ a|url }}",
        "{{ n }}",
        "{{ none }}",
        "{{ o.c[0]|sql }}",
        "{{ o.m.k }}",
        "{{ o.m|json }}",
        "{{ o.keys }}",
    ),
    *("{{ o.c[7] }}", "{{ a[0] }}", "{{ missing }}", "{{ a|length }}", "{{a}}", "{{ a -}}", "{{ n|bytes }}"),
    *('{{ "p\\r\\n\\"" }}', '{{ "é\\t" }}', "{{ 'q' }}", '{{ "\\x41" }}'),
    *(
        "{% if a %}",
        "{% if o.b %}",
        "{% if 'x' in o.c %}",
        "{% if 'k' in o.m %}",
        "{% if 'x' in n %}",
        "{% if missing %}",
    ),
    *(
        "{% endif %}",
        "{%- endif %}",
        "{% else %}",
        "{% set z = 1 %}",
        "{% raw %}",
        "{# c #}",
        "{",
        "}}",
        "%}",
        "\r",
        "\n",
        " x",
    ),
)


@given(st.lists(st.sampled_from(PIECES) | TEXT, max_size=7))
def test_what_is_filled_in_without_jinja_is_what_jinja_would_say(pieces: list[str]) -> None:
    text = "{{ a }}" + "".join(pieces)
    plain = templating._plainly(text, VALUES)
    if plain is None:
        return
    try:
        assert plain == templating._compiled(text).render(VALUES)
    except TemplateSyntaxError:
        assert "{% if" in text  # a branch that is not taken is not read


@pytest.mark.parametrize("kind", ["postgres", "redis", "rabbitmq", "mariadb"])
def test_addresses_and_greetings_of_what_is_used_most_need_no_jinja(kind: str) -> None:
    (service,) = resolved(f'[services.it]\nkind = "{kind}"\nversion = "15.4"\n').services.values()
    known = {
        **service.options,
        "options": service.options,
        "host": "h",
        "port": 1,
        "management_port": 2,
        "prometheus_port": 3,
    }
    assert None not in [templating._plainly(text, known) for text in service.kind.outputs.values()]
    assert service.kind.greeting is not None
    assert templating._plainly(service.kind.greeting.send, known) is not None


def test_sql_quoting() -> None:
    assert sql_string("o'clock") == "'o''clock'"
    assert sql_name('a"b') == '"a""b"'
    assert mysql_string("a\\'b") == "'a\\\\''b'"
    assert mysql_name("a`b") == "`a``b`"


def test_redis_quoting() -> None:
    assert redis_word('a "b\\\u0001\b\nü') == r'"a \"b\\\x01\x08\x0a\xc3\xbc"'


def test_nats_quoting() -> None:
    assert nats_value('a "b\\u0001\u0001\b\n\u0080ü') == r'"a \"b\\u0001\x01\x08\n\xc2\x80ü"'
    assert nats_value(["$a", 5, True]) == '["$a", 5, true]'


def test_true_and_false_as_servers_write_them() -> None:
    assert (switch(True), switch(False), switch(True, "yes", "no"), switch(5)) == ("on", "off", "yes", "5")
