"""What everything stands on and what knows no feature: ids, clock, errors, settings, logging, encryption."""
