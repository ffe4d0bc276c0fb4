from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv import yamlio
from devenv.templating import TemplateError, mysql_name, mysql_string, render, sql_name, sql_string, switch

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


@given(st.text(st.characters(blacklist_categories=("Cs", "Cc", "Cn", "Co"))))
def test_tojson_is_yaml(text: str) -> None:
    assert yamlio.parse(f"key: {render('t', '{{ value|tojson }}', {'value': text})}") == {
        "key": text.replace("$", "$$")
    }


def test_sql_quoting() -> None:
    assert sql_string("o'clock") == "'o''clock'"
    assert sql_name('a"b') == '"a""b"'
    assert mysql_string("a\\'b") == "'a\\\\''b'"
    assert mysql_name("a`b") == "`a``b`"


def test_true_and_false_as_servers_write_them() -> None:
    assert (switch(True), switch(False), switch(True, "yes", "no"), switch(5)) == ("on", "off", "yes", "5")
