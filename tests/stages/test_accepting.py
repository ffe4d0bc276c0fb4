"""Which differences from an environment count, and which are meant."""

from __future__ import annotations

from devenv.model.change import Change, Difference, SyncPlan
from devenv.model.fact import Evidence, Fact
from devenv.model.finding import Acceptance, Finding
from devenv.model.manifest import RUNTIMES
from devenv.model.production import Missing, Truth
from devenv.stages.accepting import Verdict, findings, judge

VERSION = Finding("production/services.db.version", "15.4 → 15.6")
MAIL = Finding("production/services.mail", "production also runs mailpit 1.27")


def test_every_difference_has_an_id() -> None:
    mailpit = Fact("mailpit", Evidence("compose", "compose.yaml"))
    plan = SyncPlan(
        changes=(
            Change("db", ("settings", "max_connections"), 100, 200, "100 → 200"),
            Change(RUNTIMES, ("python",), "3.11", "3.12", "3.11 → 3.12"),
        ),
        differences=(Difference("cache", ("kind",), "production runs valkey"),),
    )
    assert findings(plan, [Missing("mail", Truth(mailpit, ()))], "staging") == [
        Finding("staging/services.db.settings.max_connections", "100 → 200"),
        Finding("staging/runtimes.python", "3.11 → 3.12"),
        Finding("staging/services.cache.kind", "production runs valkey"),
        Finding("staging/services.mail", "staging also runs mailpit (version unknown)"),
    ]


def test_what_is_accepted_does_not_count() -> None:
    entry = Acceptance(MAIL.id, "no mail from here")
    assert judge([VERSION, MAIL], [entry], day="2026-11-30") == Verdict((VERSION,), ((MAIL, entry),))


def test_the_last_day_counts_and_the_next_does_not() -> None:
    entry = Acceptance(MAIL.id, "no mail from here", until="2026-11-30")
    assert judge([MAIL], [entry], day="2026-11-30").accepted == ((MAIL, entry),)
    assert judge([MAIL], [entry], day="2026-12-01") == Verdict((MAIL,), expired=(entry,))


def test_an_entry_accepts_exactly_what_it_names() -> None:
    entry = Acceptance("production/services.db", "all of it")
    assert judge([VERSION], [entry], day="2026-11-30") == Verdict((VERSION,), unmatched=(entry,))
