"""The standard fields of Opportunity: a deal. Only a table."""

from __future__ import annotations

OPPORTUNITY = """
Id | Opportunity ID | id | required readonly auto
IsDeleted | Deleted | boolean | readonly
AccountId | Account ID | reference | to=Account:Account
IsPrivate | Private | boolean
Name | Name | string(120) | required lookup
Description | Description | textarea(32000) | info=plaintextarea
StageName | Stage | picklist(255) | required values=STAGE
Amount | Amount | currency(18,2)
Probability | Probability (%) | percent(3,0) | auto
ExpectedRevenue | Expected Amount | currency(18,2) | readonly
TotalOpportunityQuantity | Quantity | double(18,2)
CloseDate | Close Date | date | required
Type | Opportunity Type | picklist(255) | values=OPPORTUNITY_TYPE
NextStep | Next Step | string(255)
LeadSource | Lead Source | picklist(255) | values=SOURCE
IsClosed | Closed | boolean | readonly
IsWon | Won | boolean | readonly
ForecastCategory | Forecast Category | picklist(40) | required readonly restricted values=FORECAST
ForecastCategoryName | Forecast Category | picklist(255) | auto restricted values=FORECAST_NAME
CampaignId | Campaign ID | reference | to=Campaign:Campaign
HasOpportunityLineItem | Has Line Item | boolean | readonly
Pricebook2Id | Price Book ID | reference | auto to=Pricebook2:Pricebook2
OwnerId | Owner ID | reference | required auto to=User:Owner
CreatedDate | Created Date | datetime | required readonly auto
CreatedById | Created By ID | reference | required readonly auto to=User:CreatedBy
LastModifiedDate | Last Modified Date | datetime | required readonly auto
LastModifiedById | Last Modified By ID | reference | required readonly auto to=User:LastModifiedBy
SystemModstamp | System Modstamp | datetime | required readonly auto
LastActivityDate | Last Activity | date | readonly
LastStageChangeDate | Last Stage Change Date | datetime | readonly
FiscalQuarter | Fiscal Quarter | int | readonly part=Fiscal
FiscalYear | Fiscal Year | int | readonly part=Fiscal
Fiscal | Fiscal Period | string(6) | readonly
ContactId | Contact ID | reference | createonly to=Contact
LastViewedDate | Last Viewed Date | datetime | readonly
LastReferencedDate | Last Referenced Date | datetime | readonly
HasOpenActivity | Has Open Activity | boolean | readonly
HasOverdueTask | Has Overdue Task | boolean | readonly
LastAmountChangedHistoryId | Opportunity History ID | reference | readonly to=OpportunityHistory:LastAmountChangedHistory
LastCloseDateChangedHistoryId | Opportunity History ID | reference | readonly to=OpportunityHistory:LastCloseDateChangedHistory
"""  # noqa: E501
