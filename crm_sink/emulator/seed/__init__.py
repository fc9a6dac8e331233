"""Records for an empty org: made up, or from a CSV file."""

from crm_sink.emulator.seed.csv import CsvSeeded as CsvSeeded
from crm_sink.emulator.seed.csv import seed_csv as seed_csv
from crm_sink.emulator.seed.csv_staging import CsvOptions as CsvOptions
from crm_sink.emulator.seed.csv_staging import Reject as Reject
from crm_sink.emulator.seed.demo import AlreadySeeded as AlreadySeeded
from crm_sink.emulator.seed.demo import Seeded as Seeded
from crm_sink.emulator.seed.demo import seed as seed
from crm_sink.emulator.seed.fields import custom_field as custom_field
