"""The standard fields of Lead: a person who may buy. Only a table."""

from __future__ import annotations

LEAD = """
Id | Lead ID | id | required readonly auto
IsDeleted | Deleted | boolean | readonly
MasterRecordId | Master Record ID | reference | readonly to=Lead:MasterRecord
LastName | Last Name | string(80) | required info=personname part=Name
FirstName | First Name | string(40) | info=personname part=Name
Salutation | Salutation | picklist(40) | info=personname part=Name values=SALUTATION
Name | Full Name | string(121) | required readonly info=personname
Title | Title | string(128)
Company | Company | string(255) | required
Street | Street | textarea(255) | info=plaintextarea part=Address
City | City | string(40) | part=Address
State | State/Province | string(80) | part=Address
PostalCode | Zip/Postal Code | string(20) | part=Address
Country | Country | string(80) | part=Address
Latitude | Latitude | double(18,15) | part=Address
Longitude | Longitude | double(18,15) | part=Address
GeocodeAccuracy | Geocode Accuracy | picklist(40) | restricted part=Address values=GEOCODE
Address | Address | address | readonly
Phone | Phone | phone(40)
MobilePhone | Mobile Phone | phone(40)
Fax | Fax | phone(40)
Email | Email | email(80) | lookup
Website | Website | url(255)
PhotoUrl | Photo URL | url(255) | readonly info=imageurl
Description | Description | textarea(32000) | info=plaintextarea
LeadSource | Lead Source | picklist(255) | values=SOURCE
Status | Status | picklist(255) | required auto values=LEAD_STATUS
Industry | Industry | picklist(255) | values=INDUSTRY
Rating | Rating | picklist(255) | values=RATING
AnnualRevenue | Annual Revenue | currency(18,0)
NumberOfEmployees | Employees | int
OwnerId | Owner ID | reference | required auto to=Group,User:Owner
IsConverted | Converted | boolean | createonly
ConvertedDate | Converted Date | date | readonly
ConvertedAccountId | Converted Account ID | reference | readonly to=Account:ConvertedAccount
ConvertedContactId | Converted Contact ID | reference | readonly to=Contact:ConvertedContact
ConvertedOpportunityId | Converted Opportunity ID | reference | readonly to=Opportunity:ConvertedOpportunity
IsUnreadByOwner | Unread By Owner | boolean
CreatedDate | Created Date | datetime | required readonly auto
CreatedById | Created By ID | reference | required readonly auto to=User:CreatedBy
LastModifiedDate | Last Modified Date | datetime | required readonly auto
LastModifiedById | Last Modified By ID | reference | required readonly auto to=User:LastModifiedBy
SystemModstamp | System Modstamp | datetime | required readonly auto
LastActivityDate | Last Activity | date | readonly
LastViewedDate | Last Viewed Date | datetime | readonly
LastReferencedDate | Last Referenced Date | datetime | readonly
Jigsaw | Data.com Key | string(20)
JigsawContactId | Jigsaw Contact ID | string(20) | readonly
CleanStatus | Clean Status | picklist(40) | restricted values=CLEAN
CompanyDunsNumber | Company D-U-N-S Number | string(9)
DandbCompanyId | D&B Company ID | reference | to=DandBCompany:DandbCompany
EmailBouncedReason | Email Bounced Reason | string(255) | updateonly
EmailBouncedDate | Email Bounced Date | datetime | updateonly
IndividualId | Individual ID | reference | to=Individual:Individual
"""  # noqa: E501
