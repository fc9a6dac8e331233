"""The SOAP front: login with user name and password, and the envelopes of the metadata API."""
