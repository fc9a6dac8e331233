"""Bulk 2.0 ingest: jobs that take a CSV file and write its rows."""
