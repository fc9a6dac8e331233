"""The standard fields of Account: a company. Only a table."""

from __future__ import annotations

ACCOUNT = """
Id | Account ID | id | required readonly auto
IsDeleted | Deleted | boolean | readonly
MasterRecordId | Master Record ID | reference | readonly to=Account:MasterRecord
Name | Account Name | string(255) | required info=switchablepersonname
Type | Account Type | picklist(255) | values=ACCOUNT_TYPE
ParentId | Parent Account ID | reference | to=Account:Parent
BillingStreet | Billing Street | textarea(255) | info=plaintextarea part=BillingAddress
BillingCity | Billing City | string(40) | part=BillingAddress
BillingState | Billing State/Province | string(80) | part=BillingAddress
BillingPostalCode | Billing Zip/Postal Code | string(20) | part=BillingAddress
BillingCountry | Billing Country | string(80) | part=BillingAddress
BillingLatitude | Billing Latitude | double(18,15) | part=BillingAddress
BillingLongitude | Billing Longitude | double(18,15) | part=BillingAddress
BillingGeocodeAccuracy | Billing Geocode Accuracy | picklist(40) | restricted part=BillingAddress values=GEOCODE
BillingAddress | Billing Address | address | readonly
ShippingStreet | Shipping Street | textarea(255) | info=plaintextarea part=ShippingAddress
ShippingCity | Shipping City | string(40) | part=ShippingAddress
ShippingState | Shipping State/Province | string(80) | part=ShippingAddress
ShippingPostalCode | Shipping Zip/Postal Code | string(20) | part=ShippingAddress
ShippingCountry | Shipping Country | string(80) | part=ShippingAddress
ShippingLatitude | Shipping Latitude | double(18,15) | part=ShippingAddress
ShippingLongitude | Shipping Longitude | double(18,15) | part=ShippingAddress
ShippingGeocodeAccuracy | Shipping Geocode Accuracy | picklist(40) | restricted part=ShippingAddress values=GEOCODE
ShippingAddress | Shipping Address | address | readonly
Phone | Account Phone | phone(40)
Fax | Account Fax | phone(40)
AccountNumber | Account Number | string(40)
Website | Website | url(255)
PhotoUrl | Photo URL | url(255) | readonly info=imageurl
Sic | SIC Code | string(20)
Industry | Industry | picklist(255) | values=INDUSTRY
AnnualRevenue | Annual Revenue | currency(18,0)
NumberOfEmployees | Employees | int
Ownership | Ownership | picklist(255) | values=OWNERSHIP
TickerSymbol | Ticker Symbol | string(20)
Description | Account Description | textarea(32000) | info=plaintextarea
Rating | Account Rating | picklist(255) | values=RATING
Site | Account Site | string(80)
OwnerId | Owner ID | reference | required auto to=User:Owner
CreatedDate | Created Date | datetime | required readonly auto
CreatedById | Created By ID | reference | required readonly auto to=User:CreatedBy
LastModifiedDate | Last Modified Date | datetime | required readonly auto
LastModifiedById | Last Modified By ID | reference | required readonly auto to=User:LastModifiedBy
SystemModstamp | System Modstamp | datetime | required readonly auto
LastActivityDate | Last Activity | date | readonly
LastViewedDate | Last Viewed Date | datetime | readonly
LastReferencedDate | Last Referenced Date | datetime | readonly
Jigsaw | Data.com Key | string(20)
JigsawCompanyId | Jigsaw Company ID | string(20) | readonly
CleanStatus | Clean Status | picklist(40) | restricted values=CLEAN
AccountSource | Account Source | picklist(255) | values=SOURCE
DunsNumber | D-U-N-S Number | string(9)
Tradestyle | Tradestyle | string(255)
NaicsCode | NAICS Code | string(8)
NaicsDesc | NAICS Description | string(120)
YearStarted | Year Started | string(4)
SicDesc | SIC Description | string(80)
DandbCompanyId | D&B Company ID | reference | to=DandBCompany:DandbCompany
OperatingHoursId | Operating Hour ID | reference | to=OperatingHours:OperatingHours
"""  # noqa: E501
