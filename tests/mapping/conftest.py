"""What the tests of mappings share: problems of a text as short strings, and a small org."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crm_sink.mapping.load import loads
from crm_sink.schema import FieldSchema, FieldType, ObjectSchema

if TYPE_CHECKING:
    from collections.abc import Callable

    from crm_sink.mapping.model import LoadedMapping


@pytest.fixture
def load() -> Callable[[str], LoadedMapping]:
    """Load a text that has no problems."""

    def load(text: str) -> LoadedMapping:
        loaded, problems = loads(text, file="m.yaml", name="m")
        assert loaded is not None, [str(problem) for problem in problems]
        return loaded

    return load


@pytest.fixture
def problems() -> Callable[[str], list[str]]:
    """Give the problems of a text, as `line:column message hint`."""

    def problems(text: str) -> list[str]:
        _, found = loads(text, file="m.yaml", name="m")
        return [str(problem).removeprefix("m.yaml:") for problem in found]

    return problems


@pytest.fixture
def lead() -> ObjectSchema:
    """Describe a small Lead."""
    return _object(
        "Lead",
        "00Q",
        FieldSchema("Id", FieldType.ID, length=18, createable=False, updateable=False),
        FieldSchema("LastName", FieldType.STRING, length=80, nillable=False),
        FieldSchema("Status", FieldType.PICKLIST, nillable=False, defaulted=True),
        FieldSchema("Email", FieldType.EMAIL, length=80, id_lookup=True),
        FieldSchema("Address", FieldType.OTHER),
        FieldSchema("CreatedDate", FieldType.DATETIME, createable=False, updateable=False),
        FieldSchema(
            "Prospect_Id__c", FieldType.STRING, length=40, external_id=True, id_lookup=True
        ),
        FieldSchema("Score__c", FieldType.DOUBLE, precision=3, scale=0),
        FieldSchema(
            "Band__c",
            FieldType.PICKLIST,
            length=255,
            restricted=True,
            values=("Hot", "Warm", "Cold"),
        ),
        FieldSchema("Note__c", FieldType.STRING, length=40),
        FieldSchema("Gone__c", FieldType.BOOLEAN, nillable=False),
        FieldSchema("NumberOfEmployees", FieldType.INT, precision=8),
        FieldSchema(
            "AccountId", FieldType.REFERENCE, reference_to=("Account",), relationship="Account"
        ),
        FieldSchema(
            "OwnerId",
            FieldType.REFERENCE,
            nillable=False,
            defaulted=True,
            reference_to=("Group", "User"),
            relationship="Owner",
        ),
    )


@pytest.fixture
def account() -> ObjectSchema:
    """Describe a small Account."""
    return _object(
        "Account",
        "001",
        FieldSchema("Name", FieldType.STRING, length=255),
        FieldSchema(
            "Customer_Id__c", FieldType.STRING, length=20, external_id=True, id_lookup=True
        ),
    )


def _object(name: str, prefix: str, *fields: FieldSchema) -> ObjectSchema:
    return ObjectSchema(name, name, prefix, {field.name.lower(): field for field in fields})
