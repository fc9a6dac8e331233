"""`crm-sink help`: show a help page of the package."""

from __future__ import annotations

from difflib import get_close_matches
from importlib.resources import files

import click

from crm_sink.errors import UsageError


def pages() -> dict[str, str]:
    """Give the topics and the first line of each page."""
    folder = files("crm_sink").joinpath("help")
    found = sorted(folder.iterdir(), key=lambda page: page.name)
    return {
        page.name.removesuffix(".md"): page.read_text(encoding="utf-8").splitlines()[0].lstrip("# ")
        for page in found
        if page.name.endswith(".md")
    }


@click.command()
@click.argument("topic", required=False)
def command(topic: str | None) -> int:
    """Show a help page; without a topic, the list of pages.

    Exit codes: 0 shown · 2 there is no such page.
    """
    known = pages()
    if topic is None:
        width = max(len(name) for name in known)
        click.echo("\n".join(f"  {name:<{width}}  {line}" for name, line in known.items()))
        return 0
    if topic not in known:
        near = get_close_matches(topic, known, n=1)
        hint = f"crm-sink help {near[0]}" if near else "crm-sink help"
        raise UsageError(f"there is no help page {topic!r}", hint=hint)
    page = files("crm_sink").joinpath("help", f"{topic}.md")
    click.echo(page.read_text(encoding="utf-8").rstrip())
    return 0
