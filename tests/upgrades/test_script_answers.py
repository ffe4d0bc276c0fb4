"""Scripts for servers that cannot be started here, with programs in their place that answer as the servers are
documented to: what a script makes of an answer is seen, not whether the answer is so."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from devenv.effects.files import templates_root

pytestmark = pytest.mark.usefixtures("programs")

#: Says what a file named after the last path asked for holds; fails as ``curl --fail`` does where there is none.
ANSWERING = """#!/bin/sh
for word; do
  case $word in http://*) url=$word ;; esac
  [ "$previous" != -O ] || out=$word
  previous=$word
done
path=${url#http://127.0.0.1:*/}
file=$(echo "${path%%\\?*}" | tr / _)
echo "$method$path" >>"$ANSWERS/asked"
[ -f "$ANSWERS/$file" ] || { echo 'curl: (22) The requested URL returned error: 404' >&2; exit 22; }
if [ -n "$out" ]; then cat "$ANSWERS/$file" >"$out"; else cat "$ANSWERS/$file"; fi
"""


def run(tmp_path: Path, script: str, answers: Mapping[str, str], **values: str) -> tuple[int, str, str]:
    """(exit code, stdout, stderr) of a script among programs that answer."""
    programs = tmp_path / "programs"
    programs.mkdir(exist_ok=True)
    for name in ("curl", "wget"):
        (programs / name).write_text(ANSWERING)
        (programs / name).chmod(0o755)
    for path, text in answers.items():
        (tmp_path / path.replace("/", "_")).write_text(text)
    env = {"PATH": f"{programs}:{os.environ['PATH']}", "ANSWERS": str(tmp_path), **values}
    text = (templates_root() / "upgrades" / script).read_text(encoding="utf-8")
    done = subprocess.run(["sh", "-s"], input=text, env=env, capture_output=True, text=True, timeout=30)
    return done.returncode, done.stdout, done.stderr


def settings(**created: int) -> str:
    """As ``?flat_settings=true&pretty`` shows them."""
    entries = (
        f'  "{name.replace("_", "-") if not name.startswith("_") else "." + name[1:]}" : {{\n'
        f'    "settings" : {{\n      "index.version.created" : "{number}"\n    }}\n  }}'
        for name, number in created.items()
    )
    return "{\n" + ",\n".join(entries) + "\n}\n"


def readable(tmp_path: Path, kind: str, version: str, then: tuple[str, str], **created: int) -> tuple[int, str, str]:
    return run(
        tmp_path,
        "search/readable.sh",
        {
            "_all/_settings/index.version.created": settings(**created),
            "_migration/system_features": '{"features":[],"migration_status":"NO_MIGRATION_NEEDED"}',
        },
        DEVENV_LOGIN="",
        DEVENV_KIND=kind,
        DEVENV_VERSION=version,
        DEVENV_NEXT_KIND=then[0],
        DEVENV_NEXT=then[1],
    )


HIGH = 0x08000000


@pytest.mark.parametrize(
    ("kind", "version", "then", "created"),
    [
        ("elasticsearch", "7.17.28", ("elasticsearch", "8.19.5"), {"orders": 7172899, "_tasks": 6082399}),
        ("elasticsearch", "8.19.5", ("elasticsearch", "9.1.5"), {"orders": 8500010, "users": 8536000}),
        ("opensearch", "1.3.20", ("opensearch", "2.19.1"), {"orders": HIGH + 1032099, "older": 7100299}),
        ("opensearch", "2.19.1", ("opensearch", "3.0.0"), {"orders": HIGH + 2000099}),
        ("elasticsearch", "7.10.2", ("opensearch", "2.19.1"), {"orders": 7100299}),
    ],
)
def test_indices_that_the_major_before_made_are_opened(
    tmp_path: Path, kind: str, version: str, then: tuple[str, str], created: dict[str, int]
) -> None:
    assert readable(tmp_path, kind, version, then, **created) == (0, "", "")


@pytest.mark.parametrize(
    ("kind", "version", "then", "created", "named"),
    [
        (
            "elasticsearch",
            "7.17.28",
            ("elasticsearch", "8.19.5"),
            {"a": 6082399, "b": 7172899, "c_d": 6000099},
            "a, c-d",
        ),
        ("elasticsearch", "7.17.28", ("elasticsearch", "9.1.5"), {"orders": 7172899}, "orders"),
        (
            "opensearch",
            "2.19.1",
            ("opensearch", "3.0.0"),
            {"a": HIGH + 1032099, "b": 7100299, "c": HIGH + 2190199},
            "a, b",
        ),
    ],
)
def test_indices_made_two_majors_before_are_named(
    tmp_path: Path, kind: str, version: str, then: tuple[str, str], created: dict[str, int], named: str
) -> None:
    code, _, said = readable(tmp_path, kind, version, then, **created)
    assert code == 1
    assert said == (
        f"devenv: {then[1]} does not open what was made two majors before it: reindex or delete {named} first\n"
    )


def test_a_node_is_counted_index_by_index(tmp_path: Path) -> None:
    answers = {
        "_cluster/health": "{}",
        "_refresh": "{}",
        "_cat/indices": ".tasks open 5 1\n.ds-logs-000001 open 7 1\norders open 3 2\n",
        "orders/_mapping": '{"orders":{"mappings":{"properties":{"a":{"type":"long"},"b":{"type":"text"}}}}}',
        ".ds-logs-000001/_mapping": '{"x":{"type":"date"}}',
        "_cat/aliases": ".kibana .kibana_1\ncurrent orders\n",
    }
    values = {"DEVENV_LOGIN": "elastic:a b", "DEVENV_KIND": "elasticsearch"}
    assert run(tmp_path, "search/census.sh", answers, **values) == (
        0,
        "index .ds-logs-000001\topen 7 1, 1 fields\n"
        "index orders\topen 3 2, 2 fields\n"
        "indices\t2\n"
        "alias current of orders\tis there\n"
        "# end\n",
        "",
    )


def test_a_node_that_does_not_answer_is_no_empty_one(tmp_path: Path) -> None:
    code, said, error = run(tmp_path, "search/census.sh", {"_cluster/health": "{}"}, DEVENV_LOGIN="")
    assert (code, said) == (1, "")
    assert error == "devenv: the server does not answer to _refresh: curl: (22) The requested URL returned error: 404\n"


def test_mails_are_counted_one_by_one(tmp_path: Path) -> None:
    mails = (
        '{"total":2,"unread":1,"messages":[{"ID":"b1","Subject":"x, {y}"},{"ID":"a2","Tags":[]}],"messages_count":2}'
    )
    assert run(tmp_path, "mailpit/census.sh", {"api/v1/messages": mails}) == (
        0,
        "mails\t2\nmail a2\tis there\nmail b1\tis there\n# end\n",
        "",
    )
