"""`crm-sink schema`: print the JSON Schema of mapping files."""

from __future__ import annotations

import click

from crm_sink.cli.output import emit_json


@click.command()
def command() -> int:
    """Print the JSON Schema of mapping files, so that an editor completes and checks as you type.

    Save it beside the mappings and name it in their first line:
    `# yaml-language-server: $schema=mapping.schema.json`
    """
    from crm_sink.mapping.json_schema import json_schema

    emit_json(json_schema(), indented=True)
    return 0
