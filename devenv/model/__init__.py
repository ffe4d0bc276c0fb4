"""Frozen dataclasses that every other part of devenv speaks in. They import nothing but each other."""
