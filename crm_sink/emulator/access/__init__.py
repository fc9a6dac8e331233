"""Field-level security: which fields of the org its user sees and may write."""
