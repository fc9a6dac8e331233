"""The pages of the local org: what a sales rep would see of its records."""

from crm_sink.emulator.pages.service import routes as routes
