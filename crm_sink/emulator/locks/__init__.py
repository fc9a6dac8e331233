"""Row locks: what a write holds while it is worked, and what happens to those who want it too."""
