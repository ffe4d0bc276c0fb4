"""Putting an end to what a killed run left, before anything is changed."""

from __future__ import annotations

from devenv.console import Console
from devenv.data import unfinished
from devenv.effects.store import Store


def recovered(console: Console, store: Store) -> bool:
    """Put an end to what a killed run left, and say so; whether there was anything.

    What does that is imported only where there is something: nearly every run finds nothing.
    """
    if not unfinished.is_anything_left(store):
        return False
    from devenv.data import pointing, switching

    sentences = switching.recover(store) + pointing.recover(store)
    for sentence in sentences:
        console.say(sentence)
    return bool(sentences)
