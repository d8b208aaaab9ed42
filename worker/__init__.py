"""The post room: notifications that are owed, and what the calendar asks; nobody imports it."""
