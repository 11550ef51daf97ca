"""What an operator looks at: the fleet as its database tells it, as numbers and as a page."""
