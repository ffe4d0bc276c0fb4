"""``python -m devenv``, and what the command ``devenv`` runs."""


def main() -> int:
    """The program. ^C while Python still reads it, or has nothing left to do for it, is no reason for a traceback."""
    import signal

    try:
        from devenv.cli import main as program

        return program()
    except KeyboardInterrupt:
        return 130
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        # An interrupt that came within exec(), by which dataclasses are made, has `python -m` end by the signal itself,
        # caught or not, until something else is executed.
        exec("")  # noqa: S102


if __name__ == "__main__":
    raise SystemExit(main())
