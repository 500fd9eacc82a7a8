"""The HTTP API: jobs submitted, followed and changed by other programs and by hypecut's own pages."""
