"""Metadata: objects, fields, permission sets and list views as components, and calls on them."""
