"""What each Salesforce error code means for a call or a row, as data: its fate and its cure.

It decides nothing about how often or how soon to try again: that is `crm.policy`. Codes and
meanings: Salesforce's REST and Bulk API guides, "Status Codes and Error Responses", and messages
seen from real orgs. A code that is not listed is a REJECT with Salesforce's own words.
"""

from __future__ import annotations

from crm_sink.crm.policy import Rule, Rulebook, Ruling
from crm_sink.errors import Fate

UNKNOWN = Ruling(Fate.REJECT, "read Salesforce's message; the code is not one we know")

_LOCK = "another write held the record or its parent; only this row is sent again, later"
_SMALLER = "the org's triggers or flows ran out of limits: fewer records at once, or mend them"
_TOO_LONG = "ask for less at once, or try again when the org is less busy"
_NO_FIELD = (
    "check the API name; if the field exists, give the user field-level security on it "
    "(a permission set)"
)
_QUOTA = "the day's allowance of API calls is used up; it frees over 24 hours: crm-sink resume"
_NOT_RECEIVED = (
    "the upload was answered and did not reach the org whole: look for a proxy between, then "
    "crm-sink retry"
)

_WIRE = (
    Rule("CONNECTION_REFUSED", Fate.RETRY, "check CRM_SINK_INSTANCE_URL, and that the org runs"),
    Rule("HOST_UNKNOWN", Fate.RETRY, "check the host name in CRM_SINK_INSTANCE_URL, and DNS"),
    Rule("TLS_FAILED", Fate.STOP, "check the certificate, and REQUESTS_CA_BUNDLE for a private CA"),
    Rule("PROXY_FAILED", Fate.RETRY, "check HTTPS_PROXY and NO_PROXY"),
    Rule("TIMED_OUT", Fate.RETRY, "the org is slow or the network is down; try again later"),
    Rule("CONNECTION_LOST", Fate.RETRY, "the network broke the connection; try again"),
    Rule("TRUNCATED", Fate.RETRY, "the answer broke off; try again"),
    Rule("NOT_THE_API", Fate.RETRY, "a proxy or a maintenance page answered instead of the API"),
    Rule("UNEXPECTED_ANSWER", Fate.STOP, "is CRM_SINK_INSTANCE_URL a Salesforce org?"),
    Rule("REDIRECTED", Fate.STOP, "set CRM_SINK_INSTANCE_URL to the org's own My Domain URL"),
    Rule("RESULTS_INCOMPLETE", Fate.RETRY, "the org has not written all results yet; try again"),
    Rule("RESULTS_DISAGREE", Fate.STOP, "look at the job in Setup, Bulk Data Load Jobs"),
    Rule(
        "RESULTS_UNREADABLE",
        Fate.STOP,
        "look for a proxy that changes answers, then crm-sink resume",
    ),
    Rule(
        "RESULT_MISSING",
        Fate.REJECT,
        "the org reported nothing for this row: the next sync reads the record and mends it",
    ),
    Rule("NOT_RECEIVED", Fate.RETRY, _NOT_RECEIVED),
    Rule(
        "UNPROCESSED",
        Fate.REJECT,
        "somebody aborted the job: crm-sink retry, when it may be sent again",
        # Our own words (`results`): what a person stopped is not sent again behind their back.
        "ended as Aborted|was aborted before",
    ),
    Rule("UNPROCESSED", Fate.RETRY, "the job ended before it came to this row; it is sent again"),
)

_PASSING = (
    Rule("UNABLE_TO_LOCK_ROW", Fate.RETRY_SLOWER, _LOCK),
    Rule("TOOMANYLOCKFAILURE", Fate.RETRY_SLOWER, _LOCK),
    Rule("SERVER_UNAVAILABLE", Fate.RETRY_SLOWER, "the org is too busy; try again later"),
    Rule(
        "REQUEST_LIMIT_EXCEEDED",
        Fate.RETRY_SLOWER,
        "too many long calls run at once: fewer jobs at a time (CRM_SINK_PARALLEL_JOBS)",
        pattern="Concurrent",
    ),
    Rule("REQUEST_LIMIT_EXCEEDED", Fate.STOP, _QUOTA),
    Rule("EXCEEDEDQUOTA", Fate.STOP, _QUOTA),
    Rule("REQUEST_RUNNING_TOO_LONG", Fate.RETRY_SLOWER, _TOO_LONG),
    Rule("QUERY_TIMEOUT", Fate.RETRY_SLOWER, _TOO_LONG),
    Rule("TIMEOUT", Fate.RETRY_SLOWER, _TOO_LONG),
    Rule("TOO_MANY_APEX_REQUESTS", Fate.RETRY_SLOWER, _TOO_LONG),
    Rule(
        "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE",
        Fate.RETRY_SLOWER,
        "the org is in maintenance: see status.salesforce.com, then crm-sink resume",
    ),
    Rule(
        "API_CURRENTLY_DISABLED",
        Fate.RETRY_SLOWER,
        "the org's API is switched off for now; if it stays so, give the user API Enabled",
    ),
    Rule("UNKNOWN_EXCEPTION", Fate.RETRY, "an error inside Salesforce; quote its ErrorId to them"),
    Rule("INTERNAL_SERVER_ERROR", Fate.RETRY, "an error inside Salesforce; try again"),
    Rule("INTERNALSERVERERROR", Fate.RETRY, "an error inside Salesforce; try again"),
    Rule("ALL_OR_NONE_OPERATION_ROLLED_BACK", Fate.RETRY, "another row of its call failed"),
    Rule("PROCESSING_HALTED", Fate.RETRY, "another part of its call failed"),
    Rule("BATCH_PROCESSING_HALTED", Fate.RETRY, "another part of its call failed"),
    Rule("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", Fate.RETRY_SLOWER, _LOCK, "UNABLE_TO_LOCK_ROW"),
    Rule(
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
        Fate.RETRY_SLOWER,
        _SMALLER,
        "LimitException|Too many SOQL queries|Apex CPU time limit|Too many DML",
    ),
    Rule(
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
        Fate.RETRY_SLOWER,
        "other rows of its 200 failed and took it along; it is sent again apart from them",
        "Too many retries of batch save",
    ),
    Rule(
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
        Fate.REJECT,
        "an Apex trigger of the org refused the record: show its message to the org's developers",
    ),
)

_ACCESS = (
    Rule("INVALID_SESSION_ID", Fate.STOP, "log in again: crm-sink doctor"),
    Rule("INVALID_AUTH_HEADER", Fate.STOP, "the access token is empty or malformed"),
    Rule(
        "API_DISABLED_FOR_ORG",
        Fate.STOP,
        "this edition has no API: it needs Enterprise, Unlimited, Performance or Developer Edition",
    ),
    Rule("UNSUPPORTED_API_VERSION", Fate.STOP, "set CRM_SINK_API_VERSION to one the org has"),
    Rule("INSUFFICIENT_ACCESS", Fate.REJECT, "give the user the permission that the message names"),
    Rule(
        "INSUFFICIENT_ACCESS_OR_READONLY",
        Fate.REJECT,
        "the user may not edit this record: share it, or give Modify All on the object",
    ),
    Rule(
        "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
        Fate.REJECT,
        "the user may not see the record that a lookup points to: share it with the user",
    ),
    Rule("TXN_SECURITY_NO_ACCESS", Fate.REJECT, "a transaction security policy blocks the user"),
    Rule("STORAGE_LIMIT_EXCEEDED", Fate.STOP, "the org's data storage is full: free or buy some"),
    Rule("LIMIT_EXCEEDED", Fate.REJECT, "the org reached the limit that the message names"),
    Rule("NOT_FOUND", Fate.STOP, "check the name, and that the user may see it"),
    Rule("GONE", Fate.STOP, "set CRM_SINK_API_VERSION to a newer one"),
    Rule("METHOD_NOT_ALLOWED", Fate.STOP, "set CRM_SINK_API_VERSION to a newer one"),
    Rule("INVALID_TYPE", Fate.STOP, "check the object's API name, and that the user may see it"),
    Rule("MALFORMED_QUERY", Fate.STOP, "this is a fault of crm-sink: please report the message"),
    Rule("INVALID_QUERY_LOCATOR", Fate.RETRY, "the query's pages are gone: read again"),
    Rule("INVALIDJOB", Fate.STOP, "check the object and the external id field in the mapping"),
    Rule("INVALIDJOBSTATE", Fate.STOP, "somebody else closed or aborted the job"),
    Rule("INVALIDBATCH", Fate.REJECT, _NO_FIELD, "Field name not found|relationship"),
    Rule("INVALIDBATCH", Fate.RETRY, _NOT_RECEIVED, "Records not found"),
    Rule("INVALIDBATCH", Fate.REJECT, "the org could not read the file: nothing was written"),
    Rule("CLIENTINPUTERROR", Fate.REJECT, "the org could not read the file: nothing was written"),
    Rule("API_ERROR", Fate.STOP, "set CRM_SINK_API_VERSION to a newer one"),
    Rule("BULK_API_ERROR", Fate.STOP, "look at the job in Setup, Bulk Data Load Jobs"),
    Rule("JSON_PARSER_ERROR", Fate.REJECT, "a value does not fit its field's type"),
)

_ROW = (
    Rule(
        "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        Fate.REJECT,
        "a validation rule of the org refused the record: mend the data, or exempt the user",
    ),
    Rule(
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        Fate.REJECT,
        "the field is restricted to its picklist: add the value in Setup (and to the record type), "
        "or map it",
    ),
    Rule("STRING_TOO_LONG", Fate.REJECT, "shorten the text, or set `truncate: true` on the field"),
    Rule("NUMBER_OUTSIDE_VALID_RANGE", Fate.REJECT, "the number has more digits than the field"),
    Rule(
        "INVALID_TYPE_ON_FIELD_IN_RECORD",
        Fate.REJECT,
        "the value is not of the field's type (a checkbox cannot be empty)",
    ),
    Rule("INVALID_EMAIL_ADDRESS", Fate.REJECT, "mend the address"),
    Rule("REQUIRED_FIELD_MISSING", Fate.REJECT, "map the fields that the message names"),
    Rule("DUPLICATE_VALUE", Fate.REJECT, "the key stands twice in one job", "Duplicate external"),
    Rule("DUPLICATE_VALUE", Fate.REJECT, "another record holds this unique value"),
    Rule("DUPLICATE_EXTERNAL_ID", Fate.REJECT, "several records hold this key: merge them"),
    Rule(
        "DUPLICATES_DETECTED",
        Fate.REJECT,
        "a duplicate rule of the org found a record like this one: merge them, or relax the rule",
    ),
    Rule("INVALID_FIELD_FOR_INSERT_UPDATE", Fate.REJECT, "give the user edit rights on the field"),
    Rule("INVALID_FIELD", Fate.REJECT, "no record has this key: create it first", "Foreign key"),
    Rule("INVALID_FIELD", Fate.REJECT, "the value does not fit its type", "Failed to deserialize"),
    Rule("INVALID_FIELD", Fate.REJECT, _NO_FIELD),
    Rule("ENTITY_IS_DELETED", Fate.REJECT, "the record is in the recycle bin"),
    Rule(
        "INVALID_CROSS_REFERENCE_KEY",
        Fate.REJECT,
        "the user may not use this record type: assign it to the user's profile",
        "Record Type",
    ),
    Rule("INVALID_CROSS_REFERENCE_KEY", Fate.REJECT, "no record has this id any more"),
    Rule("MALFORMED_ID", Fate.REJECT, "the id is not one of this object"),
    Rule(
        "CANNOT_EXECUTE_FLOW_TRIGGER",
        Fate.RETRY_SLOWER,
        _LOCK,
        "UNABLE_TO_LOCK_ROW",
    ),
    Rule(
        "CANNOT_EXECUTE_FLOW_TRIGGER",
        Fate.REJECT,
        "a flow of the org failed on the record: show its message to the org's admin",
    ),
    Rule("CANNOT_UPDATE_CONVERTED_LEAD", Fate.REJECT, "a converted lead cannot be written"),
    Rule("FIELD_INTEGRITY_EXCEPTION", Fate.REJECT, "the value breaks a rule of the field"),
    Rule("FIELD_FILTER_VALIDATION_EXCEPTION", Fate.REJECT, "the lookup's filter refuses the value"),
    Rule("ENTITY_IS_LOCKED", Fate.REJECT, "the record is locked by an approval: wait for its end"),
    Rule("INACTIVE_OWNER_OR_USER", Fate.REJECT, "the owner is inactive: give the record another"),
    Rule("OP_WITH_INVALID_USER_TYPE_EXCEPTION", Fate.REJECT, "the user's type may not do this"),
    Rule("MISSING_ARGUMENT", Fate.REJECT, "the record's id was not sent"),
    Rule("DELETE_FAILED", Fate.REJECT, "other records depend on this one"),
    Rule("INVALID_STATUS", Fate.REJECT, "the record's status forbids the change"),
    Rule("NUM_HISTORY_FIELDS_BY_SOBJECT_EXCEEDED", Fate.REJECT, "track fewer fields' history"),
)

RULES: tuple[Rule, ...] = _WIRE + _PASSING + _ACCESS + _ROW
BOOK = Rulebook(RULES, UNKNOWN)


def fate_of(code: str, message: str = "") -> Ruling:
    """Give the fate and the cure of an error code, whatever its case.

    Example: `fate_of("UNABLE_TO_LOCK_ROW")` is RETRY_SLOWER; REQUEST_LIMIT_EXCEEDED is STOP for
    the day's quota (`TotalRequests Limit exceeded.`) and RETRY_SLOWER for concurrency
    (`ConcurrentPerOrgLongTxn Limit exceeded.`).
    """
    return BOOK(code, message)
