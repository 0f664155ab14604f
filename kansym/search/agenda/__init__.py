"""One search: tasks, engines, one loop, one rule to stop."""
