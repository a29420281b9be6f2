"""The pages: each view asks the service and hands what it got to a template."""
