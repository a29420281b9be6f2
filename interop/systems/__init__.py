"""Adapters to the record systems, one file each, behind the protocol in `base`."""
