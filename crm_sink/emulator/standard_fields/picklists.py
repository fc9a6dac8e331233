"""The values that standard picklists of a new org offer, and what each sales stage means.

Only tables. A value written `Value=Label` is shown under another label; `*` marks the default.

Not imitated: values in other languages, sales processes that offer only some of the stages.
"""

from __future__ import annotations

PICKLISTS = {
    "SALUTATION": "Mr.|Ms.|Mrs.|Dr.|Prof.|Mx.",
    "GEOCODE": (
        "Address|NearAddress|Block|Street|ExtendedZip|Zip|Neighborhood|City|County|State|Unknown"
    ),
    "SOURCE": "Web|Phone Inquiry|Partner Referral|Purchased List|Other",
    "LEAD_STATUS": (
        "*Open - Not Contacted|Working - Contacted|Closed - Converted|Closed - Not Converted"
    ),
    "INDUSTRY": (
        "Agriculture|Apparel|Banking|Biotechnology|Chemicals|Communications|Construction|Consulting"
        "|Education|Electronics|Energy|Engineering|Entertainment|Environmental|Finance"
        "|Food & Beverage|Government|Healthcare|Hospitality|Insurance|Machinery|Manufacturing|Media"
        "|Not For Profit|Recreation|Retail|Shipping|Technology|Telecommunications|Transportation"
        "|Utilities|Other"
    ),
    "RATING": "Hot|Warm|Cold",
    "HISTORY_TYPE": (
        "Address|AnyType|AutoNumber|Base64|BitVector|Boolean|Content|Currency"
        "|DataCategoryGroupReference|DateOnly|DateTime|Division|Double|DynamicEnum|Email"
        "|EncryptedBase64|EncryptedText|EntityId|EnumOrId|ExternalId|Fax|File|HtmlMultiLineText"
        "|HtmlStringPlusClob|InetAddress|Json|Location|MultiEnum|MultiLineText|Namespace|Percent"
        "|PersonName|Phone|Raw|RecordType|SfdcEncryptedText|SimpleNamespace|StringPlusClob"
        "|Switchable_PersonName|Text|TimeOnly|Url|YearQuarter"
    ),
    "CLEAN": (
        "Matched=In Sync|Different|Acknowledged=Reviewed|NotFound=Not Found|Inactive"
        "|Pending=Not Compared|SelectMatch=Select Match|Skipped"
    ),
    "ACCOUNT_TYPE": (
        "Prospect|Customer - Direct|Customer - Channel|Channel Partner / Reseller"
        "|Installation Partner|Technology Partner|Other"
    ),
    "OWNERSHIP": "Public|Private|Subsidiary|Other",
    "STAGE": (
        "Prospecting|Qualification|Needs Analysis|Value Proposition|Id. Decision Makers"
        "|Perception Analysis|Proposal/Price Quote|Negotiation/Review|Closed Won|Closed Lost"
    ),
    "OPPORTUNITY_TYPE": (
        "Existing Customer - Upgrade|Existing Customer - Replacement"
        "|Existing Customer - Downgrade|New Customer"
    ),
    "FORECAST": "Omitted|Pipeline|BestCase=Best Case|MostLikely=Most Likely|Forecast=Commit|Closed",
    "FORECAST_NAME": "Omitted|Pipeline|Best Case|Commit|Closed",
    "TIME_ZONE": "America/Los_Angeles|America/New_York|Europe/London|Europe/Berlin|Asia/Tokyo|GMT",
    "LOCALE": "en_US|en_GB|de|fr|es|ja",
    "ENCODING": "UTF-8|ISO-8859-1|Shift_JIS",
    "USER_TYPE": "Standard|Guest|PowerPartner|CsnOnly",
    "GROUP_TYPE": "Regular|Queue|Organization",
    "EDITION": "Developer Edition|Enterprise Edition|Unlimited Edition",
}

# A stage of a new org: probability in percent, closed, won, forecast category.
STAGES: dict[str, tuple[int, bool, bool, str]] = {
    "Prospecting": (10, False, False, "Pipeline"),
    "Qualification": (10, False, False, "Pipeline"),
    "Needs Analysis": (20, False, False, "Pipeline"),
    "Value Proposition": (50, False, False, "Pipeline"),
    "Id. Decision Makers": (60, False, False, "Pipeline"),
    "Perception Analysis": (70, False, False, "Pipeline"),
    "Proposal/Price Quote": (75, False, False, "Pipeline"),
    "Negotiation/Review": (90, False, False, "Pipeline"),
    "Closed Won": (100, True, True, "Closed"),
    "Closed Lost": (0, True, False, "Omitted"),
}
