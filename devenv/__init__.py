"""devenv: development environments that are what production is."""

__version__ = "0.1.0"
