"""Faults that a test or a person asks the local org for, by rule, over `/__faults__`."""
