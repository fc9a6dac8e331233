"""The org's write log: every applied change, who made it, and the values before and after."""
