"""SOQL over REST: `/query`, `/queryAll` and their pages."""

from crm_sink.emulator.query.service import routes as routes
