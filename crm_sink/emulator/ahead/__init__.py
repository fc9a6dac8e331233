"""Small writes that are answered once they stand in a file, ahead of the database."""
