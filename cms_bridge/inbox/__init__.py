"""What the CMS sends: webhooks verified, and accepted once whatever comes twice."""
