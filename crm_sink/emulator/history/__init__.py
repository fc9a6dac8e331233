"""Field history: which fields are tracked, and a row for each change of one of them."""
