"""The REST endpoints that write and read records: one by one, in collections, composed."""
