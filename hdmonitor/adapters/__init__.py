"""What reaches outside: brokers, databases, message providers. None of them imports another."""
