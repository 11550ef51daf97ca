"""Who may do what: keys, the actions and projects they are for, and whose an object is."""
