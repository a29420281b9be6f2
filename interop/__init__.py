"""The service: command line, exchange, store, adapters to the record systems, and their sandboxes."""
