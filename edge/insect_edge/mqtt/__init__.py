"""What is said over MQTT, and to whom: topics, payloads, schemas, brokers; no client library."""
