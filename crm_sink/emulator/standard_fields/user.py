"""The standard fields of User and of what a user refers to. Only tables; see `standard.py`."""

from __future__ import annotations

USER = """
Id | User ID | id | required readonly auto
Username | Username | string(80) | required lookup unique
LastName | Last Name | string(80) | required info=personname part=Name
FirstName | First Name | string(40) | info=personname part=Name
Name | Full Name | string(121) | required readonly info=personname
CompanyName | Company Name | string(80)
Division | Division | string(80)
Department | Department | string(80)
Title | Title | string(80)
Street | Street | textarea(255) | info=plaintextarea part=Address
City | City | string(40) | part=Address
State | State/Province | string(80) | part=Address
PostalCode | Zip/Postal Code | string(20) | part=Address
Country | Country | string(80) | part=Address
Latitude | Latitude | double(18,15) | part=Address
Longitude | Longitude | double(18,15) | part=Address
GeocodeAccuracy | Geocode Accuracy | picklist(40) | restricted part=Address values=GEOCODE
Address | Address | address | readonly
Email | Email | email(128) | required lookup
Phone | Phone | phone(40)
Fax | Fax | phone(40)
MobilePhone | Mobile | phone(40)
Alias | Alias | string(8) | required
CommunityNickname | Nickname | string(40) | required unique
IsActive | Active | boolean
TimeZoneSidKey | Time Zone | picklist(40) | required restricted values=TIME_ZONE
UserRoleId | Role ID | reference | to=UserRole:UserRole
LocaleSidKey | Locale | picklist(40) | required restricted values=LOCALE
EmailEncodingKey | Email Encoding | picklist(40) | required restricted values=ENCODING
ProfileId | Profile ID | reference | required to=Profile:Profile
UserType | User Type | picklist(40) | readonly restricted values=USER_TYPE
LanguageLocaleKey | Language | picklist(40) | required restricted values=LOCALE
EmployeeNumber | Employee Number | string(20)
ManagerId | Manager ID | reference | to=User:Manager
LastLoginDate | Last Login | datetime | readonly
CreatedDate | Created Date | datetime | required readonly auto
CreatedById | Created By ID | reference | required readonly auto to=User:CreatedBy
LastModifiedDate | Last Modified Date | datetime | required readonly auto
LastModifiedById | Last Modified By ID | reference | required readonly auto to=User:LastModifiedBy
SystemModstamp | System Modstamp | datetime | required readonly auto
FederationIdentifier | SAML Federation ID | string(512) | unique
"""

PROFILE = """
Id | Profile ID | id | required readonly auto
Name | Name | string(255) | required
CreatedDate | Created Date | datetime | required readonly auto
CreatedById | Created By ID | reference | required readonly auto to=User:CreatedBy
LastModifiedDate | Last Modified Date | datetime | required readonly auto
LastModifiedById | Last Modified By ID | reference | required readonly auto to=User:LastModifiedBy
SystemModstamp | System Modstamp | datetime | required readonly auto
UserType | User Type | picklist(40) | readonly restricted values=USER_TYPE
Description | Description | string(255)
"""

GROUP = """
Id | Group ID | id | required readonly auto
Name | Name | string(40) | required
DeveloperName | Developer Name | string(80)
Type | Type | picklist(40) | required createonly restricted values=GROUP_TYPE
Email | Email | email(255)
OwnerId | Owner ID | reference | required readonly auto to=Organization,User:Owner
CreatedDate | Created Date | datetime | required readonly auto
CreatedById | Created By ID | reference | required readonly auto to=User:CreatedBy
LastModifiedDate | Last Modified Date | datetime | required readonly auto
LastModifiedById | Last Modified By ID | reference | required readonly auto to=User:LastModifiedBy
SystemModstamp | System Modstamp | datetime | required readonly auto
"""
