"""List views: what a deployed one shows, over REST and on the org's list page."""
