"""The Tooling API, as far as it makes custom fields and finds them."""
