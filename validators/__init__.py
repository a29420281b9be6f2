"""Whether a document is right: validators and rules that judge, and never fix, log or raise."""
