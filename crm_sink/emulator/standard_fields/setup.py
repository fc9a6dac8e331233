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
ReceivesInfoEmails | Info Emails | boolean | readonly
ReceivesAdminInfoEmails | Admin Info Emails | boolean | readonly
PreferencesRequireOpportunityProducts | RequireOpportunityProducts | boolean | readonly
PreferencesTransactionSecurityPolicy | TransactionSecurityPolicy | boolean | readonly
PreferencesTerminateOldestSession | TerminateOldestSession | boolean | readonly
PreferencesConsentManagementEnabled | ConsentManagementEnabled | boolean | readonly
PreferencesAutoSelectIndividualOnMerge | AutoSelectIndividualOnMerge | boolean | readonly
PreferencesLightningLoginEnabled | LightningLoginEnabled | boolean | readonly
PreferencesOnlyLLPermUserAllowed | OnlyLLPermUserAllowed | boolean | readonly
FiscalYearStartMonth | Fiscal Year Starts In | int | readonly
UsesStartDateAsFiscalYearName | Fiscal Year Name by Start | boolean | readonly
DefaultAccountAccess | Default Account Access | picklist(40) | readonly restricted
DefaultContactAccess | Default Contact Access | picklist(40) | readonly restricted
DefaultOpportunityAccess | Default Opportunity Access | picklist(40) | readonly restricted
DefaultLeadAccess | Default Lead Access | picklist(40) | readonly restricted
DefaultCaseAccess | Default Case Access | picklist(40) | readonly restricted
DefaultCalendarAccess | Default Calendar Access | picklist(40) | readonly restricted
DefaultPricebookAccess | Default Price Book Access | picklist(40) | readonly restricted
DefaultCampaignAccess | Default Campaign Access | picklist(40) | readonly restricted
DelegatedAuthenticationServiceUrl | Delegated Authentication URL | url(255) | readonly
SystemModstamp | System Modstamp | datetime | required readonly auto
ComplianceBccEmail | Compliance BCC Email | email(80) | readonly
UiSkin | UI Skin | picklist(40) | readonly restricted
SignupCountryIsoCode | Signup Country | string(2) | readonly
TrialExpirationDate | Trial Expiration Date | datetime | readonly
NumKnowledgeService | Knowledge Licenses | int | readonly
OrganizationType | Edition | picklist(40) | readonly restricted values=EDITION
NamespacePrefix | Namespace Prefix | string(15) | readonly
InstanceName | Instance Name | string(5) | readonly
IsSandbox | Is Sandbox | boolean | readonly
WebToCaseDefaultOrigin | Web to Cases Default Origin | string(40) | readonly
MonthlyPageViewsUsed | Monthly Page Views Used | int | readonly
MonthlyPageViewsEntitlement | Monthly Page Views Allowed | int | readonly
IsReadOnly | Is Read Only | boolean | readonly
CreatedDate | Created Date | datetime | required readonly auto
CreatedById | Created By ID | reference | required readonly auto to=User:CreatedBy
LastModifiedDate | Last Modified Date | datetime | required readonly auto
LastModifiedById | Last Modified By ID | reference | required readonly auto to=User:LastModifiedBy
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
