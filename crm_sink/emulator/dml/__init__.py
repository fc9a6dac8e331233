"""The one engine that judges and writes rows, set by set, for REST, Collections and Bulk."""
