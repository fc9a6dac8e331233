"""The fields of the objects that keep field history, one table for each parent. Only tables.

"StandardObjectNameHistory" of the object reference; labels and lengths: the field reference. A
value may be of any type: it is stored as JSON.
"""

from __future__ import annotations

FIELDS = """
Id | {label} ID | id | required readonly auto
IsDeleted | Deleted | boolean | readonly auto
{parent}Id | {parent} ID | reference | required readonly auto to={parent}:{parent}
CreatedById | Created By ID | reference | required readonly auto to=User:CreatedBy
CreatedDate | Created Date | datetime | required readonly auto
Field | Changed Field | picklist(255) | required readonly restricted
DataType | Datatype | picklist(40) | readonly restricted values=HISTORY_TYPE
OldValue | Old Value | anyType(255) | readonly
NewValue | New Value | anyType(255) | readonly
"""


def history_fields(parent: str, label: str) -> str:
    """Give the table of one history object's fields."""
    return FIELDS.format(parent=parent, label=label)
