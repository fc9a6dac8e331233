"""What a file of predictions holds by its first bytes, where that is not what it is taken for.

A workbook saved as CSV by its name alone, a Parquet file behind `csv:`. Reading is `csv` and
`parquet`; what is damaged further on is theirs to tell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.errors import SourceError

if TYPE_CHECKING:
    from pathlib import Path

PARQUET, ZIP, GZIP, OLD_EXCEL = b"PAR1", b"PK\x03\x04", b"\x1f\x8b", b"\xd0\xcf\x11\xe0"
AS_CSV = "if it is CSV: end its name with .csv, and write it behind csv:"


def require_contents(file: Path, shown: str, *, is_csv: bool) -> None:
    """Refuse a file of another kind than the mapping says.

    Args:
        file: The file.
        shown: The file as a person knows it.
        is_csv: Whether it is read as CSV, or else as Parquet.

    Raises:
        SourceError: It is a workbook, an archive, or the other of the two.
        OSError: It cannot be read.
    """
    with file.open("rb") as opened:
        start = opened.read(8)
    found = _of_neither(start) or (_no_csv(start, file) if is_csv else _no_parquet(start))
    if found is not None:
        message, hint = found
        raise SourceError(message, where=shown, hint=hint)


def _of_neither(start: bytes) -> tuple[str, str] | None:
    if start.startswith((ZIP, OLD_EXCEL)):
        return "this is an Excel workbook or an archive", "save it as CSV UTF-8, or write Parquet"
    return None


def _no_csv(start: bytes, file: Path) -> tuple[str, str] | None:
    is_packed = start.startswith(GZIP)
    if start.startswith(PARQUET) and not _is_text(start):
        return (
            "this is a Parquet file, and no CSV",
            "end its name with .parquet, and write it behind parquet:",
        )
    if is_packed and file.suffix != ".gz":
        return "this is a gzip archive", f"mv {file.name} {file.name}.gz"
    if start and not is_packed and file.suffix == ".gz":
        return "this is no gzip archive", f"mv {file.name} {file.name.removesuffix('.gz')}"
    return None


def _no_parquet(start: bytes) -> tuple[str, str] | None:
    if start.startswith(GZIP):
        return "this is a gzip archive, and no Parquet", AS_CSV
    if len(start) >= 4 and _is_text(start) and not start.startswith(PARQUET):
        return "this is text, and no Parquet", AS_CSV
    return None


def _is_text(start: bytes) -> bool:
    return all(32 <= byte < 127 or byte in b"\r\n\t" for byte in start)
