"""The standard fields of Contact: a person of a company. Only a table."""

from __future__ import annotations

CONTACT = """
Id | Contact ID | id | required readonly auto
IsDeleted | Deleted | boolean | readonly
MasterRecordId | Master Record ID | reference | readonly to=Contact:MasterRecord
AccountId | Account ID | reference | to=Account:Account
LastName | Last Name | string(80) | required info=personname part=Name
FirstName | First Name | string(40) | info=personname part=Name
Salutation | Salutation | picklist(40) | info=personname part=Name values=SALUTATION
Name | Full Name | string(121) | required readonly info=personname
OtherStreet | Other Street | textarea(255) | info=plaintextarea part=OtherAddress
OtherCity | Other City | string(40) | part=OtherAddress
OtherState | Other State/Province | string(80) | part=OtherAddress
OtherPostalCode | Other Zip/Postal Code | string(20) | part=OtherAddress
OtherCountry | Other Country | string(80) | part=OtherAddress
OtherLatitude | Other Latitude | double(18,15) | part=OtherAddress
OtherLongitude | Other Longitude | double(18,15) | part=OtherAddress
OtherGeocodeAccuracy | Other Geocode Accuracy | picklist(40) | restricted part=OtherAddress values=GEOCODE
OtherAddress | Other Address | address | readonly
MailingStreet | Mailing Street | textarea(255) | info=plaintextarea part=MailingAddress
MailingCity | Mailing City | string(40) | part=MailingAddress
MailingState | Mailing State/Province | string(80) | part=MailingAddress
MailingPostalCode | Mailing Zip/Postal Code | string(20) | part=MailingAddress
MailingCountry | Mailing Country | string(80) | part=MailingAddress
MailingLatitude | Mailing Latitude | double(18,15) | part=MailingAddress
MailingLongitude | Mailing Longitude | double(18,15) | part=MailingAddress
MailingGeocodeAccuracy | Mailing Geocode Accuracy | picklist(40) | restricted part=MailingAddress values=GEOCODE
MailingAddress | Mailing Address | address | readonly
Phone | Business Phone | phone(40)
Fax | Business Fax | phone(40)
MobilePhone | Mobile Phone | phone(40)
HomePhone | Home Phone | phone(40)
OtherPhone | Other Phone | phone(40)
AssistantPhone | Asst. Phone | phone(40)
ReportsToId | Reports To ID | reference | to=Contact:ReportsTo
Email | Email | email(80) | lookup
Title | Title | string(128)
Department | Department | string(80)
AssistantName | Assistant's Name | string(40)
LeadSource | Lead Source | picklist(255) | values=SOURCE
Birthdate | Birthdate | date
Description | Contact Description | textarea(32000) | info=plaintextarea
OwnerId | Owner ID | reference | required auto to=User:Owner
CreatedDate | Created Date | datetime | required readonly auto
CreatedById | Created By ID | reference | required readonly auto to=User:CreatedBy
LastModifiedDate | Last Modified Date | datetime | required readonly auto
LastModifiedById | Last Modified By ID | reference | required readonly auto to=User:LastModifiedBy
SystemModstamp | System Modstamp | datetime | required readonly auto
LastActivityDate | Last Activity | date | readonly
LastCURequestDate | Last Stay-in-Touch Request Date | datetime | readonly
LastCUUpdateDate | Last Stay-in-Touch Save Date | datetime | readonly
LastViewedDate | Last Viewed Date | datetime | readonly
LastReferencedDate | Last Referenced Date | datetime | readonly
EmailBouncedReason | Email Bounced Reason | string(255)
EmailBouncedDate | Email Bounced Date | datetime
IsEmailBounced | Is Email Bounced | boolean | readonly
PhotoUrl | Photo URL | url(255) | readonly info=imageurl
Jigsaw | Data.com Key | string(20)
JigsawContactId | Jigsaw Contact ID | string(20) | readonly
CleanStatus | Clean Status | picklist(40) | restricted values=CLEAN
IndividualId | Individual ID | reference | to=Individual:Individual
"""  # noqa: E501
