"""Puts the clients that tests/clients drives into `.clients`, each in an environment of its own.

`python scripts/clients.py [NAME ...]` installs those that are missing, or whose versions
(`scripts/clients/`) changed; `--behind` does so in the background; `--find NAME` waits until that
is over and prints the folder of one, or says why it is not there and ends with 1.
`CRM_SINK_CLIENTS` names another folder.
It knows no registry: pip and npm ask where this machine tells them to.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VERSIONS = ROOT / "scripts" / "clients"
PLACE = Path(os.environ.get("CRM_SINK_CLIENTS") or ROOT / ".clients").resolve()
FILES = {
    "node": "package.json",
    "salesforce_bulk": "salesforce_bulk.txt",
    "cumulusci": "cumulusci.txt",
}
OLDEST_NODE = 20
# jsforce and sf run on the `node` of this npm package where the machine's own is older.
NEWER_NODE = "node@22"


def main() -> int:
    """Install, or tell where a client is; give the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="only these: " + ", ".join(FILES))
    parser.add_argument("--behind", action="store_true", help="return at once")
    parser.add_argument("--locked", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--find", choices=FILES, help="wait, and print the folder of this one")
    given = parser.parse_args()
    PLACE.mkdir(parents=True, exist_ok=True)
    if given.locked:  # by the process that started this one with --behind
        return install_all(given.names)
    with _alone() as lock:
        if given.find:
            return tell(given.find)
        if given.behind:
            command = [sys.executable, __file__, "--locked", *given.names]
            null = subprocess.DEVNULL  # our own output would stay open as long as it runs
            subprocess.Popen(command, pass_fds=[lock], stdin=null, stdout=null, stderr=null)
            return 0
        return install_all(given.names)


def install_all(names: Sequence[str]) -> int:
    """Install what is not there as its file of versions wants it; give 1 when one failed."""
    missing = [name for name in names or FILES if not is_there(name)]
    with ThreadPoolExecutor() as pool:
        done = list(pool.map(install, missing))
    return 0 if all(done) else 1


def install(name: str) -> bool:
    """Install one client anew; what the installers said stays in its `install.log`."""
    folder = PLACE / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    with (folder / "install.log").open("w") as log:
        for command in _node(folder) if name == "node" else _python(folder, FILES[name]):
            print("$", *command, file=log, flush=True)
            try:
                subprocess.run(command, cwd=folder, stdout=log, stderr=log, check=True)
            except (OSError, subprocess.CalledProcessError) as error:
                print(error, file=log)
                print(f"!! {name} was not installed, see {folder}/install.log", file=sys.stderr)
                return False
    (folder / ".installed").write_text(_wanted(name))
    return True


def is_there(name: str) -> bool:
    """Tell whether a client is installed as its file of versions wants it."""
    try:
        return (PLACE / name / ".installed").read_text() == _wanted(name)
    except FileNotFoundError:
        return False


def tell(name: str) -> int:
    """Print where a client is, or why it is not there."""
    if is_there(name):
        print(PLACE / name)
        return 0
    log = PLACE / name / "install.log"
    said = log.read_text().strip().splitlines() if log.exists() else ["it was never tried"]
    print(f"{name} is not installed: {said[-1]} (try: python scripts/clients.py)")
    return 1


def _python(folder: Path, versions: str) -> list[list[str]]:
    """Give the commands that make a virtual environment with what a file lists."""
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python")]
    if subprocess.run([*pip[:3], "--version"], capture_output=True, check=False).returncode:
        pip = [str(folder / "bin" / "python"), "-m", "pip"]  # this Python has none to lend
    return [
        [sys.executable, "-m", "venv", str(folder), *(["--without-pip"] if len(pip) > 3 else [])],
        [*pip, "install", "-qq", "--no-compile", "--no-deps", "-r", str(VERSIONS / versions)],
    ]


def _node(folder: Path) -> list[list[str]]:
    """Give the commands that install what package.json lists, and Node where it must be."""
    shutil.copy(VERSIONS / "package.json", folder)
    npm = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"]
    commands = [npm]
    if not shutil.which("npm") and os.getuid() == 0 and shutil.which("apt-get"):
        packages = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "nodejs", "npm"]
        commands = [["apt-get", "update", "-qq"], packages, npm]
    if _node_version() < OLDEST_NODE:
        commands.append([*npm, "--no-save", NEWER_NODE])
    return commands


def _node_version() -> int:
    try:
        said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False)
        return int(said.stdout.strip().removeprefix("v").partition(".")[0])
    except (OSError, ValueError):
        return 0


def _wanted(name: str) -> str:
    versions = (VERSIONS / FILES[name]).read_bytes()
    return f"{hashlib.sha256(versions).hexdigest()} {PLACE / name}\n"


@contextmanager
def _alone() -> Iterator[int]:
    with (PLACE / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock.fileno()


if __name__ == "__main__":
    sys.exit(main())
