"""Bulk API 1.0: jobs of batches in CSV, JSON or XML, which older clients speak."""
