"""The click group behind the verbs: each verb's module is imported when it is called."""

from __future__ import annotations

import os
from importlib import import_module

import click

from crm_sink.cli.complaint import complain, complain_of_usage, is_logged, say
from crm_sink.cli.verbs import VERBS, overview
from crm_sink.errors import CrmSinkError, Unforeseen

INTERRUPTED = 130
TRACEBACK = "CRM_SINK_TRACEBACK"


class Root(click.Group):
    """Verbs by name, loaded late."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the verbs in the order of a working day."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the verb's module and give its command."""
        if cmd_name not in VERBS:
            return None
        command: click.Command = import_module(VERBS[cmd_name][0]).command
        return command

    def get_help(self, ctx: click.Context) -> str:
        """Give the same overview as the quick path."""
        return overview()

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb, or name the nearest one."""
        from difflib import get_close_matches

        if args and args[0] not in VERBS and not args[0].startswith("-"):
            near = get_close_matches(args[0], VERBS, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise click.UsageError(f"there is no verb {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)


def dispatch(arguments: list[str]) -> int:
    """Run a verb; errors become a message on stderr and an exit code."""
    as_json = is_logged(arguments)
    try:
        result = Root(name="crm-sink", no_args_is_help=True).main(
            arguments, prog_name="crm-sink", standalone_mode=False
        )
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        complain_of_usage(error, as_json=as_json)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        say("interrupted", "interrupted", as_json=as_json)
        return INTERRUPTED
    except CrmSinkError as error:
        if isinstance(error, Unforeseen) and os.environ.get(TRACEBACK):
            raise
        complain(error, as_json=as_json)
        return error.exit_code
    except BrokenPipeError:
        raise  # `main` knows what that is
    except Exception as error:
        if os.environ.get(TRACEBACK):
            raise
        from crm_sink.flow.trouble import unforeseen

        complain(unforeseen(error), as_json=as_json)
        return CrmSinkError.exit_code
    return result if isinstance(result, int) else 0
