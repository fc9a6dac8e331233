"""What the org tells of its objects: `/sobjects`."""

from crm_sink.emulator.describe.service import routes as routes
