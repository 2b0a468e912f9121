"""A simulated pharmacy: physics below, MQTT messages of its sensors above."""
