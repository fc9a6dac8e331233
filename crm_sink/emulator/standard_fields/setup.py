"""The standard fields of the objects that tools ask about the org itself. Only tables."""

from __future__ import annotations

ORGANIZATION = """
Id | Organization ID | id | required readonly auto
Name | Name | string(80) | required readonly
Division | Division | string(80) | readonly
Street | Street | textarea(255) | readonly info=plaintextarea part=Address
City | City | string(40) | readonly part=Address
State | State/Province | string(80) | readonly part=Address
PostalCode | Zip/Postal Code | string(20) | readonly part=Address
Country | Country | string(80) | readonly part=Address
Latitude | Latitude | double(18,15) | readonly part=Address
Longitude | Longitude | double(18,15) | readonly part=Address
GeocodeAccuracy | Geocode Accuracy | picklist(40) | readonly restricted part=Address values=GEOCODE
Address | Address | address | readonly
Phone | Phone | phone(40) | readonly
Fax | Fax | phone(40) | readonly
PrimaryContact | Primary Contact | string(80) | readonly
DefaultLocaleSidKey | Locale | picklist(40) | required readonly restricted values=LOCALE
TimeZoneSidKey | Time Zone | picklist(40) | required readonly restricted values=TIME_ZONE
LanguageLocaleKey | Language | picklist(40) | required readonly restricted values=LOCALE
FiscalYearStartMonth | Fiscal Year Starts In | int | readonly
OrganizationType | Edition | picklist(40) | readonly restricted values=EDITION
NamespacePrefix | Namespace Prefix | string(15) | readonly
InstanceName | Instance Name | string(5) | readonly
IsSandbox | Is Sandbox | boolean | readonly
IsReadOnly | Is Read Only | boolean | readonly
TrialExpirationDate | Trial Expiration Date | datetime | readonly
CreatedDate | Created Date | datetime | required readonly auto
CreatedById | Created By ID | reference | required readonly auto to=User:CreatedBy
LastModifiedDate | Last Modified Date | datetime | required readonly auto
LastModifiedById | Last Modified By ID | reference | required readonly auto to=User:LastModifiedBy
SystemModstamp | System Modstamp | datetime | required readonly auto
"""

RECORD_TYPE = """
Id | Record Type ID | id | required readonly auto
Name | Name | string(80) | required
DeveloperName | Record Type Name | string(80) | required
NamespacePrefix | Namespace Prefix | string(15) | readonly
Description | Description | string(255)
SobjectType | SObject Type Name | picklist(40) | required createonly
IsActive | Active | boolean
CreatedById | Created By ID | reference | required readonly auto to=User:CreatedBy
CreatedDate | Created Date | datetime | required readonly auto
LastModifiedById | Last Modified By ID | reference | required readonly auto to=User:LastModifiedBy
LastModifiedDate | Last Modified Date | datetime | required readonly auto
SystemModstamp | System Modstamp | datetime | required readonly auto
"""

LIST_VIEW = """
Id | List View ID | id | required readonly auto
Name | View Name | string(40) | required readonly
DeveloperName | API Name | string(80) | readonly
NamespacePrefix | Namespace Prefix | string(15) | readonly
SobjectType | Sobject Type | picklist(40) | readonly
IsSoqlCompatible | Is SoqlCompatible | boolean | readonly
CreatedDate | Created Date | datetime | required readonly auto
CreatedById | Created By ID | reference | required readonly auto to=User:CreatedBy
LastModifiedDate | Last Modified Date | datetime | required readonly auto
LastModifiedById | Last Modified By ID | reference | required readonly auto to=User:LastModifiedBy
SystemModstamp | System Modstamp | datetime | required readonly auto
"""

SCRATCH_ORG_INFO = """
Id | Record ID | id | required readonly auto
Name | Scratch Org Number | string(255) | required readonly auto
OrgName | Org Name | string(80)
Status | Status | picklist(255)
SignupUsername | Username | string(80)
CreatedDate | Created Date | datetime | required readonly auto
CreatedById | Created By ID | reference | required readonly auto to=User:CreatedBy
LastModifiedDate | Last Modified Date | datetime | required readonly auto
LastModifiedById | Last Modified By ID | reference | required readonly auto to=User:LastModifiedBy
SystemModstamp | System Modstamp | datetime | required readonly auto
"""

TAB_DEFINITION = """
Id | Tab ID | id | required readonly auto
DurableId | Durable ID | string(255) | readonly
Name | Name | string(255) | required readonly
SobjectName | Sobject Name | string(255) | readonly
Label | Label | string(255) | required readonly
IsCustom | Custom | boolean | readonly
Url | URL | string(255) | readonly
"""
