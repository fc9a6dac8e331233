"""Bulk 2.0 query jobs: `/jobs/query`."""

from crm_sink.emulator.bulk_query.service import install as install
from crm_sink.emulator.bulk_query.service import routes as routes
