"""The objects that keep the history of an object's fields. Only names.

Not imitated: history of other objects, and of custom ones (`X__History`); OpportunityHistory, the
history of an opportunity's stages.
"""

from __future__ import annotations

# Recorded: all four are the child relationship `Histories` of their parent, deleted with it.
KINDS = {
    "Account": "AccountHistory",
    "Contact": "ContactHistory",
    "Lead": "LeadHistory",
    "Opportunity": "OpportunityFieldHistory",
}
PARENTS = {kept: parent for parent, kept in KINDS.items()}
HISTORIES = frozenset(KINDS.values())
# All of them share a key prefix, so that an id alone does not tell which one it is of.
PREFIX = "017"
RELATIONSHIP = "Histories"
# What the row of a new record has in place of a field.
CREATED = "created"
