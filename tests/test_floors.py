"""The house stands: imports go down, each library has its place, and nothing grows too long."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

HOME = Path(__file__).parent.parent
PACKAGE = HOME / "crm_sink"

FLOORS = [
    ["errors", "schema", "clock", "engine"],
    ["tables", "settings", "tickets", "stopping"],
    ["mapping", "ledger", "events"],
    ["gates", "transform", "plan", "source", "crm", "observe"],
    ["match", "write", "salesforce", "report"],
    ["flow", "provision"],
    ["assemble"],
    ["serve", "web", "spark"],
    ["api"],
    ["cli"],
]
FLOOR_OF = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}

# A library, and the rooms that may import it.
PLACES = {
    "simple_salesforce": {"salesforce"},
    "requests": {"salesforce"},
    "tenacity": {"crm"},
    "sqlalchemy": {"ledger", "source"},
    "sqlglot": {"mapping"},
    "click": {"cli"},
    "rich": {"cli", "observe"},
    "pydantic_settings": {"settings"},
    "ruamel": {"mapping"},
    "starlette": {"emulator"},
    "uvicorn": {"emulator"},
    "jinja2": {"emulator"},
    "lark": {"emulator"},
}
# Slow to import: never at the top of a module (`import crm_sink` must cost next to nothing).
LATE = {"pandas", "numpy", "scipy", "sqlalchemy", "sqlglot", "simple_salesforce", "pyarrow"}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def written() -> list[Path]:
    """Give what is written in Python: the package, its tests and its scripts."""
    return [
        path
        for room in ("crm_sink", "tests", "scripts")
        for path in sorted((HOME / room).rglob("*.py"))
    ]


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(tree: ast.AST) -> list[str]:
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.append(node.module)
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return found


def at_import_time(tree: ast.Module) -> list[str]:
    """Imports that run when the module is imported: not in a function, not for typing only."""
    plain = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    return [name for node in plain for name in imports(node)]


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down_only_and_each_library_stays_in_its_place(path: Path) -> None:
    tree = ast.parse(path.read_text())
    room = room_of(path)
    for name in imports(tree):
        top, _, rest = name.partition(".")
        if top in PLACES:
            assert room in PLACES[top], f"{top} belongs in {PLACES[top]}"
        if top != "crm_sink" or not rest or room == "__init__":
            continue
        target = rest.split(".")[0]
        if target in {room, "__version__"}:
            continue
        if room == "emulator":
            pytest.fail(f"the emulator imports nothing of ours, but {name}")
        if target == "emulator":
            assert room == "cli"
            continue
        assert FLOOR_OF[target] < FLOOR_OF[room], f"{room} may not import {target}"
        if target == "salesforce":
            assert room in {"assemble", "provision"}


def needed() -> dict[str, set[str]]:
    """Give the modules of ours that each one imports when it is imported, packages among them."""
    paths = {".".join(path.relative_to(HOME).with_suffix("").parts): path for path in modules()}
    names = {name.removesuffix(".__init__"): path for name, path in paths.items()}
    found: dict[str, set[str]] = {}
    for name, path in names.items():
        wanted = {one for one in at_import_time(ast.parse(path.read_text())) if one in names}
        # With a module the packages around it are imported, but for those that are at it already.
        parts = [one.split(".")[:count] for one in wanted for count in range(1, one.count(".") + 1)]
        around = {".".join(part) for part in parts}
        found[name] = {one for one in wanted | around if not f"{name}.".startswith(f"{one}.")}
    return found


def test_no_module_needs_itself() -> None:
    """A circle works or not by what is imported first."""
    wanted = needed()
    while free := {name for name, others in wanted.items() if not others & wanted.keys()}:
        wanted = {name: others for name, others in wanted.items() if name not in free}
    assert wanted == {}


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_slow_libraries_are_imported_where_they_are_used(path: Path) -> None:
    if room_of(path) == "emulator":
        return
    late = {name.partition(".")[0] for name in at_import_time(ast.parse(path.read_text()))} & LATE
    assert not late


@pytest.mark.parametrize("path", written(), ids=lambda path: str(path.relative_to(HOME)))
def test_no_file_is_longer_than_350_lines_and_no_function_than_60(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= 350
    functions = [
        node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert [one.name for one in functions if (one.end_lineno or 0) - one.lineno >= 60] == []
