"""Zips of metadata: what is deployed, by REST and SOAP, and what is retrieved."""
