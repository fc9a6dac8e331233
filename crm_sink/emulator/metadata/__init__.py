"""The Metadata API: fields, permission sets and list views, by SOAP and by deployment."""
