"""The post room: letters that are owed, and what the calendar asks; nobody imports it."""
