"""The entry point: `crm-sink VERB ...`. Turns errors into a message, a hint and an exit code."""

from __future__ import annotations

import gc
import os
import sys

from crm_sink.cli.verbs import overview


def main() -> None:
    """Run the command line and exit with the code that says how it went."""
    # The imports make a hundred thousand objects and hardly any garbage: to look for it among them
    # every 700 objects, as Python does, is a tenth of the start; every 50,000, a thirtieth.
    gc.set_threshold(200_000)
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run the command line on these arguments and give the exit code."""
    if not arguments or arguments in (["--help"], ["-h"]):
        print(overview())
        return 0
    if arguments == ["--version"]:
        from crm_sink import __version__

        print(f"crm-sink {__version__}")
        return 0
    from crm_sink.cli.root import dispatch

    try:
        code = dispatch(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader of our output has gone (`crm-sink runs | head`). Python would complain once
        # more when it flushes stdout at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code


if __name__ == "__main__":
    main()
