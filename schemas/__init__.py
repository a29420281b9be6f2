"""What a document or message may contain: structures, the record, XSDs, and strict readers of JSON and XML."""
