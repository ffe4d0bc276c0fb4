"""Why a script on the workbench failed, in the one line that says it."""

from __future__ import annotations

import pytest

from devenv.effects.workbench import reason

PG_RESTORE = """\
pg_restore: warning: errors ignored on restore: 0
pg_restore: error: COPY failed for table "pages": ERROR:  function folded(text) does not exist
LINE 1: SELECT folded($1)
HINT:  No function matches the given name and argument types.
QUERY:  SELECT folded($1)
CONTEXT:  SQL function "slug" during inlining
"""


@pytest.mark.parametrize(
    ("written", "why"),
    [
        (PG_RESTORE, 'pg_restore: error: COPY failed for table "pages": ERROR:  function folded(text) does not exist'),
        ("psql: warning\nERROR 1064 (42000) at line 5: You have an error\nmore\n", "ERROR 1064 (42000) at line 5: You have an error"),
        ("ERROR:  one\ndevenv: there are tablespaces of your own\n", "there are tablespaces of your own"),
        ("one\n\ntwo\nthree\nfour\n", "two / three / four"),
        ("", ""),
    ],
    ids=["pg_restore", "mysql", "a script's own words", "other programs", "nothing"],
)  # fmt: skip
def test_the_line_with_the_error_is_the_reason(written: str, why: str) -> None:
    assert reason(written) == why
