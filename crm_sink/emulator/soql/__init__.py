"""SOQL of our own: text → tree (`parse`) → DuckDB SQL (`translate`)."""
