"""Sessions under the name and in the spelling of a database-backed integration: applications in snake_case."""
