"""``python -m devenv``, and what the command ``devenv`` runs."""


def main() -> int:
    """The program. ^C while Python still reads it, or has nothing left to do for it, is no reason for a traceback."""
    import gc
    import signal
    import sys

    if sys.argv[1:] in (["--version"], ["-V"]):  # asked all day by other programs, and by nobody who also wants more
        from devenv import __version__

        print(f"devenv {__version__}")
        return 0
    gc.set_threshold(50_000)  # what is imported is no garbage, and looking for some took a twentieth of a short command
    try:
        from devenv.cli import main as program

        return program()
    except KeyboardInterrupt:
        return 130
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        gc.freeze()  # the process ends: to look through all objects for garbage first takes a fifth of a short command
        # An interrupt that came within exec(), by which dataclasses are made, has `python -m` end by the signal itself,
        # caught or not, until something else is executed.
        exec("")  # noqa: S102


if __name__ == "__main__":
    raise SystemExit(main())
