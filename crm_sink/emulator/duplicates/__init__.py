"""Duplicate rules: records that look like one the org holds already."""
