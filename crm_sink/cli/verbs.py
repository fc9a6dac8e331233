"""The verbs, one line each, as a table that costs nothing to read.

`crm-sink --help` prints it without importing anything slow; each verb's module is imported when it
is called.
"""

from __future__ import annotations

VERBS: dict[str, tuple[str, str]] = {
    "init": ("crm_sink.cli.init", "Start a new mapping from a Parquet file and an object"),
    "doctor": ("crm_sink.cli.doctor", "Check settings, login, org and ledger"),
    "validate": ("crm_sink.cli.validate", "Check mapping files and run their examples"),
    "plan": ("crm_sink.cli.plan", "Show what would change, and keep it as a plan"),
    "apply": ("crm_sink.cli.apply", "Write a plan to the org"),
    "sync": ("crm_sink.cli.sync", "Plan and apply in one"),
    "resume": ("crm_sink.cli.resume", "Go on with a run that was stopped"),
    "retry": ("crm_sink.cli.retry", "Plan anew for the rejects of a run, once they are mended"),
    "undo": ("crm_sink.cli.undo", "Take a run back: the values from before it"),
    "verify": ("crm_sink.cli.verify", "Read back what a run wrote, and compare"),
    "runs": ("crm_sink.cli.runs", "List runs, newest first"),
    "show": ("crm_sink.cli.show", "Show one run: figures, changes, rejects"),
    "prune": ("crm_sink.cli.prune", "Delete what is kept of old runs"),
    "org": ("crm_sink.cli.org", "Start, seed and stop the local Salesforce org"),
    "schema": ("crm_sink.cli.schema", "Print the JSON Schema of mapping files"),
    "help": ("crm_sink.cli.help", "Show a help page"),
}

EXIT_CODES = (
    (0, "done"),
    (1, "failed"),
    (2, "usage or configuration"),
    (3, "done, with rejected rows"),
    (4, "held by a gate"),
    (5, "the plan is out of date"),
    (10, "no such run"),
    (11, "already running"),
    (12, "login refused"),
    (130, "interrupted (143: terminated)"),
)


def overview() -> str:
    """Give the text of `crm-sink --help`."""
    width = max(len(verb) for verb in VERBS)
    lines = [
        "Usage: crm-sink VERB [OPTIONS] [ARGUMENTS]",
        "",
        "Put model predictions onto Salesforce records, where sales teams already work.",
        "",
        "Verbs:",
        *(f"  {verb:<{width}}  {line}" for verb, (_, line) in VERBS.items()),
        "",
        "Options:",
        "  --version  Show the version.",
        "  --help     Show this message. `crm-sink VERB --help` shows a verb's options.",
        "",
        "Exit codes:",
        *(f"  {code:<3}  {meaning}" for code, meaning in EXIT_CODES),
    ]
    return "\n".join(lines)
